"""Domain errors in the vendor's words: one table, and the rule that only declared names leave.

A client maps an error it does not know to a generic class, so each error has a list of names, the best one first; the
first that the operation declares is taken. Protocol errors come before any operation runs and may always leave.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from poolhouse import errors as domain
from poolhouse.server.cognito.engine import failures
from poolhouse.server.cognito.engine.failures import INTERNAL, UNAVAILABLE, UNSUPPORTED, Failure

if TYPE_CHECKING:
    from poolhouse.server.cognito.engine.model import Operation

INVALID: Final = "InvalidParameterException"
NOT_AUTHORIZED: Final = "NotAuthorizedException"
RESOURCE: Final = "ResourceNotFoundException"
BUSY: Final = "TooManyRequestsException"

_DENIED: Final = (NOT_AUTHORIZED, "UnauthorizedException", "AccessDeniedException", "ForbiddenException")
_MISSING: Final = (RESOURCE, "UnauthorizedException")
_CONFLICT: Final = ("ConcurrentModificationException", BUSY)

TABLE: Final[Mapping[type[domain.PoolhouseError], tuple[str, ...]]] = {
    domain.PoolhouseError: (INTERNAL, "InternalServerException"),
    domain.Invalid: (INVALID,),
    domain.PasswordPolicyViolation: ("InvalidPasswordException", INVALID),
    domain.PasswordHistoryViolation: ("PasswordHistoryPolicyViolationException", "InvalidPasswordException", INVALID),
    domain.UnsupportedTokenType: ("UnsupportedTokenTypeException", INVALID),
    domain.InvalidOAuthFlow: ("InvalidOAuthFlowException", INVALID),
    domain.ScopeNotFound: ("ScopeDoesNotExistException", INVALID),
    domain.NotInTier: ("FeatureUnavailableInTierException", INVALID),
    domain.DevicesNotTracked: ("InvalidUserPoolConfigurationException", INVALID),
    # Said by the OAuth endpoints alone; what an operation would call it if one came by.
    domain.OAuthError: (INVALID,),
    domain.NotFound: _MISSING,
    domain.FactorNotOffered: ("SoftwareTokenMFANotFoundException", "MFAMethodNotFoundException", INVALID),
    domain.UserNotFound: ("UserNotFoundException", RESOURCE),
    domain.Taken: (INVALID,),
    domain.UsernameTaken: ("UsernameExistsException", INVALID),
    domain.AliasTaken: ("AliasExistsException", "UsernameExistsException", INVALID),
    domain.GroupTaken: ("GroupExistsException", INVALID),
    domain.DeviceKeyTaken: ("DeviceKeyExistsException", INVALID),
    domain.KeyTaken: _CONFLICT,
    domain.Denied: _DENIED,
    domain.Unauthorized: ("UnauthorizedException", *_DENIED),
    domain.UserNotConfirmed: ("UserNotConfirmedException", *_DENIED),
    domain.PasswordResetRequired: ("PasswordResetRequiredException", *_DENIED),
    domain.RefreshTokenReused: ("RefreshTokenReuseException", *_DENIED),
    domain.Refused: ("UserLambdaValidationException", *_DENIED),
    domain.CallerRefused: ("AccessDeniedException",),
    domain.SignatureMissing: ("MissingAuthenticationTokenException",),
    domain.SignatureIncomplete: ("IncompleteSignatureException",),
    domain.SignatureInvalid: ("InvalidSignatureException",),
    domain.AccessKeyUnknown: ("UnrecognizedClientException",),
    domain.AccessKeyExpired: ("ExpiredTokenException",),
    domain.CredentialsExpired: ("ExpiredTokenException",),
    domain.CodeMismatch: ("CodeMismatchException", *_DENIED),
    domain.EnrolmentMismatch: ("EnableSoftwareTokenMFAException", "CodeMismatchException", *_DENIED),
    domain.CodeExpired: ("ExpiredCodeException", "CodeMismatchException", *_DENIED),
    domain.PasskeysNotEnabled: ("WebAuthnNotEnabledException", INVALID),
    domain.PasskeysNotConfigured: ("WebAuthnConfigurationMissingException", "WebAuthnNotEnabledException", INVALID),
    domain.PasskeyNotFound: _MISSING,
    domain.PasskeyRefused: _DENIED,
    domain.PasskeyNotSupported: ("WebAuthnCredentialNotSupportedException", *_DENIED),
    domain.PasskeyOriginNotAllowed: ("WebAuthnOriginNotAllowedException", *_DENIED),
    domain.PasskeyRelyingPartyMismatch: ("WebAuthnRelyingPartyMismatchException", *_DENIED),
    domain.PasskeyClientMismatch: ("WebAuthnClientMismatchException", *_DENIED),
    domain.PasskeyChallengeNotFound: ("WebAuthnChallengeNotFoundException", *_DENIED),
    domain.Limited: ("LimitExceededException", BUSY),
    domain.TooManyFailedAttempts: ("TooManyFailedAttemptsException", "LimitExceededException", BUSY),
    domain.TooManyRequests: (BUSY,),
    domain.Unsupported: (UNSUPPORTED, INVALID),
    domain.UnsupportedUserState: ("UnsupportedUserStateException", NOT_AUTHORIZED, INVALID),
    domain.Conflicted: _CONFLICT,
    domain.Failed: (INTERNAL, "InternalServerException"),
    domain.StoreAway: (UNAVAILABLE,),
    domain.PluginFailed: ("UnexpectedLambdaException", INTERNAL, "InternalServerException"),
    domain.PluginAnswerInvalid: (
        "InvalidLambdaResponseException",
        "UnexpectedLambdaException",
        INTERNAL,
        "InternalServerException",
    ),
    domain.DeliveryFailed: ("CodeDeliveryFailureException", INTERNAL, "InternalServerException"),
}
"""A class that is not named here has the names of its nearest parent."""
_ALWAYS: Final = frozenset({BUSY})
"""Any operation may be asked to wait, whether the model declares it or not: clients act on the name."""
_SERVER_SIDE: Final = frozenset({INTERNAL, "InternalServerException"})


def failure(error: BaseException, operation: Operation | None) -> Failure:
    """What the caller is told about an error that an operation raised. Of an unexpected one: nothing but that."""
    if not isinstance(error, domain.PoolhouseError):
        return failures.failure(error, unexpected=_declared(TABLE[domain.PoolhouseError], operation))
    if isinstance(error, domain.StoreAway):
        # Whatever the model declares: it is no answer to what was asked, and SDKs try again by the status.
        return Failure(UNAVAILABLE, str(error), 503, headers=_hints(error))
    names = _candidates(error, operation)
    name = names[0] if isinstance(error, domain.CallerRefused) else _declared(names, operation)
    if name in _SERVER_SIDE:
        return failures.failure(error, unexpected=name)
    return Failure(name, _sentence(error), headers=_hints(error) if name == BUSY else {})


def _candidates(error: domain.PoolhouseError, operation: Operation | None) -> tuple[str, ...]:
    if isinstance(error, domain.UserNotFound) and operation is not None and operation.caller != "signed":
        # Users are told of a missing user only where the operation says so; an administrator misses a resource.
        return ("UserNotFoundException", *_DENIED)
    for kind in type(error).__mro__:
        names = TABLE.get(kind)
        if names is not None:
            return names
    raise AssertionError("the root of the tree is in the table")  # pragma: no cover


def _declared(names: tuple[str, ...], operation: Operation | None) -> str:
    if operation is None:
        return names[0]
    for name in names:
        if name in operation.errors or name in _ALWAYS:
            return name
    # Every operation declares the first; a failure of ours stays one even where it is not declared.
    return INTERNAL if names[-1] in _SERVER_SIDE else INVALID


def _sentence(error: domain.PoolhouseError) -> str:
    if isinstance(error, domain.Refused) and error.hook:
        # Clients cut the text out between the two, so the full stop is always ours.
        return f"{error.hook} failed with error {error}."
    return str(error)


def _hints(error: domain.PoolhouseError) -> dict[str, str]:
    wait: Any = getattr(error, "retry_after", 1.0)
    return {"Retry-After": str(max(1, math.ceil(wait)))}
