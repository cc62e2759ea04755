"""Domain errors in the vendor's words, for user pools: the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from poolhouse import errors as domain
from poolhouse.server.cognito.engine.failures import INTERNAL, UNAVAILABLE, UNSUPPORTED
from poolhouse.server.cognito.engine.telling import BUSY, CALLERS, INVALID, Telling

if TYPE_CHECKING:
    from poolhouse.server.cognito.engine.model import Operation

NOT_AUTHORIZED: Final = "NotAuthorizedException"
RESOURCE: Final = "ResourceNotFoundException"

_DENIED: Final = (NOT_AUTHORIZED, "UnauthorizedException", "AccessDeniedException", "ForbiddenException")
_MISSING: Final = (RESOURCE, "UnauthorizedException")
_CONFLICT: Final = ("ConcurrentModificationException", BUSY)

TABLE: Final[Mapping[type[domain.PoolhouseError], tuple[str, ...]]] = {
    **CALLERS,
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


def _exceptional(error: domain.PoolhouseError, operation: Operation | None) -> tuple[str, ...] | None:
    if isinstance(error, domain.UserNotFound) and operation is not None and operation.caller != "signed":
        # Users are told of a missing user only where the operation says so; an administrator misses a resource.
        return ("UserNotFoundException", *_DENIED)
    return None


def _sentence(error: domain.PoolhouseError) -> str:
    if isinstance(error, domain.Refused) and error.hook:
        # Clients cut the text out between the two, so the full stop is always ours.
        return f"{error.hook} failed with error {error}."
    return str(error)


failure: Final = Telling(TABLE, exceptional=_exceptional, sentence=_sentence).failure
"""What the caller is told about an error that an operation raised."""
