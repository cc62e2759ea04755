"""The errors of the domain. Nothing here knows a protocol: each face maps them by one table of its own.

What they say stands in ``reasons``: ``InvalidParameter(Reason.URI_NOT_VALID, uri=uri)``. All of them are imported from
here; a subject with many has a module of its own, as ``access`` has.

::

    PoolhouseError
    ├── Invalid                      the request cannot be meant
    │   ├── InvalidParameter
    │   ├── PasswordPolicyViolation  ── PasswordHistoryViolation
    │   ├── UnsupportedTokenType
    │   ├── InvalidOAuthFlow, ScopeNotFound      (settings of a client)
    │   ├── NotInTier                (settings of a pool)
    │   └── DevicesNotTracked        (the pool does not tell devices apart)
    ├── NotFound
    │   ├── PoolNotFound, ClientNotFound, GroupNotFound, KeyNotFound
    │   ├── FactorNotOffered         (the pool has no such factor)
    │   ├── DeviceNotFound           (the user has no such device)
    │   └── UserNotFound
    ├── Taken
    │   ├── UsernameTaken, AliasTaken, GroupTaken, DeviceKeyTaken
    │   └── KeyTaken                 (store: the key is in use)
    ├── Denied                       the answer is no
    │   ├── NotAuthorized            ── WrongCredentials, AttemptsExceeded, UserDisabled, InvalidSession,
    │   │                               FormRefused (of a page), InvalidAccessToken, InvalidRefreshToken
    │   ├── Unauthorized             (client authentication at revocation)
    │   ├── UserNotConfirmed, PasswordResetRequired
    │   ├── RefreshTokenReused
    │   └── Refused                  a plugin said no
    ├── CallerRefused                of a signed operation
    │   ├── SignatureMissing, SignatureIncomplete, SignatureInvalid
    │   ├── AccessKeyUnknown, AccessKeyExpired, AccessDenied
    │   └── CredentialsExpired       (temporary ones)
    ├── PolicyMalformed, RoleRefused, SessionTooLarge
    ├── IdentityPoolNotFound, IdentityNotFound, DeveloperUserNotFound
    ├── LoginRefused, LoginTaken, DeveloperUserTaken, NoRole      (identity pools)
    ├── PasskeysNotEnabled, PasskeysNotConfigured, PasskeyNotFound
    ├── PasskeyRefused               what an authenticator answered is not what was asked for
    │   ├── PasskeyNotSupported, PasskeyOriginNotAllowed, PasskeyRelyingPartyMismatch
    │   └── PasskeyClientMismatch, PasskeyChallengeNotFound
    ├── OAuthError                   what OAuth has words for
    │   ├── InvalidRequest, InvalidClient, InvalidGrant, InvalidScope
    │   ├── UnauthorizedClient, UnsupportedGrantType
    │   ├── AuthorizationClientUnknown, RedirectMismatch, TransactionEnded, AccountChanged    (shown to the user)
    │   ├── UnsupportedResponseType, LoginRequired, ConsentRequired, AccountSelectionRequired,
    │   │   InteractionRequired, UserCancelled, AssuranceUnmet,
    │   │   RequestNotSupported, RequestUriNotSupported, RegistrationNotSupported    (sent to the client)
    │   └── InsufficientScope        (of a resource)
    ├── CodeMismatch, CodeExpired    EnrolmentMismatch (a CodeMismatch: a factor is not set up by it)
    ├── Limited
    │   ├── LimitExceeded, TooManyFailedAttempts
    │   └── TooManyRequests          (carries a retry hint)
    ├── Unsupported
    │   ├── UnsupportedOperation, UnsupportedUserState
    │   └── NotOffered               the product does not do this (yet), and says so
    ├── Conflicted
    │   ├── VersionConflict          (store: somebody else wrote first)
    │   └── ConcurrentModification
    └── Failed                       not the caller's fault
        ├── ProviderAway             (another identity provider)
        ├── StoreAway                (carries a retry hint)
        ├── PluginFailed             ── InvocationFailed (what a plugin asked outside)
        ├── PluginAnswerInvalid      ── OutputUnusable
        ├── DeliveryFailed
        └── SigningFailed
"""

from __future__ import annotations

from poolhouse.errors.access import AccessDenied as AccessDenied
from poolhouse.errors.access import AccessKeyExpired as AccessKeyExpired
from poolhouse.errors.access import AccessKeyUnknown as AccessKeyUnknown
from poolhouse.errors.access import CallerRefused as CallerRefused
from poolhouse.errors.access import CredentialsExpired as CredentialsExpired
from poolhouse.errors.access import PolicyInUse as PolicyInUse
from poolhouse.errors.access import PolicyMalformed as PolicyMalformed
from poolhouse.errors.access import PolicyNotFound as PolicyNotFound
from poolhouse.errors.access import PolicyTaken as PolicyTaken
from poolhouse.errors.access import RoleNotChangeable as RoleNotChangeable
from poolhouse.errors.access import RoleNotFound as RoleNotFound
from poolhouse.errors.access import RoleRefused as RoleRefused
from poolhouse.errors.access import RoleTaken as RoleTaken
from poolhouse.errors.access import SessionTooLarge as SessionTooLarge
from poolhouse.errors.access import SignatureIncomplete as SignatureIncomplete
from poolhouse.errors.access import SignatureInvalid as SignatureInvalid
from poolhouse.errors.access import SignatureMissing as SignatureMissing
from poolhouse.errors.base import Failed as Failed
from poolhouse.errors.base import PoolhouseError as PoolhouseError
from poolhouse.errors.factors import PasskeyChallengeNotFound as PasskeyChallengeNotFound
from poolhouse.errors.factors import PasskeyClientMismatch as PasskeyClientMismatch
from poolhouse.errors.factors import PasskeyNotFound as PasskeyNotFound
from poolhouse.errors.factors import PasskeyNotSupported as PasskeyNotSupported
from poolhouse.errors.factors import PasskeyOriginNotAllowed as PasskeyOriginNotAllowed
from poolhouse.errors.factors import PasskeyRefused as PasskeyRefused
from poolhouse.errors.factors import PasskeyRelyingPartyMismatch as PasskeyRelyingPartyMismatch
from poolhouse.errors.factors import PasskeysNotConfigured as PasskeysNotConfigured
from poolhouse.errors.factors import PasskeysNotEnabled as PasskeysNotEnabled
from poolhouse.errors.identities import DeveloperUserNotFound as DeveloperUserNotFound
from poolhouse.errors.identities import DeveloperUserTaken as DeveloperUserTaken
from poolhouse.errors.identities import IdentityNotFound as IdentityNotFound
from poolhouse.errors.identities import IdentityPoolNotFound as IdentityPoolNotFound
from poolhouse.errors.identities import LoginRefused as LoginRefused
from poolhouse.errors.identities import LoginTaken as LoginTaken
from poolhouse.errors.identities import NoRole as NoRole
from poolhouse.errors.identities import ProviderAway as ProviderAway
from poolhouse.errors.oauth import AccountChanged as AccountChanged
from poolhouse.errors.oauth import AccountSelectionRequired as AccountSelectionRequired
from poolhouse.errors.oauth import AssuranceUnmet as AssuranceUnmet
from poolhouse.errors.oauth import AuthorizationClientUnknown as AuthorizationClientUnknown
from poolhouse.errors.oauth import ConsentRequired as ConsentRequired
from poolhouse.errors.oauth import InsufficientScope as InsufficientScope
from poolhouse.errors.oauth import InteractionRequired as InteractionRequired
from poolhouse.errors.oauth import InvalidClient as InvalidClient
from poolhouse.errors.oauth import InvalidGrant as InvalidGrant
from poolhouse.errors.oauth import InvalidRequest as InvalidRequest
from poolhouse.errors.oauth import InvalidScope as InvalidScope
from poolhouse.errors.oauth import LoginRequired as LoginRequired
from poolhouse.errors.oauth import LogoutEnded as LogoutEnded
from poolhouse.errors.oauth import OAuthError as OAuthError
from poolhouse.errors.oauth import RedirectMismatch as RedirectMismatch
from poolhouse.errors.oauth import RegistrationNotSupported as RegistrationNotSupported
from poolhouse.errors.oauth import RequestNotSupported as RequestNotSupported
from poolhouse.errors.oauth import RequestUriNotSupported as RequestUriNotSupported
from poolhouse.errors.oauth import TransactionEnded as TransactionEnded
from poolhouse.errors.oauth import UnauthorizedClient as UnauthorizedClient
from poolhouse.errors.oauth import UnsupportedGrantType as UnsupportedGrantType
from poolhouse.errors.oauth import UnsupportedResponseType as UnsupportedResponseType
from poolhouse.errors.oauth import UserCancelled as UserCancelled
from poolhouse.errors.plugins import InvocationFailed as InvocationFailed
from poolhouse.errors.plugins import OutputUnusable as OutputUnusable
from poolhouse.errors.plugins import PluginAnswerInvalid as PluginAnswerInvalid
from poolhouse.errors.plugins import PluginFailed as PluginFailed
from poolhouse.errors.reasons import Reason


class Invalid(PoolhouseError):
    pass


class InvalidParameter(Invalid):
    usual = Reason.INVALID_PARAMETER


class MissingParameter(InvalidParameter):
    """Something that has to come with the request did not. ``name`` is the field's name of it (``USERNAME``)."""

    usual = Reason.MISSING_PARAMETER

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.name = name


class PasswordPolicyViolation(Invalid):
    """The sentence tells which rule of the pool's password policy was broken."""


class PasswordHistoryViolation(PasswordPolicyViolation):
    usual = Reason.PASSWORD_HISTORY_VIOLATION


class UnsupportedTokenType(Invalid):
    usual = Reason.UNSUPPORTED_TOKEN_TYPE


class InvalidOAuthFlow(Invalid):
    usual = Reason.INVALID_OAUTH_FLOW


class ScopeNotFound(Invalid):
    usual = Reason.SCOPE_NOT_FOUND

    def __init__(self, scope: str) -> None:
        super().__init__(scope=scope)


class NotInTier(Invalid):
    usual = Reason.NOT_IN_TIER


class DevicesNotTracked(Invalid):
    usual = Reason.DEVICES_NOT_TRACKED


class NotFound(PoolhouseError):
    pass


class PoolNotFound(NotFound):
    usual = Reason.POOL_NOT_FOUND

    def __init__(self, pool_id: str) -> None:
        super().__init__(pool_id=pool_id)


class ClientNotFound(NotFound):
    usual = Reason.CLIENT_NOT_FOUND

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id)


class GroupNotFound(NotFound):
    usual = Reason.GROUP_NOT_FOUND


class KeyNotFound(NotFound):
    usual = Reason.KEY_NOT_FOUND


class FactorNotOffered(NotFound):
    usual = Reason.SOFTWARE_TOKEN_NOT_OFFERED


class DeviceNotFound(NotFound):
    usual = Reason.DEVICE_NOT_FOUND


class UserNotFound(NotFound):
    usual = Reason.USER_NOT_FOUND


class Taken(PoolhouseError):
    pass


class UsernameTaken(Taken):
    usual = Reason.USERNAME_TAKEN


class AliasTaken(Taken):
    usual = Reason.ALIAS_TAKEN

    def __init__(self, attribute: str = "email", reason: Reason | None = None) -> None:
        super().__init__(reason, attribute=attribute)
        self.attribute = attribute


class GroupTaken(Taken):
    usual = Reason.GROUP_TAKEN


class DeviceKeyTaken(Taken):
    usual = Reason.DEVICE_KEY_TAKEN


class KeyTaken(Taken):
    """Raised by the store: a document with this key exists."""

    usual = Reason.KEY_TAKEN


class Denied(PoolhouseError):
    pass


class NotAuthorized(Denied):
    usual = Reason.NOT_AUTHORIZED


class WrongCredentials(NotAuthorized):
    usual = Reason.WRONG_CREDENTIALS


class AttemptsExceeded(NotAuthorized):
    """``retry_after`` is a hint in seconds; None: waiting does not help."""

    usual = Reason.ATTEMPTS_EXCEEDED

    def __init__(self, *, retry_after: float | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after


class UserDisabled(NotAuthorized):
    usual = Reason.USER_DISABLED


class InvalidSession(NotAuthorized):
    usual = Reason.INVALID_SESSION


class FormRefused(NotAuthorized):
    """It is none of our pages', or not of this browser."""

    usual = Reason.FORM_REFUSED


class InvalidAccessToken(NotAuthorized):
    usual = Reason.INVALID_ACCESS_TOKEN


class InvalidRefreshToken(NotAuthorized):
    usual = Reason.INVALID_REFRESH_TOKEN


class Unauthorized(Denied):
    usual = Reason.UNAUTHORIZED


class UserNotConfirmed(Denied):
    usual = Reason.USER_NOT_CONFIRMED


class PasswordResetRequired(Denied):
    usual = Reason.PASSWORD_RESET_REQUIRED


class RefreshTokenReused(Denied):
    usual = Reason.REFRESH_TOKEN_REUSED


class Refused(Denied):
    """A plugin's only way to say no to the user; the sentence is shown as it is.

    ``hook`` is filled in by the dispatcher, in the field's spelling (``PreSignUp``).
    """

    def __init__(self, sentence: str, *, detail: str | None = None) -> None:
        super().__init__(sentence, detail=detail)
        self.hook: str | None = None
        self.plugin: str | None = None


class CodeMismatch(PoolhouseError):
    usual = Reason.CODE_MISMATCH


class EnrolmentMismatch(CodeMismatch):
    usual = Reason.ENROLMENT_MISMATCH


class CodeExpired(PoolhouseError):
    usual = Reason.CODE_EXPIRED


class Limited(PoolhouseError):
    pass


class LimitExceeded(Limited):
    usual = Reason.LIMIT_EXCEEDED


class TooManyFailedAttempts(Limited):
    usual = Reason.TOO_MANY_FAILED_ATTEMPTS


class TooManyRequests(Limited):
    """``retry_after`` is a hint in seconds."""

    usual = Reason.TOO_MANY_REQUESTS

    def __init__(self, says: str | None = None, *, retry_after: float = 1.0) -> None:
        super().__init__(says)
        self.retry_after = retry_after


class Unsupported(PoolhouseError):
    pass


class UnsupportedOperation(Unsupported):
    usual = Reason.UNSUPPORTED_OPERATION


class UnsupportedUserState(Unsupported):
    usual = Reason.UNSUPPORTED_USER_STATE


class NotOffered(Unsupported):
    """What the product does not do (yet). It says so instead of pretending."""


class Conflicted(PoolhouseError):
    pass


class VersionConflict(Conflicted):
    """Raised by the store: the document is gone or has another version than the one given."""

    usual = Reason.VERSION_CONFLICT


class ConcurrentModification(Conflicted):
    usual = Reason.CONCURRENT_MODIFICATION


class StoreAway(Failed):
    """The store does not answer, or cannot do what it is asked for: nothing is known about the user or the token that
    was asked about. ``why`` is for operators; ``retry_after`` is a hint in seconds."""

    usual = Reason.STORE_AWAY

    def __init__(self, *, why: str = "it does not answer", retry_after: float = 1.0, detail: str | None = None) -> None:
        super().__init__(detail=f"{why} ({detail})" if detail else why)
        self.why = why
        self.retry_after = retry_after


class DeliveryFailed(Failed):
    """The message did surely not go out. ``final``: trying again would not help, because of the message or its
    recipient. ``ours``: it is we who were refused (a key, an account, a right), so the operator is told, and it is
    tried again."""

    usual = Reason.DELIVERY_FAILED

    def __init__(
        self, says: str | None = None, *, final: bool = False, ours: bool = False, detail: str | None = None
    ) -> None:
        super().__init__(says, detail=detail)
        self.final = final and not ours
        self.ours = ours


class SigningFailed(Failed):
    """The pool's keys are for an algorithm of a later version. Another process may know it, so asking again helps."""

    usual = Reason.ALGORITHM_NOT_KNOWN

    def __init__(self, algorithm: str) -> None:
        super().__init__(algorithm=algorithm)
