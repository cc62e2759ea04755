"""The errors of the domain. Nothing here knows a protocol: each face maps them by one table of its own.

::

    PoolhouseError
    ├── Invalid                      the request cannot be meant
    │   ├── InvalidParameter
    │   ├── PasswordPolicyViolation  ── PasswordHistoryViolation
    │   ├── UnsupportedTokenType
    │   └── InvalidOAuthFlow, ScopeNotFound      (settings of a client)
    ├── NotFound
    │   ├── PoolNotFound, ClientNotFound, GroupNotFound, KeyNotFound
    │   └── UserNotFound
    ├── Taken
    │   ├── UsernameTaken, AliasTaken, GroupTaken
    │   └── KeyTaken                 (store: the key is in use)
    ├── Denied                       the answer is no
    │   ├── NotAuthorized            ── WrongCredentials, AttemptsExceeded, UserDisabled, InvalidSession,
    │   │                               InvalidAccessToken, InvalidRefreshToken
    │   ├── Unauthorized             (client authentication at revocation)
    │   ├── UserNotConfirmed, PasswordResetRequired
    │   ├── RefreshTokenReused
    │   └── Refused                  a plugin said no
    ├── CodeMismatch, CodeExpired
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
        ├── PluginFailed, PluginAnswerInvalid
        └── DeliveryFailed
"""

from __future__ import annotations


class PoolhouseError(Exception):
    """The root. ``str(error)`` is the sentence that may be shown to the caller; ``detail`` is for the log only."""

    sentence = "The request could not be completed."

    def __init__(self, sentence: str | None = None, *, detail: str | None = None) -> None:
        super().__init__(sentence or self.sentence)
        self.detail = detail


class Invalid(PoolhouseError):
    pass


class InvalidParameter(Invalid):
    sentence = "A parameter is not valid."


class MissingParameter(InvalidParameter):
    """Something that has to come with the request did not. ``name`` is the field's name of it (``USERNAME``)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Missing required parameter {name}")
        self.name = name


class PasswordPolicyViolation(Invalid):
    """The sentence tells which rule of the pool's password policy was broken."""


class PasswordHistoryViolation(PasswordPolicyViolation):
    sentence = "Password has previously been used."


class UnsupportedTokenType(Invalid):
    sentence = "Unsupported token type."


class InvalidOAuthFlow(Invalid):
    sentence = "The OAuth flows of the client do not fit together."


class ScopeNotFound(Invalid):
    def __init__(self, scope: str) -> None:
        super().__init__(f"Scope {scope} does not exist.")


class NotFound(PoolhouseError):
    pass


class PoolNotFound(NotFound):
    def __init__(self, pool_id: str) -> None:
        super().__init__(f"User pool {pool_id} does not exist.")


class ClientNotFound(NotFound):
    def __init__(self, client_id: str) -> None:
        super().__init__(f"User pool client {client_id} does not exist.")


class GroupNotFound(NotFound):
    sentence = "Group not found."


class KeyNotFound(NotFound):
    sentence = "The access key does not exist."


class UserNotFound(NotFound):
    sentence = "User does not exist."


class Taken(PoolhouseError):
    pass


class UsernameTaken(Taken):
    sentence = "User already exists"


class AliasTaken(Taken):
    def __init__(self, attribute: str = "email", sentence: str | None = None) -> None:
        super().__init__(sentence or f"An account with the {attribute} already exists.")
        self.attribute = attribute


class GroupTaken(Taken):
    sentence = "A group with the name already exists."


class KeyTaken(Taken):
    """Raised by the store: a document with this key exists."""

    sentence = "The key is taken."


class Denied(PoolhouseError):
    pass


class NotAuthorized(Denied):
    sentence = "Not authorized."


class WrongCredentials(NotAuthorized):
    sentence = "Incorrect username or password."


class AttemptsExceeded(NotAuthorized):
    sentence = "Password attempts exceeded"


class UserDisabled(NotAuthorized):
    sentence = "User is disabled."


class InvalidSession(NotAuthorized):
    sentence = "Invalid session for the user."


class InvalidAccessToken(NotAuthorized):
    sentence = "Invalid Access Token"


class InvalidRefreshToken(NotAuthorized):
    sentence = "Invalid Refresh Token"


class Unauthorized(Denied):
    sentence = "Client authentication failed."


class UserNotConfirmed(Denied):
    sentence = "User is not confirmed."


class PasswordResetRequired(Denied):
    sentence = "Password reset required for the user"


class RefreshTokenReused(Denied):
    sentence = "Refresh token has been used already."


class Refused(Denied):
    """A plugin's only way to say no to the user; the sentence is shown as it is.

    ``hook`` is filled in by the dispatcher, in the field's spelling (``PreSignUp``).
    """

    def __init__(self, sentence: str, *, detail: str | None = None) -> None:
        super().__init__(sentence, detail=detail)
        self.hook: str | None = None
        self.plugin: str | None = None


class CodeMismatch(PoolhouseError):
    sentence = "Invalid verification code provided, please try again."


class CodeExpired(PoolhouseError):
    sentence = "Invalid code provided, please request a code again."


class Limited(PoolhouseError):
    pass


class LimitExceeded(Limited):
    sentence = "Attempt limit exceeded, please try after some time."


class TooManyFailedAttempts(Limited):
    sentence = "Too many failed attempts."


class TooManyRequests(Limited):
    """``retry_after`` is a hint in seconds."""

    sentence = "Too many requests."

    def __init__(self, sentence: str | None = None, *, retry_after: float = 1.0) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unsupported(PoolhouseError):
    pass


class UnsupportedOperation(Unsupported):
    sentence = "The operation is not supported here."


class UnsupportedUserState(Unsupported):
    sentence = "The user is not in a state that allows this."


class NotOffered(Unsupported):
    """What the product does not do (yet). It says so instead of pretending."""


class Conflicted(PoolhouseError):
    pass


class VersionConflict(Conflicted):
    """Raised by the store: the document is gone or has another version than the one given."""

    sentence = "The document was changed by somebody else."


class ConcurrentModification(Conflicted):
    sentence = "The resource was changed at the same moment; try again."


class Failed(PoolhouseError):
    pass


class PluginFailed(Failed):
    """A plugin raised something else than ``Refused``, or took too long. The flow fails closed."""

    def __init__(self, hook: str, plugin: str, *, detail: str | None = None) -> None:
        super().__init__(f"{hook} invocation failed due to error in plugin {plugin}.", detail=detail)
        self.hook = hook
        self.plugin = plugin


class PluginAnswerInvalid(Failed):
    def __init__(self, hook: str, plugin: str, *, detail: str | None = None) -> None:
        super().__init__(f"Unrecognizable output of {hook} in plugin {plugin}.", detail=detail)
        self.hook = hook
        self.plugin = plugin


class DeliveryFailed(Failed):
    """The message did surely not go out. ``final``: trying again would not help."""

    sentence = "The message could not be delivered."

    def __init__(self, sentence: str | None = None, *, final: bool = False, detail: str | None = None) -> None:
        super().__init__(sentence, detail=detail)
        self.final = final
