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

from collections.abc import AsyncIterator, Sequence

from poolhouse.hooks.answers.accounts import MigratedUser, SignUpDecision
from poolhouse.hooks.answers.factors import Factor
from poolhouse.hooks.answers.identities import ProvenLogin
from poolhouse.hooks.answers.messages import Sender, Sent
from poolhouse.hooks.answers.sign_in import Asked, Challenge, ChallengeDecision, Stage
from poolhouse.hooks.events.accounts import MigrateUser, PostConfirmation, PreSignUp
from poolhouse.hooks.events.audit import Audit
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.events.identities import (
    IdentitiesMerged,
    IdentityCreated,
    IdentityDeleted,
    IssueCredentials,
    NarrowCredentials,
    ValidateLogin,
)
from poolhouse.hooks.events.messages import ComposeMessage
from poolhouse.hooks.events.protection import OverLimit
from poolhouse.hooks.events.server import FlowCall, Lifespan, Register
from poolhouse.hooks.events.sign_in import (
    CreateChallenge,
    DefineChallenge,
    PostAuthentication,
    PreAuthentication,
    VerifyChallenge,
)
from poolhouse.hooks.kinds import amend, answer, around, collect, observe
from poolhouse.ports.access import Credentials
from poolhouse.ports.passwords import PasswordFormat
from poolhouse.records.messages import Message

# --- the server ------------------------------------------------------------------------------------------------------


@around
def lifespan(event: Lifespan) -> AsyncIterator[None]:
    """Before the ``yield`` the server is not reachable yet; after it no request is running any more."""
    raise NotImplementedError


@around
def around_flow(event: FlowCall) -> AsyncIterator[None]:
    """Around each flow: to trace, to measure, to limit. ``Refused`` before the ``yield`` stops it."""
    raise NotImplementedError


# --- registering -----------------------------------------------------------------------------------------------------


@collect
async def register_challenges(event: Register) -> Sequence[Challenge] | None:
    """Challenges that sign-ins may ask, beside ours."""


@collect
async def register_stages(event: Register) -> Sequence[Stage] | None:
    """Steps that every sign-in passes after its first proof."""


@collect
async def register_factors(event: Register) -> Sequence[Factor] | None:
    """Factors that users can set up, and are asked for after their first proof."""


@collect
async def register_message_senders(event: Register) -> Sequence[Sender] | None:
    """Senders. For each channel the first one wins."""


@collect
async def register_password_formats(event: Register) -> Sequence[PasswordFormat] | None:
    """Foreign password hashes that can be checked."""


# --- sign-up ---------------------------------------------------------------------------------------------------------


@collect
async def pre_sign_up(event: PreSignUp) -> SignUpDecision | None:
    """Refuse, or let the user in confirmed, or with a verified contact."""


@collect
async def post_confirmation(event: PostConfirmation) -> None:
    """The user is confirmed."""


# --- sign-in ---------------------------------------------------------------------------------------------------------


@collect
async def pre_authentication(event: PreAuthentication) -> None:
    """Refuse the sign-in before anything is checked."""


@answer
async def migrate_user(event: MigrateUser) -> MigratedUser | None:
    """A user name is unknown here: say who it is (with a password: only if it is right), or None."""


@answer
async def define_challenge(event: DefineChallenge) -> ChallengeDecision | None:
    """The next challenge, or tokens, or the end. Must not tell unknown users from known ones."""


@answer
async def create_challenge(event: CreateChallenge) -> Asked | None:
    """What is asked, and what stays here for the check."""


@answer
async def verify_challenge(event: VerifyChallenge) -> bool | None:
    """Whether the answer is right."""


@collect
async def post_authentication(event: PostAuthentication) -> None:
    """The user is signed in, or refused at the last moment."""


# --- tokens ----------------------------------------------------------------------------------------------------------


@amend
async def pre_token(event: PreToken) -> PreToken | None:
    """The event with other claims, groups or scopes (``dataclasses.replace``), or None."""


# --- identities ------------------------------------------------------------------------------------------------------


@answer
async def validate_login(event: ValidateLogin) -> ProvenLogin | None:
    """Whose the login is, if it is good and made for this app; ``Refused`` if it is not; None for another's."""


@observe
async def identity_created(event: IdentityCreated) -> None:
    """Somebody is known to an identity pool for the first time, or is a new guest."""


@observe
async def identities_merged(event: IdentitiesMerged) -> None:
    """Two identities turned out to be one person's: move what is kept of the child to the other."""


@observe
async def identity_deleted(event: IdentityDeleted) -> None:
    """An identity is no more: forget what is kept of it."""


# --- credentials -----------------------------------------------------------------------------------------------------


@amend
async def narrow_credentials(event: NarrowCredentials) -> NarrowCredentials | None:
    """The event with more session policies, or fewer seconds (``dataclasses.replace``), or None."""


@answer
async def issue_credentials(event: IssueCredentials) -> Credentials | None:
    """Credentials of the role, from whoever makes them; or None. Without an answer we make our own."""


# --- protection ------------------------------------------------------------------------------------------------------


@answer
async def over_limit(event: OverLimit) -> bool | None:
    """Whether it is let in although a limit is reached: true for somebody known to be good."""


# --- messages --------------------------------------------------------------------------------------------------------


@amend
async def compose_message(event: ComposeMessage) -> ComposeMessage | None:
    """The event with another subject or body, or None."""


@answer
async def send_message(event: Message) -> Sent | None:
    """Deliver this message, or leave it to the next. Called by the outbox, outside of any request."""


# --- the trail -------------------------------------------------------------------------------------------------------


@observe
async def audit(event: Audit) -> None:
    """Keep a trail elsewhere."""
