"""Sign-in: the openings, and what an answer leads to. The rest is the machine's.

======================= ===========================================================================================
USER_PASSWORD_AUTH      the password in the request; the only kind (with its administrator twin) that can migrate
USER_SRP_AUTH           the challenge PASSWORD_VERIFIER; the password never travels
CUSTOM_AUTH             whatever plugins define
======================= ===========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_fields

from msgspec.structs import replace

from poolhouse.errors import (
    AttemptsExceeded,
    InvalidParameter,
    InvalidSession,
    NotOffered,
    PasswordResetRequired,
    PluginAnswerInvalid,
    UserDisabled,
    UserNotFound,
    VersionConflict,
    WrongCredentials,
)
from poolhouse.flows.claims import attributes_for_hooks
from poolhouse.flows.clients import ClientAdministration, permits
from poolhouse.flows.credentials import Credentials
from poolhouse.flows.custom import CustomChallenge, round_result
from poolhouse.flows.directory import Directory
from poolhouse.flows.flow import Flow, Kit, step
from poolhouse.flows.lockout import Lockout
from poolhouse.flows.machine import CUSTOM, Machine, Reply, Run, basis_of, require_answer
from poolhouse.flows.migration import Migration
from poolhouse.flows.names import LONGEST
from poolhouse.flows.srp import NAME as PASSWORD_VERIFIER
from poolhouse.flows.srp import PasswordVerifier
from poolhouse.hooks import specs
from poolhouse.hooks.answers import Passed, SignInState
from poolhouse.records import Attempt, Client, Pool, User

PASSWORD_FLOWS = ("USER_PASSWORD_AUTH",)
ADMIN_PASSWORD_FLOWS = ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
REFRESH_FLOWS = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")
_PUBLIC = frozenset((*PASSWORD_FLOWS, "USER_SRP_AUTH", "CUSTOM_AUTH", "USER_AUTH"))
_ADMIN = frozenset((*ADMIN_PASSWORD_FLOWS, "USER_SRP_AUTH", "CUSTOM_AUTH", "USER_AUTH"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first request of a sign-in. ``by_admin``: it came over the signed operation."""

    flow: str
    parameters: Mapping[str, str] = field(repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    by_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a challenge. ``handle`` is the session; None where the SRP secret block stands for it."""

    challenge: str
    handle: str | None = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)


class SignIn(Flow):
    def __init__(
        self,
        kit: Kit,
        machine: Machine,
        directory: Directory,
        clients: ClientAdministration,
        credentials: Credentials,
        lockout: Lockout,
        migration: Migration,
        verifier: PasswordVerifier,
        custom: CustomChallenge,
    ) -> None:
        super().__init__(kit)
        self._machine = machine
        self._directory = directory
        self._clients = clients
        self._credentials = credentials
        self._lockout = lockout
        self._migration = migration
        self._verifier = verifier
        self._custom = custom

    @step("sign_in.initiate")
    async def initiate(self, client: Client, opening: Opening) -> Reply:
        """A challenge, or tokens. The order of the checks is the contract's (authentication, section 4)."""
        flow = opening.flow
        if flow not in (_ADMIN if opening.by_admin else _PUBLIC):
            raise InvalidParameter("Initiate Auth method not supported.")
        if not permits(client, flow):
            raise InvalidParameter(_not_enabled(flow))
        if flow == "USER_AUTH":
            raise NotOffered("USER_AUTH is not offered by this server yet.")
        submitted = require_answer(opening.parameters, "USERNAME")
        if len(submitted) > LONGEST:
            raise InvalidParameter("USERNAME is too long.")
        by_password = flow in (*PASSWORD_FLOWS, *ADMIN_PASSWORD_FLOWS)
        if by_password:
            require_answer(opening.parameters, "PASSWORD")
        starts_with_srp = flow == "USER_SRP_AUTH" or opening.parameters.get("CHALLENGE_NAME") == "SRP_A"
        if starts_with_srp:
            require_answer(opening.parameters, "SRP_A")
        pool = await self.kit.pools.get(client.pool_id)
        user = await self._directory.find(pool, submitted)
        self._clients.check_secret_hash(
            client, opening.parameters.get("SECRET_HASH"), (submitted, user.username) if user else (submitted,)
        )
        if user is None and not by_password and not client.hides_users:
            raise UserNotFound
        state = SignInState(pool=pool, client=client, user=user, submitted=submitted, flow=flow)
        run = Run(
            state=state,
            event_id=self.kit.chance.uuid(),
            subject=user.sub if user else self._directory.stand_in(pool, submitted),
        )
        if by_password:
            return await self._by_password(run, opening)
        await self._pre_authentication(state, opening.metadata)
        self._refuse_early(client, user)
        if flow == "CUSTOM_AUTH":
            self._custom.require_configured()
            if starts_with_srp:
                run = with_fields(run, history=(round_result("SRP_A", True),))
            return await self._next_round(run, {}, opening.parameters)
        return await self._ask_srp(run, opening.parameters)

    @step("sign_in.respond")
    async def respond(self, client: Client, answer: Answer) -> Reply:
        """The next challenge, or tokens.

        Raises ``InvalidSession`` for a handle that is spent, foreign, malformed or for another challenge, and what the
        challenge raises for a wrong answer.
        """
        submitted = require_answer(answer.answers, "USERNAME")
        handle = answer.handle
        if answer.challenge == PASSWORD_VERIFIER:
            block = require_answer(answer.answers, "PASSWORD_CLAIM_SECRET_BLOCK")
            handle = block if handle is None else handle
        if handle is None:
            raise InvalidParameter("Missing required parameter Session")
        self._clients.check_secret_hash(client, answer.answers.get("SECRET_HASH"), (submitted,))
        attempt = await self._machine.answer(client.pool_id, client.id, answer.challenge, handle, submitted)
        run = await self._resume(client, attempt, answer.metadata)
        if attempt.challenge == CUSTOM:
            return await self._after_custom(run, attempt, answer)
        await self._check(run, attempt, answer)
        if attempt.flow == "CUSTOM_AUTH" and attempt.challenge == PASSWORD_VERIFIER:
            run = with_fields(run, history=(*run.history, round_result(PASSWORD_VERIFIER, True)))
            return await self._next_round(run, answer.metadata, {})
        return await self._machine.proceed(run, attempt.challenge, answer.metadata)

    async def _check(self, run: Run, attempt: Attempt, answer: Answer) -> None:
        try:
            passed = await self._machine.check(run, attempt, answer.answers)
        except (WrongCredentials, AttemptsExceeded):
            await self._note_failure(run)
            raise
        if not isinstance(passed, Passed):
            # Nothing but a proof is a proof, whatever a plugin returned (security row 29).
            raise PluginAnswerInvalid("VerifyAuthChallengeResponse", attempt.challenge)

    async def _by_password(self, run: Run, opening: Opening) -> Reply:
        """The password is checked, against the record or by a plugin that knows the user from elsewhere."""
        state = run.state
        pool, client = state.pool, state.client
        password = opening.parameters["PASSWORD"]
        if state.user is not None or client.hides_users:
            await self._pre_authentication(state, opening.metadata)
        self._refuse_early(client, state.user)
        if state.user is not None and state.user.credential is None and not client.hides_users:
            raise PasswordResetRequired
        try:
            async with self._lockout.attempt(pool.id, run.subject):
                user = state.user
                if user is None:
                    user = await self._migration.for_sign_in(pool, client, state.submitted, password, opening.metadata)
                    if user is None and not client.hides_users:
                        raise UserNotFound
                stored = state.user.credential.hash if state.user and state.user.credential else None
                fits = await self.kit.passwords.verify(password, stored) if user is state.user else True
                if user is None or not fits:
                    raise WrongCredentials
        except (WrongCredentials, AttemptsExceeded):
            await self._note_failure(run)
            raise
        if user is state.user:
            user = await self._upgraded(pool, user, password)
        run = with_fields(run, state=with_fields(state, user=user), subject=user.sub)
        return await self._machine.proceed(run, "password", {})

    async def _upgraded(self, pool: Pool, user: User, password: str) -> User:
        """The user with a hash of today's parameters, and a verifier where SRP clients came later."""
        credential = user.credential
        if credential is None:
            return user
        outdated = self.kit.passwords.is_outdated(credential.hash)
        unverified = credential.srp is None and await self.kit.clients.uses_srp(pool.id)
        if not (outdated or unverified):
            return user
        fresh = await self._credentials.make(pool, user.username, password)
        try:
            return await self.kit.users.save(pool, replace(user, credential=replace(fresh, set_at=credential.set_at)))
        except VersionConflict:
            # Somebody changed the record meanwhile; the next sign-in upgrades it.
            return user

    async def _ask_srp(self, run: Run, parameters: Mapping[str, str]) -> Reply:
        asked = await self._verifier.open(run.state, require_answer(parameters, "SRP_A"))
        return await self._machine.ask(run, PASSWORD_VERIFIER, asked)

    async def _next_round(self, run: Run, metadata: Mapping[str, str], parameters: Mapping[str, str]) -> Reply:
        decision = await self._custom.decide(run, metadata)
        if decision.issue_tokens:
            return await self._machine.proceed(run, CUSTOM, metadata)
        if decision.challenge == CUSTOM:
            return await self._machine.ask(run, CUSTOM, await self._custom.create(run, metadata))
        if decision.challenge == PASSWORD_VERIFIER and "SRP_A" in parameters:
            return await self._ask_srp(run, parameters)
        raise PluginAnswerInvalid("DefineAuthChallenge", "define_challenge")

    async def _after_custom(self, run: Run, attempt: Attempt, answer: Answer) -> Reply:
        try:
            right = await self._custom.is_right(run, attempt.private, answer.answers)
        except InvalidParameter:
            await self.kit.attempts.put(attempt)
            raise
        if not right:
            await self._note_failure(run)
        metadata = attempt.private.get("metadata")
        run = with_fields(run, history=(*run.history, round_result(CUSTOM, right, metadata)))
        return await self._next_round(run, answer.metadata, {})

    async def _resume(self, client: Client, attempt: Attempt, metadata: Mapping[str, str]) -> Run:
        pool = await self.kit.pools.get(attempt.pool_id)
        user = await self.kit.users.get(pool.id, attempt.user_sub) if attempt.user_sub else None
        if attempt.user_sub and user is None:
            raise InvalidSession
        # What was decided at the opening is decided again (security rows 13, 21).
        if not permits(client, attempt.flow) or (user is not None and attempt.basis != basis_of(user)):
            raise InvalidSession
        state = SignInState(
            pool=pool,
            client=client,
            user=user,
            submitted=attempt.submitted,
            flow=attempt.flow,
            proofs=attempt.proofs,
            metadata=metadata,
        )
        return Run(
            state=state,
            event_id=attempt.event_id,
            subject=user.sub if user else attempt.username,
            history=attempt.history,
        )

    async def _pre_authentication(self, state: SignInState, metadata: Mapping[str, str]) -> None:
        if not self.kit.hooks.implements(specs.pre_authentication):
            return
        event = specs.PreAuthentication(
            pool_id=state.pool.id,
            client_id=state.client.id,
            username=state.user.username if state.user else state.submitted,
            attributes=attributes_for_hooks(state.user) if state.user else {},
            validation_data=metadata,
            user_not_found=state.user is None,
        )
        await self.kit.hooks.all(specs.pre_authentication, event)

    def _refuse_early(self, client: Client, user: User | None) -> None:
        # Where the client may not learn who exists, the same is said after the first proof.
        if user is not None and not user.enabled and not client.hides_users:
            raise UserDisabled

    async def _note_failure(self, run: Run) -> None:
        state = run.state
        await self.kit.audit.note(
            "sign_in.failed",
            pool_id=state.pool.id,
            client_id=state.client.id,
            subject=state.user.sub if state.user else None,
            facts={"flow": state.flow, "event_id": run.event_id},
        )


def _not_enabled(flow: str) -> str:
    if flow in ADMIN_PASSWORD_FLOWS:
        return "Auth flow not enabled for this client"
    if flow in PASSWORD_FLOWS:
        return f"{flow} flow not enabled for this client"
    return f"{flow} is not enabled for the client."
