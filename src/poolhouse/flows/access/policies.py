"""What a caller may do, by policies: denied unless allowed, a denial wins over any allowance, and where there are
session policies each of them has to allow, too.

The language is that of IAM, as ``policy_documents`` reads it. What it costs to ask is bounded: a request whose answer
would take too long is denied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from poolhouse.flows.access.policy_conditions import LONGEST, Condition
from poolhouse.flows.access.policy_documents import Clause, Document, parse_policy, parse_trust, stored_policy
from poolhouse.flows.access.policy_globs import TooMuchWork, Variable, fields_of

__all__ = [
    "EVERYTHING",
    "Context",
    "Decision",
    "Document",
    "Explained",
    "Permissions",
    "Why",
    "grants",
    "lets_in_without",
    "parse_policy",
    "parse_trust",
]

Context: TypeAlias = Mapping[str, str | tuple[str, ...]]
"""What conditions and variables know, by key in lower case."""

Why: TypeAlias = Literal["allowed", "denied", "not allowed", "session", "too much"]
"""``denied``: by a statement. ``not allowed``: by none. ``session``: by the role, but not by a session policy. ``too
much``: the resource is too long, or the policies take too long."""

ALWAYS: Final = "sts:getcalleridentity"
"""Who they are, everybody may ask, whatever a policy says."""
_OF_CALLERS: Final = (
    "aws:principal",
    "aws:userid",
    "aws:username",
    "aws:federatedprovider",
    "aws:tokenissuetime",
    "cognito-identity.amazonaws.com:",
)
"""How keys begin that say who somebody is."""
_WORK: Final = 1_500_000
"""Comparisons of two characters that a request may cost: some three milliseconds."""
_NOTHING: Final[Context] = MappingProxyType({})


class Decision(Struct, frozen=True):
    """``statement`` is the one that decided, by its policy and its place; None where none did."""

    allowed: bool
    why: Why
    statement: str | None = None


class Explained(Struct, frozen=True):
    """What one statement says to a request: ``matches``, or in which of its parts it does not."""

    policy: str
    place: str
    allows: bool
    matches: bool
    unlike: str | None
    is_session: bool


class _Asked:
    """A request, while it is asked for."""

    __slots__ = ("_known", "_of_request", "_work", "action", "fields", "principal", "resource")

    def __init__(
        self, action: str, resource: str, known: Context, of_request: Context, principal: Mapping[str, Sequence[str]]
    ) -> None:
        self.action = action.lower()
        self.resource = resource
        self.fields = fields_of(resource)
        self.principal = principal
        self._known = known
        self._of_request = of_request
        self._work = _WORK

    def keyed(self, name: str) -> str | tuple[str, ...] | None:
        """What is known of the caller comes first, and what only a caller can be is never taken from the request: a
        gateway may hand on what a client told it."""
        found = self._known.get(name)
        if found is not None or name.startswith(_OF_CALLERS):
            return found
        return self._of_request.get(name)

    def value_of(self, variable: Variable) -> str | None:
        found = self.keyed(variable.name)
        if found is None or found == "":
            return variable.default
        return found if isinstance(found, str) and len(found) <= LONGEST else None

    def spend(self, work: int) -> None:
        self._work -= work
        if self._work < 0:
            raise TooMuchWork

    def is_met_by(self, clause: Clause) -> bool:
        if not clause.actions.concern(self.action, self):
            return False
        if clause.principals is not None and not clause.principals.concern(self.principal):
            return False
        for variable in clause.needs:
            if self.value_of(variable) is None:
                return False
        if clause.resources is not None and not clause.resources.concern(self.resource, self.fields, self):
            return False
        for condition in clause.conditions:  # noqa: SIM110 - asked for with every request
            if not condition.holds(self):
                return False
        return True

    def unlike(self, clause: Clause) -> str | None:
        """The first part of the statement that does not fit, in words; None where all do."""
        if not clause.actions.concern(self.action, self):
            return "another action"
        if clause.principals is not None and not clause.principals.concern(self.principal):
            return "another principal"
        for variable in clause.needs:
            if self.value_of(variable) is None:
                return f"{variable.name} has no value"
        if clause.resources is not None and not clause.resources.concern(self.resource, self.fields, self):
            return "another resource"
        for condition in clause.conditions:
            if not condition.holds(self):
                return f"{condition.said} {condition.key}"
        return None


class Permissions:
    """What one caller may do. ``role`` are the policies of who they are, ``sessions`` sets of policies that limit it,
    and ``context`` is what is known of them."""

    __slots__ = ("_allowances", "_context", "_denials", "_documents", "_sessions")

    def __init__(
        self, role: Sequence[Document], sessions: Sequence[Sequence[Document]] = (), context: Context = _NOTHING
    ) -> None:
        self._context = context
        self._documents = (tuple(role), *(tuple(each) for each in sessions))
        self._denials = [pair for each in self._documents for pair in _clauses(each, allows=False)]
        self._allowances = list(_clauses(role, allows=True))
        self._sessions = [list(_clauses(each, allows=True)) for each in sessions]

    def with_context(self, context: Context) -> Permissions:
        """The same of somebody of whom this is known."""
        return Permissions(self._documents[0], self._documents[1:], context)

    def allows(self, action: str, resource: str, context: Context = _NOTHING) -> bool:
        """``action`` as in ``cognito-idp:AdminGetUser``; ``resource`` an ARN, or ``*`` where there is none; ``context``
        is what is known of the request. Who the caller is, it cannot say."""
        return self.decide(action, resource, context).allowed

    def decide(self, action: str, resource: str, context: Context = _NOTHING) -> Decision:
        asked = _Asked(action, resource, self._context, context, _NOBODY)
        if asked.action == ALWAYS:
            return Decision(allowed=True, why="allowed")
        if len(resource) > LONGEST or len(action) > LONGEST:
            return Decision(allowed=False, why="too much")
        try:
            return self._decided(asked)
        except TooMuchWork:
            return Decision(allowed=False, why="too much")

    def _decided(self, asked: _Asked) -> Decision:
        if (denial := _first(self._denials, asked)) is not None:
            return Decision(allowed=False, why="denied", statement=denial)
        allowance = _first(self._allowances, asked)
        if allowance is None:
            return Decision(allowed=False, why="not allowed")
        for clauses in self._sessions:
            if _first(clauses, asked) is None:
                return Decision(allowed=False, why="session")
        return Decision(allowed=True, why="allowed", statement=allowance)

    def explain(self, action: str, resource: str, context: Context = _NOTHING) -> Iterator[Explained]:
        """What each statement says to it, in their order."""
        for number, documents in enumerate(self._documents):
            for document in documents:
                for clause in document.clauses:
                    asked = _Asked(action, resource, self._context, context, _NOBODY)
                    try:
                        unlike = asked.unlike(clause)
                    except TooMuchWork:
                        unlike = "it would take too long"
                    yield Explained(document.name, clause.place, clause.allows, unlike is None, unlike, number > 0)


_NOBODY: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})


def grants(trust: Document, action: str, principal: Mapping[str, Sequence[str]], context: Context) -> bool:
    """Whether a trust policy lets this principal do it: by one statement at least, and no denial."""
    asked = _Asked(action, "", context, _NOTHING, principal)
    clauses = trust.clauses
    try:
        return not any(asked.is_met_by(clause) for clause in clauses if not clause.allows) and any(
            asked.is_met_by(clause) for clause in clauses if clause.allows
        )
    except TooMuchWork:
        return False


_SAME: Final = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike"})


def lets_in_without(keys: frozenset[str], trust: Document, action: str, principal: Mapping[str, Sequence[str]]) -> bool:
    """Whether a trust policy lets one of these principals do it whatever the value of all these keys is."""
    asked = _Asked(action, "", _NOTHING, _NOTHING, principal)
    return any(
        clause.allows
        and clause.actions.concern(asked.action, asked)
        and clause.principals is not None
        and clause.principals.concern(principal)
        and not any(condition.key in keys and _names_all(condition) for condition in clause.conditions)
        for clause in trust.clauses
    )


def _names_all(condition: Condition) -> bool:
    """Whether it holds for certain values of its key only, which it names."""
    has_wildcard = condition.operator.base == "StringLike" and any(set(value) & set("*?") for value in condition.values)
    is_open = has_wildcard or bool(condition.variables)
    return condition.operator.base in _SAME and condition.operator.is_sure and not is_open


_Named: TypeAlias = tuple[Document, Clause]


def _clauses(documents: Sequence[Document], *, allows: bool) -> Iterator[_Named]:
    for document in documents:
        for clause in document.clauses:
            if clause.allows is allows:
                yield document, clause


def _first(clauses: Sequence[_Named], asked: _Asked) -> str | None:
    """How the first that is met is called."""
    for document, clause in clauses:
        if asked.is_met_by(clause):
            return f"{document.name}, {clause.place}" if document.name else clause.place
    return None


EVERYTHING: Final = Permissions(
    [stored_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, "everything")]
)
