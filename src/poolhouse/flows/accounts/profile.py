"""What a signed-in user does with the own record. Every call starts from an access token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from poolhouse.errors import (
    ConcurrentModification,
    Failed,
    LimitExceeded,
    PoolhouseError,
    TooManyRequests,
    VersionConflict,
    WrongCredentials,
)
from poolhouse.flows.accounts.contacts import Attributes
from poolhouse.flows.directory.passwords import Credentials
from poolhouse.flows.directory.values import readable, require_writable
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.grants.bearer import Bearer, Bearers
from poolhouse.flows.grants.sessions import BrowserSessions
from poolhouse.flows.messages.codes import HOUR
from poolhouse.flows.protection.limits import Asked, Limits
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.ports.arithmetic import Passwords
from poolhouse.ports.origin import by_user
from poolhouse.ports.protection import Counters
from poolhouse.ports.users import Users
from poolhouse.records.audit import Action
from poolhouse.records.messages import Delivery
from poolhouse.records.users import CONFIRMED

PASSWORD_CHANGES_AN_HOUR = 5


class Profile(Flow):
    def __init__(
        self,
        world: World,
        users: Users,
        counters: Counters,
        passwords: Passwords,
        bearers: Bearers,
        attributes: Attributes,
        credentials: Credentials,
        lockout: Lockout,
        limits: Limits,
        sessions: BrowserSessions,
    ) -> None:
        super().__init__(world)
        self._users = users
        self._counters = counters
        self._passwords = passwords
        self._bearers = bearers
        self._attributes = attributes
        self._credentials = credentials
        self._lockout = lockout
        self._limits = limits
        self._sessions = sessions

    @step("profile.show")
    async def show(self, access_token: str) -> tuple[Bearer, Mapping[str, str]]:
        """The bearer, and the attributes that the client may read."""
        bearer = await self._bearers.of(access_token)
        allowed = readable(bearer.pool, bearer.client)
        return bearer, {key: value for key, value in bearer.user.attributes.items() if key in allowed}

    @step("profile.update")
    async def update(self, access_token: str, values: Mapping[str, str], metadata: Mapping[str, str]) -> list[Delivery]:
        bearer = await self._bearers.of(access_token)
        require_writable(bearer.pool, bearer.client, values)
        return await self._attributes.update(bearer.pool, bearer.user, values, client=bearer.client, metadata=metadata)

    @step("profile.remove")
    async def remove(self, access_token: str, attributes: Sequence[str]) -> None:
        bearer = await self._bearers.of(access_token)
        await self._attributes.remove(bearer.pool, bearer.user, attributes, client=bearer.client)

    @step("profile.send_code")
    async def send_code(self, access_token: str, attribute: str, metadata: Mapping[str, str]) -> Delivery:
        bearer = await self._bearers.of(access_token)
        await self._limits.admit(Asked.CODE, bearer.client)
        return await self._attributes.send_code(bearer.pool, bearer.client, bearer.user, attribute, metadata)

    @step("profile.verify")
    async def verify(self, access_token: str, attribute: str, code: str) -> None:
        bearer = await self._bearers.of(access_token)
        await self._limits.admit(Asked.ANSWER, bearer.client)
        await self._attributes.verify(bearer.pool, bearer.client, bearer.user, attribute, code)

    @step("profile.change_password")
    async def change_password(self, access_token: str, previous: str | None, proposed: str) -> None:
        """The password is the proposed one; tokens stay good.

        Raises ``WrongCredentials``, ``AttemptsExceeded``, ``LimitExceeded``, ``PasswordPolicyViolation``.
        """
        bearer = await self._bearers.of(access_token)
        try:
            await self._change_password(bearer, previous, proposed)
        except PoolhouseError as refused:
            if not isinstance(refused, Failed | TooManyRequests):
                await self._note("password.change_refused", bearer, error=type(refused).__name__)
            raise
        await self._note("password.changed", bearer)

    async def _change_password(self, bearer: Bearer, previous: str | None, proposed: str) -> None:
        pool, user = bearer.pool, bearer.user
        now = self.world.clock.now()
        if not await self._counters.count_within(
            pool.id, "password-changes", user.sub, at_most=PASSWORD_CHANGES_AN_HOUR, seconds=HOUR, now=now
        ):
            raise LimitExceeded
        if user.credential is not None:
            async with self._lockout.attempt(pool.id, user.sub):
                if previous is None or not await self._passwords.verify(previous, user.credential.hash):
                    raise WrongCredentials
        changed = replace(await self._credentials.change(pool, user, proposed), status=CONFIRMED, modified=now)
        try:
            changed = await self._users.save(pool, changed)
        except VersionConflict:
            raise ConcurrentModification from None
        await self._sessions.end_all(changed)

    @step("profile.delete")
    async def delete(self, access_token: str) -> None:
        """The user is gone, and with the user every token."""
        bearer = await self._bearers.of(access_token)
        await self._users.delete(bearer.pool, bearer.user)
        await self._sessions.end_all(bearer.user)
        await self._note("user.deleted", bearer)

    @step("profile.sign_out_everywhere")
    async def sign_out_everywhere(self, access_token: str) -> None:
        """No token that was issued to the user until now is good any more."""
        for _ in range(5):
            bearer = await self._bearers.of(access_token)
            try:
                user = await self._users.save(bearer.pool, replace(bearer.user, epoch=bearer.user.epoch + 1))
            except VersionConflict:
                continue
            await self._sessions.signed_out_everywhere(user)
            await self._note("user.signed_out", bearer)
            return
        raise ConcurrentModification

    async def _note(self, action: Action, bearer: Bearer, **facts: str) -> None:
        await self.world.audit.note(
            action,
            pool_id=bearer.pool.id,
            client_id=bearer.client.id,
            subject=bearer.user.sub,
            actor=by_user(bearer.user.sub),
            facts=facts,
        )
