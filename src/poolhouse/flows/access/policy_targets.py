"""What a statement of a policy is about: actions, resources, and who asks. Lists of plain texts are tables, so that a
long policy costs little more than a short one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from poolhouse.flows.access.policy_conditions import WrongValue
from poolhouse.flows.access.policy_globs import (
    Asking,
    FieldsMatcher,
    Matcher,
    Piece,
    Wild,
    arn_fields,
    arn_matcher,
    matcher,
    pieces,
    variables_of,
)

_STEP: Final = 200


class Actions:
    """In lower case: actions ignore it."""

    __slots__ = ("_all", "_exact", "_negated", "_others", "_prefixes")

    def __init__(self, texts: Sequence[str], *, negated: bool = False) -> None:
        table = _Table()
        for text in texts:
            pattern = pieces(text.lower(), variables=False)
            if not table.take(pattern):
                table.others.append(matcher(pattern))
        self._all, self._exact, self._prefixes = table.all, frozenset(table.exact), tuple(table.prefixes)
        self._others = tuple(table.others)
        self._negated = negated

    def concern(self, action: str, asking: Asking) -> bool:
        """``action`` is in lower case."""
        return self._names(action, asking) is not self._negated

    def _names(self, action: str, asking: Asking) -> bool:
        if self._all or action in self._exact or action.startswith(self._prefixes):
            return True
        if not self._others:
            return False
        asking.spend(_STEP * len(self._others))
        return any(matches(action, asking) for matches in self._others)


class Resources:
    """ARNs, matched field by field; ``*`` is all there is. What is no ARN (as older versions kept it) is one text."""

    __slots__ = ("_all", "_arns", "_exact", "_negated", "_others", "_prefixes", "variables")

    def __init__(self, patterns: Sequence[tuple[Piece, ...]], *, negated: bool) -> None:
        table, arns = _Table(), list[FieldsMatcher]()
        for pattern in patterns:
            fields = arn_fields(pattern)
            if fields is None:
                if not table.take(pattern):
                    table.others.append(matcher(pattern))
            elif not (Wild.ANY not in [piece for field in fields[:-1] for piece in field] and table.take(pattern)):
                arns.append(arn_matcher(fields))
        self._all, self._exact, self._prefixes = table.all, frozenset(table.exact), tuple(table.prefixes)
        self._others, self._arns = tuple(table.others), tuple(arns)
        self._negated = negated
        self.variables = tuple(variable for pattern in patterns for variable in variables_of(pattern))

    @classmethod
    def of(cls, texts: Sequence[str], *, variables: bool, negated: bool = False) -> Resources:
        """Raises ``NotClosed``."""
        return cls([pieces(text, variables=variables) for text in texts], negated=negated)

    @staticmethod
    def require(text: str, *, variables: bool, loosely: bool) -> None:
        """Raises ``NotClosed``, ``WrongValue``."""
        pattern = pieces(text, variables=variables)
        if not loosely and pattern != (Wild.ANY,) and arn_fields(pattern) is None:
            raise WrongValue(text, "ARN")

    def concern(self, resource: str, fields: Sequence[str] | None, asking: Asking) -> bool:
        """``fields`` are those of an ARN."""
        return self._name(resource, fields, asking) is not self._negated

    def _name(self, resource: str, fields: Sequence[str] | None, asking: Asking) -> bool:
        if self._all or resource in self._exact or resource.startswith(self._prefixes):
            return True
        if fields is not None and self._arns:
            asking.spend(_STEP * len(self._arns))
            if any(matches(fields, asking) for matches in self._arns):
                return True
        if not self._others:
            return False
        asking.spend(_STEP * len(self._others))
        return any(matches(resource, asking) for matches in self._others)


class _Table:
    """Patterns that need no matching: whole texts, and beginnings."""

    def __init__(self) -> None:
        self.all = False
        self.exact: list[str] = []
        self.prefixes: list[str] = []
        self.others: list[Matcher] = []

    def take(self, pattern: Sequence[Piece]) -> bool:
        """Whether it is one of these."""
        match tuple(pattern):
            case ():
                self.exact.append("")
            case (Wild.ANY,):
                self.all = True
            case (str(text),):
                self.exact.append(text)
            case (str(text), Wild.ANY):
                self.prefixes.append(text)
            case _:
                return False
        return True


class Principals:
    """Who may ask: by kind (``AWS``, ``Federated``, ``Service``), each as it calls itself."""

    __slots__ = ("_everybody", "_listed", "_negated")

    def __init__(
        self,
        listed: Mapping[str, frozenset[str]] | None = None,
        *,
        everybody: bool = False,
        negated: bool = False,
    ) -> None:
        self._listed = listed or {}
        self._everybody = everybody
        self._negated = negated

    def concern(self, given: Mapping[str, Sequence[str]]) -> bool:
        return self._name(given) is not self._negated

    def _name(self, given: Mapping[str, Sequence[str]]) -> bool:
        if self._everybody:
            return True
        return any(
            name in listed or (kind == "AWS" and _is_within(name, listed))
            for kind, listed in self._listed.items()
            for name in given.get(kind, ())
        )


def _is_within(arn: str, listed: frozenset[str]) -> bool:
    """Whether all of the caller's account are named: by its number, or by the ARN of its root."""
    if "*" in listed:
        return True
    account = arn.split(":")[4] if arn.count(":") >= 5 else None
    return account is not None and (account in listed or f"arn:aws:iam::{account}:root" in listed)
