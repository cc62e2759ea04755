"""Domain errors in the vendor's words, for identity pools: the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from poolhouse import errors as domain
from poolhouse.errors.reasons import Reason
from poolhouse.server.cognito.engine.failures import INTERNAL, UNAVAILABLE, UNSUPPORTED
from poolhouse.server.cognito.engine.telling import BUSY, CALLERS, INVALID, Telling

if TYPE_CHECKING:
    from poolhouse.server.cognito.engine.model import Operation

NOT_AUTHORIZED: Final = "NotAuthorizedException"
RESOURCE: Final = "ResourceNotFoundException"
CONFLICT: Final = "ResourceConflictException"
VALIDATION: Final = "ValidationException"
"""What breaks a constraint of the model is called so, though no operation declares it."""

TABLE: Final[Mapping[type[domain.PoolhouseError], tuple[str, ...]]] = {
    **CALLERS,
    domain.PoolhouseError: (INTERNAL,),
    domain.Invalid: (INVALID,),
    domain.PolicyMalformed: (INVALID,),
    domain.NotFound: (RESOURCE,),
    domain.IdentityPoolNotFound: (RESOURCE,),
    domain.IdentityNotFound: (RESOURCE,),
    domain.Denied: (NOT_AUTHORIZED,),
    domain.LoginRefused: (NOT_AUTHORIZED,),
    domain.LoginTaken: (CONFLICT,),
    domain.Taken: (CONFLICT,),
    domain.DeveloperUserNotFound: (RESOURCE,),
    domain.DeveloperUserTaken: ("DeveloperUserAlreadyRegisteredException", CONFLICT),
    domain.NoRole: ("InvalidIdentityPoolConfigurationException", NOT_AUTHORIZED),
    domain.RoleRefused: ("InvalidIdentityPoolConfigurationException", NOT_AUTHORIZED),
    domain.SessionTooLarge: ("InvalidIdentityPoolConfigurationException", INVALID),
    domain.Limited: ("LimitExceededException", BUSY),
    domain.TooManyRequests: (BUSY,),
    domain.Unsupported: (UNSUPPORTED, INVALID),
    domain.Conflicted: ("ConcurrentModificationException", BUSY),
    domain.KeyTaken: ("ConcurrentModificationException", BUSY),
    domain.Failed: (INTERNAL,),
    domain.ProviderAway: ("ExternalServiceException", INTERNAL),
    domain.StoreAway: (UNAVAILABLE,),
}
"""A class that is not named here has the names of its nearest parent."""

_AGAINST_MODEL: Final = frozenset({Reason.INPUT_FAULT, Reason.INPUT_FAULTS})


def _exceptional(error: domain.PoolhouseError, _: Operation | None) -> tuple[str, ...] | None:
    said = error.statement
    return (VALIDATION,) if said is not None and said.reason in _AGAINST_MODEL else None


failure: Final = Telling(TABLE, exceptional=_exceptional, undeclared=frozenset({VALIDATION})).failure
"""What the caller is told about an error that an operation raised."""
