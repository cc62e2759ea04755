"""The one resumable machine of a sign-in: an opening, then stages; each asks a challenge or does not apply.

An attempt is a frozen value. It is put into the store when something is asked, and taken out with the answer, so that
each handle works once, even for two requests at the same moment.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as with_fields

from msgspec.structs import replace

from poolhouse.errors import (
    CodeMismatch,
    Invalid,
    InvalidParameter,
    InvalidSession,
    NotAuthorized,
    PasswordResetRequired,
    TooManyRequests,
    UserDisabled,
    UserNotConfirmed,
    WrongCredentials,
)
from poolhouse.flows.claims import attributes_for_hooks
from poolhouse.flows.flow import Flow, Kit
from poolhouse.flows.grants import Grants, TokenSet
from poolhouse.flows.lockout import Lockout
from poolhouse.flows.names import canonical
from poolhouse.hooks import specs
from poolhouse.hooks.answers import Asked, Challenge, Passed, SignInState, Stage
from poolhouse.records import FORCE_CHANGE_PASSWORD, RESET_REQUIRED, UNCONFIRMED, Attempt, User

WRONG_ANSWERS = 5
"""Per handle. The lockout counts them too, per user."""

_REMEMBERED = 600
"""Seconds that a handle is kept after its end, to say that it has expired."""

CUSTOM = "CUSTOM_CHALLENGE"

FIELD_CHALLENGES = frozenset(
    {
        CUSTOM,
        "ADMIN_NO_SRP_AUTH",
        "DEVICE_PASSWORD_VERIFIER",
        "DEVICE_SRP_AUTH",
        "EMAIL_OTP",
        "MFA_SETUP",
        "NEW_PASSWORD_REQUIRED",
        "PASSWORD",
        "PASSWORD_SRP",
        "PASSWORD_VERIFIER",
        "SELECT_CHALLENGE",
        "SELECT_MFA_TYPE",
        "SMS_MFA",
        "SMS_OTP",
        "SOFTWARE_TOKEN_MFA",
        "WEB_AUTHN",
    }
)
"""Challenges that the field's clients know by name."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The client has to answer ``challenge``, with this handle."""

    challenge: str
    handle: str = field(repr=False)
    public: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the client is told; the handle can be in it, in other letters."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    tokens: TokenSet


Reply = Asking | SignedIn


@dataclass(frozen=True, slots=True)
class Run:
    """A sign-in in this very request: its state for the challenges, and what only the machine knows of it.

    ``history`` is the custom challenge session so far.
    """

    state: SignInState
    event_id: str
    subject: str
    history: tuple[dict[str, object], ...] = ()


def encode_handle(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_handle(text: str) -> bytes:
    """The 32 bytes of a handle, in either base64 alphabet. Raises ``InvalidSession``."""
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSession from None
    if len(raw) != 32:
        raise InvalidSession
    return raw


def _plain(name: str) -> str:
    # The handle binds; the name that comes with it only has to be the one that was meant, in whatever case.
    return canonical("username", name, case_sensitive=False)


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


class Machine(Flow):
    def __init__(
        self,
        kit: Kit,
        grants: Grants,
        lockout: Lockout,
        challenges: Sequence[Challenge],
        stages: Sequence[Stage],
    ) -> None:
        super().__init__(kit)
        self._grants = grants
        self._lockout = lockout
        self._challenges = {challenge.name: challenge for challenge in challenges}
        if len(self._challenges) != len(challenges):
            raise ValueError("two challenges have the same name")
        self._stages = sorted(stages, key=lambda stage: stage.order)

    async def ask(self, run: Run, challenge: str, asked: Asked) -> Asking:
        """The attempt waits for the answer to ``challenge``. Handles named in ``public`` as an empty ``SECRET_BLOCK``
        get the handle in plain base64, as SRP clients send it back."""
        raw = self.kit.chance.raw(32)
        now = self.kit.clock.now()
        state = run.state
        await self.kit.attempts.put(
            Attempt(
                handle=_digest(raw),
                pool_id=state.pool.id,
                client_id=state.client.id,
                submitted=state.submitted,
                flow=state.flow,
                challenge=challenge,
                created=now,
                expires=now + state.client.session_validity,
                event_id=run.event_id,
                user_sub=state.user.sub if state.user else None,
                username=state.user.username if state.user else run.subject,
                private=dict(asked.private),
                proofs=state.proofs,
                history=run.history,
                basis=basis_of(state.user) if state.user else "",
            )
        )
        public = dict(asked.public)
        if public.get("SECRET_BLOCK") == "":
            public["SECRET_BLOCK"] = base64.b64encode(raw).decode()
        return Asking(self.public_name(challenge), encode_handle(raw), public)

    async def answer(self, pool_id: str, client_id: str, challenge: str, handle: str, submitted: str | None) -> Attempt:
        """The attempt that waits for this answer; nobody else gets it. Raises ``InvalidSession``.

        ``submitted`` is the user name that came with the answer: it has to be that of the attempt.
        """
        attempt = await self.kit.attempts.take(pool_id, _digest(decode_handle(handle)))
        if attempt is None or attempt.client_id != client_id or attempt.pool_id != pool_id:
            raise InvalidSession
        if not self.kit.clock.now() < attempt.expires:
            raise InvalidSession("Invalid session for the user, session is expired.")
        if challenge not in (attempt.challenge, self.public_name(attempt.challenge)):
            raise InvalidSession
        if submitted is None or _plain(submitted) not in map(_plain, (attempt.submitted, attempt.username)):
            raise InvalidSession
        return attempt

    def public_name(self, challenge: str) -> str:
        """The name under which clients know a challenge: those of plugins are custom challenges to them."""
        known = challenge if challenge in FIELD_CHALLENGES else CUSTOM
        return getattr(self._challenges[challenge], "public_name", known)

    async def check(self, run: Run, attempt: Attempt, answers: Mapping[str, str]) -> Passed:
        """What the attempt's challenge says to the answers. A wrong answer, or one that cannot be meant, leaves the
        attempt usable with the same handle: nothing is lost by a slip."""
        challenge = self._challenges[attempt.challenge]
        try:
            if getattr(challenge, "counts_itself", False):
                return await challenge.check(run.state, attempt.private, answers)
            async with self._lockout.attempt(run.state.pool.id, run.subject, attempt.challenge):
                return await challenge.check(run.state, attempt.private, answers)
        except CodeMismatch:
            if attempt.wrong + 1 < WRONG_ANSWERS:
                await self.kit.attempts.put(replace(attempt, wrong=attempt.wrong + 1))
            raise
        except (Invalid, TooManyRequests):
            await self.kit.attempts.put(attempt)
            raise

    async def proceed(self, run: Run, proof: str, metadata: Mapping[str, str]) -> Reply:
        """What comes after a proof: the next stage that applies, or the tokens."""
        state = run.state
        if state.user is None:
            # Whatever was proven, there is nobody to sign in (security row 48).
            raise WrongCredentials
        user = await self.kit.users.get(state.pool.id, state.user.sub)
        if user is None:
            raise WrongCredentials
        require_state(user, self.kit.clock.now())
        state = with_fields(state, user=user, proofs=(*state.proofs, proof), metadata=metadata)
        run = with_fields(run, state=state)
        for stage in self._stages:
            due = await stage.applies(state)
            if due is not None and due not in state.proofs:
                return await self.ask(run, due, await self._challenges[due].ask(state))
        return await self._finish(run, user, metadata)

    async def _finish(self, run: Run, user: User, metadata: Mapping[str, str]) -> SignedIn:
        state = run.state
        if self.kit.hooks.implements(specs.post_authentication):
            await self.kit.hooks.all(
                specs.post_authentication,
                specs.PostAuthentication(
                    pool_id=state.pool.id,
                    client_id=state.client.id,
                    username=user.username,
                    attributes=attributes_for_hooks(user),
                    client_metadata=metadata,
                ),
            )
        by_new_password = state.proofs[-1] == "NEW_PASSWORD_REQUIRED"
        tokens = await self._grants.open(
            state.pool,
            state.client,
            user,
            event_id=run.event_id,
            source="TokenGeneration_NewPasswordChallenge" if by_new_password else "TokenGeneration_Authentication",
            metadata=metadata,
            flow=state.flow,
        )
        return SignedIn(tokens)


def basis_of(user: User) -> str:
    """Changes when the user's password does, and with every disabling or sign-out everywhere: what was proven before
    counts no more after."""
    return f"{user.epoch}/{_digest(user.credential.hash.encode()) if user.credential else '-'}"


def require_state(user: User, now: float) -> None:
    """The user's state lets a sign-in go on. Asked only after the first proof, so that a wrong password tells nothing.

    Raises ``UserDisabled``, ``UserNotConfirmed``, ``PasswordResetRequired``, ``NotAuthorized``.
    """
    if not user.enabled:
        raise UserDisabled
    if user.status == UNCONFIRMED:
        raise UserNotConfirmed
    if user.status == RESET_REQUIRED:
        raise PasswordResetRequired
    if user.status == FORCE_CHANGE_PASSWORD and user.temporary_until is not None and not now < user.temporary_until:
        raise NotAuthorized("Temporary password has expired and must be reset by an administrator.")


def require_answer(answers: Mapping[str, str], name: str) -> str:
    """Raises ``InvalidParameter``."""
    value = answers.get(name)
    if not value:
        raise InvalidParameter(f"Missing required parameter {name}")
    return value
