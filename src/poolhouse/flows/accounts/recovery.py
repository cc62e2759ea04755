"""Forgotten passwords: a code to a verified contact, and a new password for the code (security row 1)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from poolhouse.errors import (
    CodeExpired,
    CodeMismatch,
    ConcurrentModification,
    InvalidParameter,
    NotAuthorized,
    UserDisabled,
    UserNotFound,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.proof import ClientProof
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.naming import contact_to_verify, verified
from poolhouse.flows.directory.passwords import Credentials, require_policy
from poolhouse.flows.directory.shown import attributes_for_hooks
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.grants.sessions import BrowserSessions
from poolhouse.flows.messages import codes
from poolhouse.flows.messages.codes import CodeProcess
from poolhouse.flows.messages.words import delivery, likely_contact
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.flows.sign_in.migration import Migration
from poolhouse.hooks import specs
from poolhouse.hooks.events.accounts import PostConfirmation
from poolhouse.ports.origin import by_user
from poolhouse.ports.pools import Pools
from poolhouse.ports.protection import Counters
from poolhouse.ports.users import NameTaken, Users
from poolhouse.records.clients import Client
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, RESET_REQUIRED, UNCONFIRMED, User

_RESETTABLE = frozenset({CONFIRMED, RESET_REQUIRED, UNCONFIRMED})
"""In any other state, also one that only a later version knows, no code is sent and none is good (decision 0008)."""


class Recovery(Flow):
    """``ends_sessions``: whether a recovery, and a reset by an administrator, end what was given to the user until
    then; ``forgets_devices``: whether no device is remembered any more. Whoever took the account over has tokens too,
    and a device."""

    def __init__(
        self,
        world: World,
        pools: Pools,
        users: Users,
        counters: Counters,
        directory: Directory,
        proof: ClientProof,
        credentials: Credentials,
        code_process: CodeProcess,
        lockout: Lockout,
        migration: Migration,
        limits: Limits,
        sessions: BrowserSessions,
        *,
        ends_sessions: bool = True,
        forgets_devices: bool = True,
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._users = users
        self._counters = counters
        self._directory = directory
        self._proof = proof
        self._credentials = credentials
        self._codes = code_process
        self._lockout = lockout
        self._migration = migration
        self._limits = limits
        self._sessions = sessions
        self._ends_sessions = ends_sessions
        self._forgets_devices = forgets_devices

    @step("recovery.start")
    async def start(
        self, client: Client, username: str, *, metadata: Mapping[str, str], secret_hash: str | None
    ) -> Delivery:
        """A code is on its way to a verified contact, or seems to be. The present password keeps working.

        Raises ``UserNotFound``, ``InvalidParameter`` (no contact), ``NotAuthorized`` (state, disabled, administrators
        only), ``LimitExceeded``, ``TooManyRequests``; where the client may not learn who exists, only the last two.
        """
        await self._limits.admit(Asked.CODE, client)
        pool = await self._pools.get(client.pool_id)
        user = await self._directory.find(pool, username)
        await self._proof.by_hash(client, secret_hash, (username, user.username) if user else (username,))
        if _administrators_only(pool):
            raise NotAuthorized(Reason.ONLY_ADMINISTRATORS_RESET)
        try:
            if user is None:
                user = await self._migration.for_recovery(pool, client, username, metadata)
            if user is None:
                raise UserNotFound
            contact = self._contact(pool, user)
        except (UserNotFound, InvalidParameter, NotAuthorized):
            if not client.hides_users:
                raise
            return await self._pretend(pool, client, user, username)
        return await self._send(pool, user, contact, client_id=client.id, metadata=metadata)

    async def _pretend(self, pool: Pool, client: Client, user: User | None, username: str) -> Delivery:
        """Nothing is sent, and the answer is the one that somebody would get who can recover."""
        order = _order(pool)
        subject = user.sub if user else self._directory.stand_in(pool, username)
        attribute, target = likely_contact(pool, username, self._directory.stand_in_bytes(pool, username), order)
        if user is not None:
            held = [key for key in order if user.attributes.get(key)]
            # Where nothing is verified yet: what will be. It does not change when it is.
            first = contact_to_verify(pool, user)
            held.sort(key=lambda key: 0 if user.has_verified(key) else 1 + (key != first))
            if held:
                attribute, target = held[0], user.attributes[held[0]]
        await self._codes.pretend(
            pool,
            subject,
            codes.FORGOT_PASSWORD,
            attribute=attribute,
            target=target,
            client_id=client.id,
            user=user,
        )
        return delivery(attribute, target)

    async def _send(
        self,
        pool: Pool,
        user: User,
        contact: str,
        *,
        client_id: str | None,
        metadata: Mapping[str, str],
        counted: bool = True,
    ) -> Delivery:
        return await self._codes.send(
            pool,
            user,
            codes.FORGOT_PASSWORD,
            attribute=contact,
            target=user.attributes[contact],
            source="CustomMessage_ForgotPassword",
            client_id=client_id,
            metadata=metadata,
            counted=counted,
        )

    @step("recovery.confirm")
    async def confirm(
        self,
        client: Client,
        username: str,
        code: str,
        password: str,
        *,
        metadata: Mapping[str, str],
        secret_hash: str | None,
    ) -> None:
        """The user has the new password, and can sign in with it. The lockout is over.

        Raises ``CodeMismatch``, ``CodeExpired``, ``PasswordPolicyViolation``, ``LimitExceeded``, ``UserNotFound``,
        ``TooManyRequests``.
        """
        await self._limits.admit(Asked.ANSWER, client)
        pool = await self._pools.get(client.pool_id)
        user = await self._directory.find(pool, username)
        await self._proof.by_hash(client, secret_hash, (username, user.username) if user else (username,))
        if user is None and not client.hides_users:
            raise UserNotFound
        require_policy(pool.password_policy, password)
        subject = user.sub if user else self._directory.stand_in(pool, username)
        try:
            fitting = await self._codes.check(pool, subject, codes.FORGOT_PASSWORD, code, user, client_id=client.id)
        except CodeExpired:
            sent = await self._counters.read(pool.id, "sends:forgot_password", subject)
            if client.hides_users and sent.count:
                raise CodeMismatch from None
            raise
        if user is None:
            raise CodeMismatch
        if not user.enabled:
            raise UserDisabled
        if user.status not in _RESETTABLE:
            raise NotAuthorized(Reason.PASSWORD_NOT_RESETTABLE)
        changed = await self._credentials.change(pool, user, password)
        changed = replace(
            verified(changed, fitting.attribute, fitting.target),
            status=CONFIRMED,
            modified=self.world.clock.now(),
            spent={**user.spent, fitting.purpose: fitting.id},
            epoch=user.epoch + self._ends_sessions,
            trust=user.trust + self._forgets_devices,
        )
        try:
            changed = await self._users.save(pool, changed)
        except (VersionConflict, NameTaken):
            raise CodeExpired from None
        await self._codes.finish(fitting)
        await self._sessions.end_all(changed)
        await self._lockout.clear_ways(pool.id, user.sub)
        await self.world.audit.note(
            "password.recovered",
            pool_id=pool.id,
            client_id=client.id,
            subject=user.sub,
            actor=by_user(user.sub),
            facts={"attribute": fitting.attribute},
        )
        event = PostConfirmation(
            source="PostConfirmation_ConfirmForgotPassword",
            pool_id=pool.id,
            client_id=client.id,
            username=changed.username,
            attributes=attributes_for_hooks(changed),
            client_metadata=metadata,
        )
        if self.world.hooks.implements(specs.post_confirmation, pool):
            await self.world.hooks.all(specs.post_confirmation, event)

    @step("recovery.require")
    async def require(self, pool: Pool, username: str, metadata: Mapping[str, str]) -> None:
        """For administrators: the old password is dead, a code for a new one is on its way.

        Raises ``UserNotFound``, ``UserDisabled``, ``NotAuthorized``, ``InvalidParameter``, ``LimitExceeded``.
        """
        user = await self._directory.require(pool, username)
        if not user.enabled:
            raise UserDisabled(Reason.DISABLED_USER_NOT_RESET)
        if user.status not in (CONFIRMED, RESET_REQUIRED):
            raise NotAuthorized(Reason.PASSWORD_NOT_RESETTABLE)
        contact = self._contact(pool, user)
        target = user.attributes[contact]
        # First: what is refused has changed nothing.
        await self._codes.count_send(pool, user.sub, codes.FORGOT_PASSWORD, attribute=contact, target=target)
        marked = replace(
            user,
            status=RESET_REQUIRED,
            modified=self.world.clock.now(),
            epoch=user.epoch + self._ends_sessions,
            trust=user.trust + self._forgets_devices,
        )
        try:
            marked = await self._users.save(pool, marked)
        except VersionConflict:
            raise ConcurrentModification from None
        await self._sessions.end_all(marked)
        await self.world.audit.note("password.reset_required", pool_id=pool.id, subject=user.sub)
        await self._send(pool, marked, contact, client_id=None, metadata=metadata, counted=False)

    def _contact(self, pool: Pool, user: User) -> str:
        """The verified contact that a reset code goes to, by the pool's priorities. Raises as ``start`` says."""
        if not user.enabled:
            raise UserDisabled
        if user.status not in _RESETTABLE:
            raise NotAuthorized(Reason.PASSWORD_NOT_RESETTABLE)
        for attribute in _order(pool):
            if user.has_verified(attribute):
                return attribute
        raise InvalidParameter(Reason.NO_CONTACT_TO_RESET)


def _administrators_only(pool: Pool) -> bool:
    return bool(pool.recovery) and all(option.name == "admin_only" for option in pool.recovery or ())


def _order(pool: Pool) -> tuple[str, ...]:
    if not pool.recovery:
        return ("phone_number", "email")
    ranked = sorted(pool.recovery, key=lambda option: option.priority)
    return tuple(option.name.removeprefix("verified_") for option in ranked if option.name != "admin_only")
