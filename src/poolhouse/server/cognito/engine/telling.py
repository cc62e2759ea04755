"""Domain errors in the words of a service: by one table, and the rule that only declared names leave.

A client maps an error it does not know to a generic class, so each error has a list of names, the best one first; the
first that the operation declares is taken. Protocol errors come before any operation runs and may always leave.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from poolhouse import errors as domain
from poolhouse.server.cognito.engine import failures
from poolhouse.server.cognito.engine.failures import INTERNAL, UNAVAILABLE, Failure

if TYPE_CHECKING:
    from poolhouse.server.cognito.engine.model import Operation

INVALID: Final = "InvalidParameterException"
BUSY: Final = "TooManyRequestsException"

CALLERS: Final[Mapping[type[domain.PoolhouseError], tuple[str, ...]]] = {
    domain.CallerRefused: ("AccessDeniedException",),
    domain.SignatureMissing: ("MissingAuthenticationTokenException",),
    domain.SignatureIncomplete: ("IncompleteSignatureException",),
    domain.SignatureInvalid: ("InvalidSignatureException",),
    domain.AccessKeyUnknown: ("UnrecognizedClientException",),
    domain.AccessKeyExpired: ("ExpiredTokenException",),
    domain.CredentialsExpired: ("ExpiredTokenException",),
}
"""Of callers who are refused: the same for every service."""

_ALWAYS: Final = frozenset({BUSY})
"""Any operation may be asked to wait, whether the model declares it or not: clients act on the name."""
_SERVER_SIDE: Final = frozenset({INTERNAL, "InternalServerException"})

Exceptional: TypeAlias = Callable[[domain.PoolhouseError, "Operation | None"], tuple[str, ...] | None]
"""The names of an error where the table would be wrong; None where it is right."""


def _none(_: domain.PoolhouseError, __: Operation | None) -> None:
    return None


class Telling:
    """``table`` has the names of each class of errors; one that is not in it has those of its nearest parent.

    ``undeclared`` are names that may leave whatever an operation declares. ``sentence`` is what is told of an error.
    """

    def __init__(
        self,
        table: Mapping[type[domain.PoolhouseError], tuple[str, ...]],
        *,
        exceptional: Exceptional = _none,
        undeclared: frozenset[str] = frozenset(),
        sentence: Callable[[domain.PoolhouseError], str] = str,
    ) -> None:
        self._table = table
        self._exceptional = exceptional
        self._always = _ALWAYS | undeclared
        self._sentence = sentence

    def failure(self, error: BaseException, operation: Operation | None) -> Failure:
        """What the caller is told about an error that an operation raised. Of an unexpected one: nothing but that."""
        if not isinstance(error, domain.PoolhouseError):
            unexpected = self._declared(self._table[domain.PoolhouseError], operation)
            return failures.failure(error, unexpected=unexpected)
        if isinstance(error, domain.StoreAway):
            # Whatever the model declares: it is no answer to what was asked, and SDKs try again by the status.
            return Failure(UNAVAILABLE, str(error), 503, headers=_hints(error))
        names = self._exceptional(error, operation) or self._names(error)
        name = names[0] if isinstance(error, domain.CallerRefused) else self._declared(names, operation)
        if name in _SERVER_SIDE:
            return failures.failure(error, unexpected=name)
        return Failure(name, self._sentence(error), headers=_hints(error) if name == BUSY else {})

    def _names(self, error: domain.PoolhouseError) -> tuple[str, ...]:
        for kind in type(error).__mro__:
            names = self._table.get(kind)
            if names is not None:
                return names
        raise AssertionError("the root of the tree is in the table")  # pragma: no cover

    def _declared(self, names: tuple[str, ...], operation: Operation | None) -> str:
        if operation is None:
            return names[0]
        for name in names:
            if name in operation.errors or name in self._always:
                return name
        # Every operation declares the first; a failure of ours stays one even where it is not declared.
        return INTERNAL if names[-1] in _SERVER_SIDE else INVALID


def _hints(error: domain.PoolhouseError) -> dict[str, str]:
    wait: Any = getattr(error, "retry_after", 1.0)
    return {"Retry-After": str(max(1, math.ceil(wait)))}
