"""Sign-in: a way to begin, and what an answer leads to. The rest is the machine's; what can be asked is the table's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from poolhouse.errors import (
    DeviceNotFound,
    InvalidParameter,
    InvalidSession,
    LimitExceeded,
    MissingParameter,
    NotAuthorized,
    UserDisabled,
    UserNotFound,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.permitted import permits
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.shown import attributes_for_hooks
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.flows.protection.lockout import Ahead, Lockout
from poolhouse.flows.sign_in.basis import basis_of
from poolhouse.flows.sign_in.machine import Machine, Reply, resumed
from poolhouse.flows.sign_in.questions import Given
from poolhouse.flows.sign_in.second_factor import SET_UP
from poolhouse.flows.sign_in.steps import Opening, Opens, Run
from poolhouse.flows.sign_in.table import Table
from poolhouse.flows.sign_in.trail import REFUSALS, note_failure
from poolhouse.hooks import specs
from poolhouse.hooks.answers.sign_in import Next, Passed
from poolhouse.hooks.events.sign_in import PreAuthentication
from poolhouse.ports.pools import Pools
from poolhouse.ports.users import Users
from poolhouse.records.clients import Client
from poolhouse.records.factors import RECOVERY_CODE
from poolhouse.records.grants import BrowserSession
from poolhouse.records.names import LONGEST
from poolhouse.records.pools import Pool
from poolhouse.records.sign_in import Attempt
from poolhouse.records.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a challenge. ``handle`` is that of the attempt; ``meant`` says whether the answer is to the
    challenge of a name. ``srp_a`` is the client's public value, ``device_key`` the device that it says it is on, where
    they came along. ``by_pages``: it comes from the hosted pages, and is to a question of theirs."""

    meant: Callable[[str], bool]
    handle: str = field(repr=False)
    username: str
    given: Given
    srp_a: str | None = field(default=None, repr=False)
    device_key: str | None = None
    secret_hash: str | None = field(default=None, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    by_pages: bool = False


class SignIn(Flow):
    def __init__(
        self,
        world: World,
        pools: Pools,
        users: Users,
        machine: Machine,
        directory: Directory,
        secrets: ClientSecrets,
        table: Table,
        limits: Limits,
        lockout: Lockout,
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._users = users
        self._machine = machine
        self._directory = directory
        self._secrets = secrets
        self._limits = limits
        self._lockout = lockout
        self._second = table.second
        self._alone = table.alone
        self._public: dict[str, Opens] = {flow: way for way in table.openings for flow in way.public}
        self._by_admin: dict[str, Opens] = {flow: way for way in table.openings for flow in way.by_admin}
        self._by_pages: dict[str, Opens] = {flow: way for way in table.openings for flow in way.by_pages}

    @step("sign_in.initiate")
    async def initiate(self, client: Client, opening: Opening) -> Reply:
        """A question, or the end. The order of the checks is the contract's (authentication, section 4).

        Raises ``InvalidParameter`` for a flow that is none, or not this client's, and for what is missing;
        ``NotAuthorized``, ``UserNotFound``, ``UserDisabled``, and what the way to begin raises.
        """
        flow = opening.flow
        way = self._ways_of(opening).get(flow)
        if way is None:
            raise InvalidParameter(Reason.AUTH_METHOD_NOT_SUPPORTED)
        if not permits(client, flow):
            raise _not_enabled(flow, by_admin=flow not in self._public)
        submitted = opening.username
        if not submitted:
            raise MissingParameter("USERNAME")
        if len(submitted) > LONGEST:
            raise InvalidParameter(Reason.USERNAME_TOO_LONG)
        way.require(opening)
        await self._limits.admit(Asked.SIGN_IN, client)
        pool = await self._pools.get(client.pool_id)
        ahead = self._lockout.ahead(pool.id) if self._is_free_to_guess(pool, client, way, opening) else None
        user: User | None = None
        event_id = self.world.chance.uuid()
        try:
            user = await self._directory.find(pool, submitted, ahead.count if ahead is not None else None)
            return await self._begin(pool, client, user, way, opening, submitted, event_id, ahead)
        except REFUSALS as refused:
            sub = user.sub if user else None
            await note_failure(self.world.audit, client, refused, sub=sub, flow=flow, event_id=event_id)
            raise
        finally:
            if ahead is not None:
                await ahead.settle()

    def _is_free_to_guess(self, pool: Pool, client: Client, way: Opens, opening: Opening) -> bool:
        """Whether an attempt at a password can be counted before the user's record was read: the client has proven
        itself, and no plugin is to be asked first."""
        if not way.is_guess(opening) or self.world.hooks.implements(specs.pre_authentication, pool):
            return False
        try:
            self._secrets.check_hash(client, opening.secret_hash, (opening.username or "",))
        except NotAuthorized:
            return False
        return True

    async def _begin(
        self,
        pool: Pool,
        client: Client,
        user: User | None,
        way: Opens,
        opening: Opening,
        submitted: str,
        event_id: str,
        ahead: Ahead | None,
    ) -> Reply:
        self._secrets.check_hash(client, opening.secret_hash, (submitted, user.username) if user else (submitted,))
        if user is None and not client.hides_users and not way.migrates:
            raise UserNotFound
        if user is not None or client.hides_users:
            await self._pre_authentication(pool, client, user, submitted, opening.metadata)
        # Where the client may not learn who exists, the same is said after the first proof.
        if user is not None and not user.enabled and not client.hides_users:
            raise UserDisabled
        run = Run(
            pool=pool,
            client=client,
            user=user,
            submitted=submitted,
            flow=opening.flow,
            event_id=event_id,
            subject=user.sub if user else self._directory.stand_in(pool, submitted),
            srp_a=opening.srp_a,
            device_key=opening.device_key,
            ahead=ahead,
        )
        return await self._machine.go_on(*await way.begin(run, opening))

    @step("sign_in.initiate_without_name")
    async def initiate_without_name(self, client: Client, flow: str) -> Reply:
        """A passkey of whomever is asked for (``openings/passkey.py``), in a sign-in by this flow.

        Raises ``InvalidParameter`` where the client has no such flow, or the pool no passkeys; ``TooManyRequests``.
        """
        if not permits(client, flow):
            raise _not_enabled(flow, by_admin=False)
        await self._limits.admit(Asked.SIGN_IN, client)
        pool = await self._pools.get(client.pool_id)
        event_id = self.world.chance.uuid()
        run = Run(pool=pool, client=client, user=None, submitted="", flow=flow, event_id=event_id, subject="")
        return await self._machine.go_on(*self._alone.begin(run))

    async def _claimed(self, client: Client, attempt: Attempt, answer: Answer) -> Attempt:
        """The attempt of whose passkey answers. Who that is was not known before, so plugins hear of it now."""
        pool = await self._pools.get(attempt.pool_id)
        async with self._machine.holding(attempt):
            claimed, user = await self._alone.claimed(pool, attempt, answer.given)
        await self._pre_authentication(pool, client, user, "", answer.metadata)
        return claimed

    @step("sign_in.respond")
    async def respond(self, client: Client, answer: Answer) -> Reply:
        """The next question, or the end.

        Raises ``InvalidSession`` for a handle that is spent, foreign, malformed or for another challenge, and what the
        challenge raises for a wrong answer.
        """
        attempt: Attempt | None = None
        try:
            self._secrets.check_hash(client, answer.secret_hash, (answer.username,))
            await self._limits.admit(Asked.ANSWER, client)
            attempt = await self._machine.take(client, answer.handle, answer.username, answer.meant)
            if answer.by_pages is not (attempt.flow in self._by_pages):
                raise InvalidSession
            if self._alone.is_of(attempt):
                attempt = await self._claimed(client, attempt, answer)
            try:
                return await self._respond(client, attempt, answer)
            except DeviceNotFound:
                # SDKs forget the device, and send the same answer once more.
                await self._machine.give_back(attempt)
                raise
        except REFUSALS as refused:
            await note_failure(
                self.world.audit,
                client,
                refused,
                sub=attempt.user_sub if attempt else None,
                flow=attempt.flow if attempt else None,
                event_id=attempt.event_id if attempt else None,
            )
            raise

    async def _respond(self, client: Client, attempt: Attempt, answer: Answer) -> Reply:
        ahead = self._machine.ahead(attempt, answer.given)
        try:
            return await self._go_on(client, attempt, answer, ahead)
        finally:
            if ahead is not None:
                await ahead.settle()

    async def _go_on(self, client: Client, attempt: Attempt, answer: Answer, ahead: Ahead | None) -> Reply:
        run = await self.resume(client, attempt, answer.metadata, answer.srp_a, answer.device_key, ahead)
        challenge = attempt.challenge
        async with self._machine.holding(attempt):
            instead = self._second.instead(run, challenge, answer.given)
        if isinstance(instead, Next):
            try:
                return await self._machine.go_on(run, instead)
            except LimitExceeded:
                # No further code goes out, and the one that did is as good as before.
                await self._machine.give_back(attempt)
                raise
        if instead is not None:
            challenge = RECOVERY_CODE
            run, outcome = await self._machine.check(run, attempt, instead, challenge)
        else:
            run, outcome = await self._machine.check(run, attempt, answer.given)
        if isinstance(outcome, Next) and challenge == SET_UP:
            try:
                return await self._machine.go_on(run, outcome)
            except LimitExceeded:
                # No code goes out: the contact can be another one, or the same later.
                await self._machine.give_back(attempt)
                raise
        way = self._public.get(attempt.flow) or self._by_pages.get(attempt.flow) or self._by_admin[attempt.flow]
        further = await way.after(run, challenge, outcome)
        if further is not outcome and isinstance(outcome, Passed):
            # The way to begin wants more, or has something of its own to say; what was proven stays proven.
            run = replace(run.proven(challenge, outcome), now=None)
            return await self._machine.go_on(run, further)
        return await self._machine.go_on(run, further, challenge)

    async def resume(
        self,
        client: Client,
        attempt: Attempt,
        metadata: Mapping[str, str],
        srp_a: str | None = None,
        device_key: str | None = None,
        ahead: Ahead | None = None,
    ) -> Run:
        """The sign-in that the attempt was put away from, if everything about it still holds. Raises
        ``InvalidSession``."""
        pool = await self._pools.get(attempt.pool_id)
        user = None
        if attempt.user_sub:
            user = await self._users.get(pool.id, attempt.user_sub)
        else:
            await self._users.nobody(pool, attempt.username)
        if attempt.user_sub and user is None:
            raise InvalidSession
        # What was decided at the opening is decided again (security rows 13, 21).
        if not permits(client, attempt.flow) or (user is not None and attempt.basis != basis_of(user)):
            raise InvalidSession
        return resumed(attempt, pool, client, user, metadata, srp_a, device_key, ahead)

    async def missing(self, client: Client, user: User, proofs: tuple[str, ...]) -> str | None:
        """The challenge of a second factor that is due after these proofs; None where none is. Nothing is asked by
        this."""
        run = self._rising(await self._pools.get(client.pool_id), client, user, proofs, None)
        return await self._second.applies(run.seen())

    @step("sign_in.step_up")
    async def step_up(self, client: Client, user: User, session: BrowserSession, flow: str) -> Reply:
        """The question of the second factor that the session lacks. Whoever answers it has proven what was proven
        in the session, and this.

        Raises ``InvalidParameter`` where nothing is missing, or the client has no such flow; ``TooManyRequests``.
        """
        if not permits(client, flow):
            raise InvalidParameter(Reason.AUTH_METHOD_NOT_SUPPORTED)
        await self._limits.admit(Asked.SIGN_IN, client)
        run = self._rising(await self._pools.get(client.pool_id), client, user, session.proofs, session.id, flow)
        due = await self._second.applies(run.seen())
        if due is None:
            raise InvalidParameter(Reason.FACTOR_NOT_AVAILABLE)
        return await self._machine.go_on(run, Next(due))

    def _rising(
        self, pool: Pool, client: Client, user: User, proofs: tuple[str, ...], session: str | None, flow: str = ""
    ) -> Run:
        return Run(
            pool=pool,
            client=client,
            user=user,
            submitted=user.username,
            flow=flow,
            event_id=self.world.chance.uuid(),
            subject=user.sub,
            proofs=proofs,
            session=session,
        )

    def _ways_of(self, opening: Opening) -> Mapping[str, Opens]:
        if opening.by_pages:
            return self._by_pages
        return self._by_admin if opening.by_admin else self._public

    async def _pre_authentication(
        self, pool: Pool, client: Client, user: User | None, submitted: str, metadata: Mapping[str, str]
    ) -> None:
        if not self.world.hooks.implements(specs.pre_authentication, pool):
            return
        event = PreAuthentication(
            pool_id=pool.id,
            client_id=client.id,
            username=user.username if user else submitted,
            attributes=attributes_for_hooks(user) if user else {},
            validation_data=metadata,
            user_not_found=user is None,
        )
        await self.world.hooks.all(specs.pre_authentication, event, pool)


def _not_enabled(flow: str, *, by_admin: bool) -> InvalidParameter:
    if by_admin:
        return InvalidParameter(Reason.FLOW_NOT_ENABLED_FOR_CLIENT)
    if flow == "USER_PASSWORD_AUTH":
        return InvalidParameter(Reason.PASSWORD_FLOW_NOT_ENABLED, flow=flow)
    return InvalidParameter(Reason.AUTH_FLOW_NOT_ENABLED, flow=flow)
