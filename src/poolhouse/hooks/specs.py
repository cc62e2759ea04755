"""Every hook, in the order of a user's life, with the one frozen event that it gets.

The kind stands at the head of a hook and says what order and errors mean:

========== ================================================================ =======================================
observe    all implementations at once                                      an error is logged, the flow goes on
answer     in order, the first answer that is not None wins                 any error stops the flow
collect    in order, all answers that are not None                          any error stops the flow
amend      in order, each gets the value that the one before returned       any error stops the flow
around     context managers (async generators), the first is the outermost  any error stops the flow
========== ================================================================ =======================================

``None`` means "not mine" or "nothing to change". ``Refused`` means "no" and reaches the user. An implementation is a
function or a coroutine function with the parameter ``event``. Events grow by fields with defaults.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pluggy

from poolhouse.hooks.answers import (
    Asked,
    Challenge,
    ChallengeDecision,
    ChallengeResult,
    IdentityProviderKind,
    MigratedUser,
    PasswordFormat,
    Sender,
    Sent,
    SignUpDecision,
    Stage,
)
from poolhouse.records import Message

F = TypeVar("F", bound=Callable[..., Any])

PROJECT = "poolhouse"
hookimpl = pluggy.HookimplMarker(PROJECT)
_hookspec = pluggy.HookspecMarker(PROJECT)

OBSERVE, ANSWER, COLLECT, AMEND, AROUND = "observe", "answer", "collect", "amend", "around"


def _kind(kind: str) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.poolhouse_kind = kind  # type: ignore[attr-defined]
        return _hookspec(function)

    return mark


observe = _kind(OBSERVE)
answer = _kind(ANSWER)
collect = _kind(COLLECT)
amend = _kind(AMEND)
around = _kind(AROUND)

Strings = Mapping[str, str]


# --- the server ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifespan:
    """The server runs. ``base_url`` is where it is reached."""

    base_url: str


@around
def lifespan(event: Lifespan) -> AsyncIterator[None]:
    """Before the ``yield`` the server is not reachable yet; after it no request is running any more."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCall:
    """A flow is about to run: ``name`` as in ``sign_up.confirm``."""

    name: str
    pool_id: str | None = None
    client_id: str | None = None


@around
def around_flow(event: FlowCall) -> AsyncIterator[None]:
    """Around each flow: to trace, to measure, to limit. ``Refused`` before the ``yield`` stops it."""
    raise NotImplementedError


# --- registering -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The server is being built; asked once."""


@collect
async def register_challenges(event: Register) -> Sequence[Challenge] | None:
    """Challenges that sign-ins may ask, beside ours."""


@collect
async def register_stages(event: Register) -> Sequence[Stage] | None:
    """Steps that every sign-in passes after its first proof."""


@collect
async def register_identity_providers(event: Register) -> Sequence[IdentityProviderKind] | None:
    """Kinds of external identity providers."""


@collect
async def register_message_senders(event: Register) -> Sequence[Sender] | None:
    """Senders. For each channel the first one wins."""


@collect
async def register_password_formats(event: Register) -> Sequence[PasswordFormat] | None:
    """Foreign password hashes that can be checked."""


# --- sign-up ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PreSignUp:
    """A user is about to be made. ``source``: ``PreSignUp_SignUp``, ``_AdminCreateUser``, ``_ExternalProvider``.

    ``client_id`` is None where no app client is concerned.
    """

    source: str
    pool_id: str
    client_id: str | None
    username: str
    attributes: Strings
    validation_data: Strings = field(default_factory=dict)
    client_metadata: Strings = field(default_factory=dict)


@collect
async def pre_sign_up(event: PreSignUp) -> SignUpDecision | None:
    """Refuse, or let the user in confirmed, or with a verified contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostConfirmation:
    """A user is confirmed (or has a new password). ``source``: ``PostConfirmation_ConfirmSignUp``,
    ``PostConfirmation_ConfirmForgotPassword``. The change stays, whatever is answered."""

    source: str
    pool_id: str
    client_id: str | None
    username: str
    attributes: Strings
    client_metadata: Strings = field(default_factory=dict)


@collect
async def post_confirmation(event: PostConfirmation) -> None:
    """The user is confirmed."""


# --- sign-in ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PreAuthentication:
    """A sign-in begins; nothing is proven. ``user_not_found``: the name is unknown, and the client may not learn it."""

    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    validation_data: Strings = field(default_factory=dict)
    user_not_found: bool = False


@collect
async def pre_authentication(event: PreAuthentication) -> None:
    """Refuse the sign-in before anything is checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateUser:
    """A name is unknown here. ``source``: ``UserMigration_Authentication`` (with the password that was given) or
    ``UserMigration_ForgotPassword`` (without)."""

    source: str
    pool_id: str
    client_id: str
    username: str
    password: str | None = field(default=None, repr=False)
    validation_data: Strings = field(default_factory=dict)
    client_metadata: Strings = field(default_factory=dict)


@answer
async def migrate_user(event: MigrateUser) -> MigratedUser | None:
    """A user name is unknown here: say who it is (with a password: only if it is right), or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineChallenge:
    """A custom sign-in asks what comes next, given what was."""

    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    session: Sequence[ChallengeResult] = ()
    client_metadata: Strings = field(default_factory=dict)
    user_not_found: bool = False


@answer
async def define_challenge(event: DefineChallenge) -> ChallengeDecision | None:
    """The next challenge, or tokens, or the end. Must not tell unknown users from known ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateChallenge:
    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    challenge: str
    session: Sequence[ChallengeResult] = ()
    client_metadata: Strings = field(default_factory=dict)
    user_not_found: bool = False


@answer
async def create_challenge(event: CreateChallenge) -> Asked | None:
    """What is asked, and what stays here for the check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyChallenge:
    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    private: Mapping[str, Any] = field(repr=False)
    answer: str = field(repr=False)
    client_metadata: Strings = field(default_factory=dict)
    user_not_found: bool = False


@answer
async def verify_challenge(event: VerifyChallenge) -> bool | None:
    """Whether the answer is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAuthentication:
    """All proofs are there; tokens are not issued yet."""

    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    client_metadata: Strings = field(default_factory=dict)


@collect
async def post_authentication(event: PostAuthentication) -> None:
    """The user is signed in, or refused at the last moment."""


# --- tokens ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PreToken:
    """Tokens are about to be signed. ``source`` as in ``TokenGeneration_Authentication``.

    ``id_claims`` and ``access_claims`` are what will be signed; what identifies the user, the client, the issuer and
    the times cannot be changed (such changes are dropped). Groups are changed by ``groups``, ``roles`` and
    ``preferred_role``, scopes by ``scopes``; the claims follow them.
    """

    source: str
    pool_id: str
    client_id: str
    username: str
    attributes: Strings
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    preferred_role: str | None = None
    scopes: tuple[str, ...] = ()
    id_claims: Mapping[str, Any] = field(default_factory=dict)
    access_claims: Mapping[str, Any] = field(default_factory=dict)
    client_metadata: Strings = field(default_factory=dict)


@amend
async def pre_token(event: PreToken) -> PreToken | None:
    """The event with other claims, groups or scopes (``dataclasses.replace``), or None."""


# --- messages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeMessage:
    """A message is written. ``body`` and ``subject`` are templates: ``{####}`` stands for the code, ``{username}`` for
    the name; both are put in afterwards. A body that had the code must keep it."""

    source: str
    pool_id: str
    client_id: str | None
    username: str
    attributes: Strings
    channel: str
    body: str
    subject: str = ""
    client_metadata: Strings = field(default_factory=dict)


@amend
async def compose_message(event: ComposeMessage) -> ComposeMessage | None:
    """The event with another subject or body, or None."""


@answer
async def send_message(event: Message) -> Sent | None:
    """Deliver this message, or leave it to the next. Called by the outbox, outside of any request."""


# --- the trail -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Something happened that an auditor asks for. ``action`` as in ``sign_in.succeeded``. ``subject`` is the user's
    ``sub``, never a name or contact; ``facts`` holds no secret and no personal data."""

    action: str
    at: float
    pool_id: str | None = None
    client_id: str | None = None
    subject: str | None = None
    actor: str | None = None
    facts: Strings = field(default_factory=dict)


@observe
async def audit(event: Audit) -> None:
    """Keep a trail elsewhere."""
