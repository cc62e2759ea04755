"""Sign-up, its confirmation by a code, and the code once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from poolhouse.errors import (
    AliasTaken,
    CodeExpired,
    CodeMismatch,
    ConcurrentModification,
    InvalidParameter,
    NotAuthorized,
    Taken,
    UserNotFound,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.accounts.pretended import PretendedSignUps, hides_taken
from poolhouse.flows.accounts.sign_up_plugins import SignUpPlugins, decided
from poolhouse.flows.accounts.unfinished import UnfinishedSignUps
from poolhouse.flows.clients.permitted import HOSTED
from poolhouse.flows.clients.proof import ClientProof
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.naming import contact_to_verify, name_error, place_name, verified
from poolhouse.flows.directory.passwords import Credentials, require_policy
from poolhouse.flows.directory.values import check_values, require_writable
from poolhouse.flows.factors.first import begins_by_code
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.messages import codes
from poolhouse.flows.messages.codes import CodeProcess
from poolhouse.flows.messages.words import delivery, likely_contact
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.flows.sign_in.signed_up import SignUpSessions
from poolhouse.hooks.answers.accounts import SignUpDecision
from poolhouse.ports.origin import by_user
from poolhouse.ports.pools import Pools
from poolhouse.ports.users import NameTaken, Users
from poolhouse.records import names
from poolhouse.records.clients import Client
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, UNCONFIRMED, User


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpRequest:
    """``password`` is empty where the client sent none. ``by_pages``: it comes from the hosted pages; they do not say
    that an address is taken."""

    username: str
    password: str = field(repr=False)
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    validation_data: Mapping[str, str] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    secret_hash: str | None = field(default=None, repr=False)
    by_pages: bool = False


@dataclass(frozen=True, slots=True)
class SignedUp:
    """``delivery`` is None where no code was sent. ``session`` is what the confirmation may be called with, so that a
    sign-in follows; None where none can."""

    user: User
    delivery: Delivery | None
    session: str | None = field(default=None, repr=False)


class SignUp(Flow):
    def __init__(
        self,
        world: World,
        pools: Pools,
        users: Users,
        directory: Directory,
        proof: ClientProof,
        credentials: Credentials,
        code_process: CodeProcess,
        limits: Limits,
        unfinished: UnfinishedSignUps,
        sessions: SignUpSessions,
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._users = users
        self._directory = directory
        self._proof = proof
        self._credentials = credentials
        self._codes = code_process
        self._limits = limits
        self._unfinished = unfinished
        self._sessions = sessions
        self._plugins = SignUpPlugins(world)
        self._pretended = PretendedSignUps(world, directory, credentials, code_process)

    @step("sign_up")
    async def sign_up(self, client: Client, request: SignUpRequest) -> SignedUp:
        """The user exists; where a contact is to be verified, a code is on its way.

        Raises ``NotAuthorized``, ``InvalidParameter``, ``PasswordPolicyViolation``, ``UsernameTaken``, ``AliasTaken``,
        ``TooManyRequests``
        and what ``pre_sign_up`` refuses; ``LimitExceeded`` where the user exists and no code was sent.
        """
        await self._proof.by_hash(client, request.secret_hash, (request.username,))
        await self._limits.admit(Asked.SIGN_UP, client)
        pool = await self._pools.get(client.pool_id)
        if pool.admin_create_only:
            raise NotAuthorized(Reason.SIGN_UP_NOT_PERMITTED)
        username, attributes = place_name(pool, request.username, request.attributes)
        if "preferred_username" in pool.alias_attributes and "preferred_username" in attributes:
            raise InvalidParameter(Reason.PREFERRED_USERNAME_NOT_PROVIDED)
        require_writable(pool, client, request.attributes)
        attributes = check_values(pool, attributes, on="create", who="user")
        if request.password or not begins_by_code(pool):
            require_policy(pool.password_policy, request.password)

        sub = self.world.chance.uuid()
        now = self.world.clock.now()
        draft = User(
            pool_id=pool.id,
            sub=sub,
            username=username or sub,
            created=now,
            modified=now,
            attributes=attributes,
        )
        begun, taken = None, None
        try:
            begun = await self._begun(pool, draft, request.password)
        except Taken as error:
            if not hides_taken(pool, by_pages=request.by_pages):
                raise
            taken = error
        decision = await self._plugins.before(pool, client, draft, request.validation_data, request.metadata)
        try:
            if taken is not None:
                raise taken
            user = begun or await self._add(pool, client, decided(draft, decision), decision, request.password)
        except Taken:
            if not hides_taken(pool, by_pages=request.by_pages) or decision.confirm:
                raise
            sent = await self._pretended.sign_up(pool, client, draft, request.username, request.password)
            return SignedUp(
                draft, sent, None if sent is None else await self._sessions.signed_up(client, draft, HOSTED)
            )
        if user.status == CONFIRMED:
            await self._plugins.after(pool, client, user, request.metadata)
            return SignedUp(user, None)
        contact = contact_to_verify(pool, user)
        if contact is None:
            return SignedUp(user, None)
        target = user.attributes[contact]
        await self._codes.count_letter(pool, attribute=contact, target=target)
        sent = await self._codes.send(
            pool,
            user,
            codes.CONFIRM_SIGN_UP,
            attribute=contact,
            target=target,
            source="CustomMessage_SignUp",
            client_id=client.id,
            metadata=request.metadata,
            counted=False,
        )
        flow = HOSTED if request.by_pages else "USER_AUTH"
        return SignedUp(user, sent, await self._sessions.signed_up(client, user, flow))

    @step("sign_up.confirm")
    async def confirm(
        self,
        client: Client,
        username: str,
        code: str,
        *,
        force_alias: bool = False,
        metadata: Mapping[str, str],
        secret_hash: str | None,
        session: str | None = None,
    ) -> str | None:
        """The user is confirmed, and the contact that the code went to is verified. With the ``session`` of the
        sign-up, what a sign-in may begin with; None without, and where it is good no more.

        Raises ``CodeMismatch``, ``CodeExpired``, ``AliasTaken`` (not with ``force_alias``), ``NotAuthorized`` where the
        user is not unconfirmed, ``LimitExceeded``, ``TooManyRequests``.
        """
        await self._limits.admit(Asked.ANSWER, client)
        pool = await self._pools.get(client.pool_id)
        user = await self._directory.find(pool, username)
        await self._proof.by_hash(client, secret_hash, (username, user.username) if user else (username,))
        if user is None and not client.hides_users:
            raise UserNotFound
        if user is not None and user.status != UNCONFIRMED and not client.hides_users:
            raise _not_confirmable(user)
        subject = user.sub if user else self._directory.stand_in(pool, username)
        try:
            fitting = await self._codes.check(pool, subject, codes.CONFIRM_SIGN_UP, code, user, client_id=client.id)
        except CodeExpired:
            if client.hides_users:
                # Unknown, confirmed already, never asked: one answer.
                raise CodeMismatch from None
            raise
        if user is None:
            raise CodeMismatch
        if user.status != UNCONFIRMED:
            raise _not_confirmable(user)
        confirmed = verified(user, fitting.attribute, fitting.target)
        confirmed = replace(
            confirmed,
            status=CONFIRMED,
            modified=self.world.clock.now(),
            spent={**user.spent, fitting.purpose: fitting.id},
        )
        try:
            confirmed = await self._users.save(pool, confirmed, seize=force_alias)
        except NameTaken as taken:
            raise AliasTaken(taken.name.kind) from None
        except VersionConflict:
            raise CodeExpired from None
        await self._codes.finish(fitting)
        await self.world.audit.note(
            "sign_up.confirmed",
            pool_id=pool.id,
            client_id=client.id,
            subject=user.sub,
            actor=by_user(user.sub),
            facts={"attribute": fitting.attribute},
        )
        await self._plugins.after(pool, client, confirmed, metadata)
        return await self._sessions.confirmed(client, confirmed, session)

    @step("sign_up.confirm_by_admin")
    async def confirm_by_admin(self, pool: Pool, username: str, metadata: Mapping[str, str]) -> None:
        """The user is confirmed; no contact is verified by that. Raises ``UserNotFound``, ``NotAuthorized``."""
        user = await self._directory.require(pool, username)
        if user.status != UNCONFIRMED:
            raise _not_confirmable(user)
        confirmed = replace(user, status=CONFIRMED, modified=self.world.clock.now())
        try:
            confirmed = await self._users.save(pool, confirmed)
        except VersionConflict:
            raise ConcurrentModification from None
        await self.world.audit.note("sign_up.confirmed", pool_id=pool.id, subject=user.sub)
        await self._plugins.after(pool, None, confirmed, metadata)

    @step("sign_up.resend")
    async def resend(
        self, client: Client, username: str, *, metadata: Mapping[str, str], secret_hash: str | None
    ) -> Delivery:
        """A new code is on its way (or seems to be). Raises ``InvalidParameter``, ``UserNotFound``,
        ``LimitExceeded``, ``TooManyRequests``."""
        await self._limits.admit(Asked.CODE, client)
        pool = await self._pools.get(client.pool_id)
        user = await self._directory.find(pool, username)
        await self._proof.by_hash(client, secret_hash, (username, user.username) if user else (username,))
        if user is None and not client.hides_users:
            raise UserNotFound
        contact = contact_to_verify(pool, user) if user else None
        if user is None or (contact is None and client.hides_users):
            subject = user.sub if user else self._directory.stand_in(pool, username)
            order = tuple(key for key in ("phone_number", "email") if key in pool.auto_verified)
            attribute, target = likely_contact(pool, username, self._directory.stand_in_bytes(pool, username), order)
            await self._codes.pretend(
                pool,
                subject,
                codes.CONFIRM_SIGN_UP,
                attribute=attribute,
                target=target,
                client_id=client.id,
                user=user,
            )
            return delivery(attribute, target)
        if user.status != UNCONFIRMED:
            if client.hides_users and contact is not None:
                target = user.attributes[contact]
                await self._codes.pretend(
                    pool,
                    user.sub,
                    codes.CONFIRM_SIGN_UP,
                    attribute=contact,
                    target=target,
                    client_id=client.id,
                    user=user,
                )
                return delivery(contact, target)
            raise InvalidParameter(Reason.USER_CONFIRMED_ALREADY)
        if contact is None:
            raise InvalidParameter(Reason.NOTHING_TO_RESEND)
        return await self._codes.send(
            pool,
            user,
            codes.CONFIRM_SIGN_UP,
            attribute=contact,
            target=user.attributes[contact],
            source="CustomMessage_ResendCode",
            client_id=client.id,
            metadata=metadata,
        )

    async def _begun(self, pool: Pool, draft: User, password: str) -> User | None:
        """The user that the same request has made before, and did not finish; None where nobody has the name. An early
        no, before the slow arithmetic: what counts is ``Users.add``."""
        begun = None
        for held in names.held(pool, draft):
            holder = await self._users.by_name(pool, held)
            if holder is not None and not await self._unfinished.is_begun(pool, holder, draft, password):
                raise name_error(pool, NameTaken(held))
            begun = begun or holder
        return begun

    async def _add(self, pool: Pool, client: Client, user: User, decision: SignUpDecision, password: str) -> User:
        if password:
            user = replace(user, credential=await self._credentials.make(pool, user.username, password))
        try:
            user = await self._users.add(pool, user, seize=decision.verify_email or decision.verify_phone)
        except NameTaken as taken:
            raise name_error(pool, taken) from None
        await self.world.audit.note(
            "sign_up", pool_id=pool.id, client_id=client.id, subject=user.sub, facts={"status": user.status}
        )
        return user


def _not_confirmable(user: User) -> NotAuthorized:
    return NotAuthorized(Reason.USER_NOT_CONFIRMABLE, status=user.status)
