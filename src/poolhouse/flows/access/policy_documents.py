"""Policies as documents: read when they are saved, when anything that is not understood is refused, and again from the
store, when what is not understood never allows, and denies all that its plain parts name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import PolicyMalformed
from poolhouse.errors.reasons import Reason
from poolhouse.flows.access.policy_conditions import Condition, WrongValue, condition, operator_named
from poolhouse.flows.access.policy_globs import NotClosed, Variable
from poolhouse.flows.access.policy_targets import Actions, Principals, Resources

WITH_VARIABLES: Final = "2012-10-17"
VERSIONS: Final = (WITH_VARIABLES, "2008-10-17")
LARGEST: Final = 20_480
"""Characters of a document, white space not counted."""

_DOCUMENT: Final = frozenset({"Version", "Id", "Statement"})
_IDENTITY: Final = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_TRUST: Final = frozenset({"Sid", "Effect", "Action", "NotAction", "Principal", "NotPrincipal", "Condition"})
_KINDS: Final = frozenset({"AWS", "Federated", "Service"})
_ACTION: Final = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9_*?-]+")
_FEDERATED: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|arn:[^:*?]+:iam::[^:*?]*:(oidc|saml)-provider/[^*?]+")
_SERVICE: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_CALLER: Final = re.compile(r"\*|[0-9]{12}|arn:[^:*?]+:(iam|sts)::[^:*?]*:[^*?]+")
_SHOWN: Final = 60


class Clause(Struct, frozen=True):
    """A statement of a policy, ready to be asked. ``place`` is how explanations call it. An allowance ``needs`` its
    variables to have values. Without ``resources`` it is of a trust policy, without ``principals`` of any other."""

    place: str
    allows: bool
    actions: Actions
    resources: Resources | None = None
    principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()
    needs: tuple[Variable, ...] = ()


class Document(Struct, frozen=True):
    """A policy that was read. ``name`` is what explanations call it."""

    clauses: tuple[Clause, ...]
    name: str = ""


def parse_policy(document: Mapping[str, Any] | str, name: str = "") -> Document:
    """A policy of an identity or a session. Raises ``PolicyMalformed``, whose sentence names the place."""
    return _parsed(document, name, _IDENTITY)


def parse_trust(document: Mapping[str, Any] | str, name: str = "trust") -> Document:
    """A policy that says who may take a role. Raises ``PolicyMalformed``, whose sentence names the place."""
    return _parsed(document, name, _TRUST)


def stored_policy(document: Mapping[str, Any], name: str = "") -> Document:
    """A policy as it was kept. It was looked at when it was saved, perhaps by a later version of Poolhouse."""
    return stored_statements(_listed(document.get("Statement")), name, version=document.get("Version", VERSIONS[1]))


def stored_trust(document: Mapping[str, Any], name: str = "trust") -> Document:
    version = document.get("Version", VERSIONS[1])
    return stored_statements(_listed(document.get("Statement")), name, version=version, keys=_TRUST)


def stored_statements(
    statements: Iterable[Any], name: str = "", *, version: Any = None, keys: frozenset[str] = _IDENTITY
) -> Document:
    """Statements as they were kept. Without a version they are from before there was one: then a variable is something
    that is not understood."""
    clauses = []
    for number, raw in enumerate(statements, 1):
        reading = _Reading(keys, version, loosely=True)
        try:
            clauses.append(reading.clause(raw, f"statement {number}"))
        except PolicyMalformed:
            if not isinstance(raw, Mapping) or raw.get("Effect") != "Allow":
                clauses.append(_widest(raw, f"statement {number}", keys))
    return Document(tuple(clauses), name)


def _listed(statements: Any) -> Sequence[Any]:
    return statements if isinstance(statements, list | tuple) else (statements,)


def _widest(raw: Any, place: str, keys: frozenset[str]) -> Clause:
    """A denial that is not fully understood: of what its plain parts name, and of all where one is not plain."""
    given = raw if isinstance(raw, Mapping) else {}
    actions = Actions(_plain(given.get("Action")) or ("*",))
    if keys is _TRUST:
        return Clause(place, allows=False, actions=actions, principals=Principals(everybody=True))
    resources = Resources.of(_plain(given.get("Resource")) or ("*",), variables=False)
    return Clause(place, allows=False, actions=actions, resources=resources)


def _plain(value: Any) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) and "${" not in text for text in texts):
        return ()
    return tuple(texts)


def _parsed(document: Mapping[str, Any] | str, name: str, keys: frozenset[str]) -> Document:
    given = from_json(document) if isinstance(document, str) else document
    if not isinstance(given, Mapping):
        raise PolicyMalformed(Reason.POLICY_NOT_AN_OBJECT, place="the document")
    reading = _Reading(keys, given.get("Version", VERSIONS[1]))
    reading.known(given, "the document", _DOCUMENT)
    if given.get("Version", VERSIONS[0]) not in VERSIONS:
        raise PolicyMalformed(Reason.POLICY_VERSION)
    if "Id" in given:
        reading.text(given["Id"], "Id")
    if "Statement" not in given:
        raise PolicyMalformed(Reason.POLICY_KEY_MISSING, place="the document", name="Statement")
    statements = _listed(given["Statement"])
    if not statements:
        raise PolicyMalformed(Reason.POLICY_KEY_MISSING, place="the document", name="Statement")
    return Document(tuple(reading.clause(raw, f"statement {number}") for number, raw in enumerate(statements, 1)), name)


def named(document: Document, name: str) -> Document:
    return replace(document, name=name)


def from_json(text: str, *, most: int = 4 * LARGEST) -> Any:
    """Raises ``PolicyMalformed``, also where a key stands twice in one object: nobody could tell which one counts."""
    if len(text) > most:
        raise PolicyMalformed(Reason.POLICY_TOO_LARGE, most=LARGEST)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise PolicyMalformed(Reason.POLICY_KEY_TWICE)
        return found

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise PolicyMalformed(Reason.POLICY_NOT_JSON) from None


class _Reading:
    """Reads the statements of one document. ``loosely``: as they were kept, whatever is written in actions and
    resources."""

    def __init__(self, keys: frozenset[str], version: Any, *, loosely: bool = False) -> None:
        self._keys = keys
        self._variables = version == WITH_VARIABLES
        self._forbidden = version is None
        self._loosely = loosely
        self._left = LARGEST

    def clause(self, raw: Any, place: str) -> Clause:
        """Raises ``PolicyMalformed``."""
        if not isinstance(raw, Mapping):
            raise PolicyMalformed(Reason.POLICY_NOT_AN_OBJECT, place=place)
        self.known(raw, place, self._keys)
        if "Sid" in raw and (sid := self.text(raw["Sid"], f"{place}: Sid")):
            place = f"{place} ({_shown(sid)})"
        if "Effect" not in raw:
            raise PolicyMalformed(Reason.POLICY_KEY_MISSING, place=place, name="Effect")
        if raw["Effect"] not in ("Allow", "Deny"):
            raise PolicyMalformed(Reason.POLICY_EFFECT, place=place)
        allows = raw["Effect"] == "Allow"
        actions = self._actions(raw, place)
        resources = self._resources(raw, place) if "Resource" in self._keys else None
        principals = self._principals(raw, place, allows) if "Principal" in self._keys else None
        conditions = tuple(self._conditions(raw.get("Condition", {}), place, unsure=not allows))
        needs: tuple[Variable, ...] = ()
        if allows:
            asked = [variable for each in conditions for variable in each.variables]
            asked += resources.variables if resources is not None else ()
            needs = tuple(dict.fromkeys(asked))
        return Clause(place, allows, actions, resources, principals, conditions, needs)

    def known(self, given: Mapping[Any, Any], place: str, keys: frozenset[str]) -> None:
        for key in given:
            if key not in keys:
                shown = _shown(key) if isinstance(key, str) else "a key"
                raise PolicyMalformed(Reason.POLICY_KEY_UNKNOWN, place=place, name=shown)
            self._spend(key)

    def text(self, value: Any, place: str) -> str:
        if not isinstance(value, str):
            raise PolicyMalformed(Reason.POLICY_NO_TEXT, place=place)
        self._spend(value)
        return value

    def _spend(self, text: str) -> None:
        self._left -= len(text) + 4
        if self._left < 0 and not self._loosely:
            raise PolicyMalformed(Reason.POLICY_TOO_LARGE, most=LARGEST)
        if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
            raise PolicyMalformed(Reason.POLICY_NOT_JSON)

    def _texts(self, value: Any, place: str) -> tuple[str, ...]:
        values = (value,) if isinstance(value, str) else value
        if not isinstance(values, list | tuple) or not values:
            raise PolicyMalformed(Reason.POLICY_NO_TEXTS, place=place)
        return tuple(self.text(each, place) for each in values)

    def _one_of(self, raw: Mapping[str, Any], place: str, name: str) -> tuple[str, bool]:
        """Which of the two is there, and whether it is the one with Not."""
        other = f"Not{name}"
        if (name in raw) == (other in raw):
            raise PolicyMalformed(Reason.POLICY_ONE_OF, place=place, one=name, other=other)
        return (other, True) if other in raw else (name, False)

    def _actions(self, raw: Mapping[str, Any], place: str) -> Actions:
        name, negated = self._one_of(raw, place, "Action")
        texts = self._texts(raw[name], f"{place}: {name}")
        for text in texts:
            if "${" in text or (not self._loosely and _ACTION.fullmatch(text) is None):
                raise PolicyMalformed(Reason.POLICY_ACTION, place=place, value=_shown(text))
        return Actions(texts, negated=negated)

    def _resources(self, raw: Mapping[str, Any], place: str) -> Resources:
        name, negated = self._one_of(raw, place, "Resource")
        texts = self._texts(raw[name], f"{place}: {name}")
        if self._forbidden and any("${" in text for text in texts):
            raise PolicyMalformed(Reason.POLICY_VERSION)
        for text in texts:
            try:
                Resources.require(text, variables=self._variables, loosely=self._loosely)
            except NotClosed:
                raise PolicyMalformed(Reason.POLICY_VARIABLE, place=place, value=_shown(text)) from None
            except WrongValue:
                raise PolicyMalformed(Reason.POLICY_RESOURCE, place=place, value=_shown(text)) from None
        return Resources.of(texts, variables=self._variables, negated=negated)

    def _principals(self, raw: Mapping[str, Any], place: str, allows: bool) -> Principals:
        name, negated = self._one_of(raw, place, "Principal")
        if negated and allows:
            # Everybody but: nobody can mean that.
            raise PolicyMalformed(Reason.POLICY_NOT_PRINCIPAL, place=place)
        given = raw[name]
        if given == "*":
            return Principals(everybody=True, negated=negated)
        if not isinstance(given, Mapping) or not given:
            raise PolicyMalformed(Reason.POLICY_PRINCIPALS, place=f"{place}: {name}")
        self.known(given, f"{place}: {name}", _KINDS)
        listed = {}
        for kind, value in given.items():
            form = {"AWS": _CALLER, "Federated": _FEDERATED, "Service": _SERVICE}[kind]
            texts = self._texts(value, f"{place}: {name}.{kind}")
            for text in texts:
                if form.fullmatch(text) is None:
                    raise PolicyMalformed(Reason.POLICY_PRINCIPAL, place=f"{place}: {name}.{kind}", value=_shown(text))
            listed[kind] = frozenset(texts)
        return Principals(listed=listed, negated=negated)

    def _conditions(self, given: Any, place: str, *, unsure: bool) -> Iterable[Condition]:
        if not isinstance(given, Mapping):
            raise PolicyMalformed(Reason.POLICY_NOT_AN_OBJECT, place=f"{place}: Condition")
        for said, keys in given.items():
            operator = operator_named(said) if isinstance(said, str) else None
            if operator is None:
                shown = _shown(said) if isinstance(said, str) else "a key"
                raise PolicyMalformed(Reason.POLICY_OPERATOR, place=place, name=shown)
            self._spend(said)
            if not isinstance(keys, Mapping) or not keys:
                raise PolicyMalformed(Reason.POLICY_NOT_AN_OBJECT, place=f"{place}: {said}")
            for key, value in keys.items():
                at = f"{place}: {said} {_shown(key) if isinstance(key, str) else 'a key'}"
                if ":" not in self.text(key, at):
                    raise PolicyMalformed(Reason.POLICY_CONDITION_KEY, place=at)
                values = self._values(value, at)
                if self._forbidden and any("${" in text for text in values):
                    raise PolicyMalformed(Reason.POLICY_VERSION)
                try:
                    yield condition(said, operator, key, values, variables=self._variables, unsure=unsure)
                except NotClosed:
                    raise PolicyMalformed(Reason.POLICY_VARIABLE, place=at, value=_shown(values[0])) from None
                except WrongValue as wrong:
                    shown = _shown(wrong.value)
                    raise PolicyMalformed(Reason.POLICY_VALUE, place=at, value=shown, kind=wrong.kind) from None

    def _values(self, value: Any, place: str) -> tuple[str, ...]:
        """Numbers and switches may stand without quotation marks."""
        given = value if isinstance(value, list | tuple) else (value,)
        return self._texts([_as_text(each) for each in given], place)


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**30) else value


def _shown(text: str) -> str:
    """As much of it as a sentence has place for."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return "".join(sign if sign.isprintable() else "?" for sign in shown)
