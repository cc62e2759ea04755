"""The check of a password that the client sent, against the record or by a plugin that knows the user from
elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from poolhouse.errors import (
    PasswordResetRequired,
    UserNotFound,
    VersionConflict,
    WrongCredentials,
)
from poolhouse.flows.directory.passwords import Credentials
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.flows.sign_in.again import Again
from poolhouse.flows.sign_in.migration import Migration
from poolhouse.flows.sign_in.steps import Now, Run
from poolhouse.hooks.answers.sign_in import Passed
from poolhouse.ports.arithmetic import Passwords
from poolhouse.ports.passwords import Fit
from poolhouse.ports.users import Users
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class PasswordCheck(Flow):
    def __init__(
        self,
        world: World,
        users: Users,
        passwords: Passwords,
        credentials: Credentials,
        lockout: Lockout,
        migration: Migration,
        again: Again,
    ) -> None:
        super().__init__(world)
        self._users = users
        self._passwords = passwords
        self._credentials = credentials
        self._lockout = lockout
        self._migration = migration
        self._again = again

    async def check(
        self, run: Run, password: str, *, migrates_with: Mapping[str, str] | None = None
    ) -> tuple[Run, Passed]:
        """The run, with the user whose password this is. ``migrates_with`` is what plugins are told of a name that is
        unknown here; with None they are not asked.

        Raises ``WrongCredentials``, ``AttemptsExceeded``, ``TooManyRequests``, and where the client may learn who
        exists ``UserNotFound`` and ``PasswordResetRequired``.
        """
        pool, client, known = run.pool, run.client, run.user
        if known is not None and known.credential is None and not client.hides_users:
            raise PasswordResetRequired
        now: Now | None = None
        async with self._lockout.attempt(pool.id, run.subject, ahead=run.ahead) as made:
            user = known
            if user is None and migrates_with is not None:
                user = await self._migration.for_sign_in(pool, client, run.submitted, password, migrates_with)
            if user is None and not client.hides_users:
                raise UserNotFound
            stored = known.credential.hash if known and known.credential else None
            fits = await self._passwords.verify(password, stored) if user is known else Fit.WHOLE
            if user is None or not fits:
                raise WrongCredentials
            made.waits = False
        if user is known:
            # While the wrong guesses are being forgotten.
            now = await self._again.look(pool, user)
            if fits is Fit.WHOLE:
                renewed = await self._renewed(pool, user, password)
                if renewed is not user:
                    now = None
                user = renewed
        return replace(run, user=user, subject=user.sub, now=now, clearing=made.clearing), Passed("password")

    async def _renewed(self, pool: Pool, user: User, password: str) -> User:
        """The user with what is kept of a password today, where it was something else."""
        credential = await self._credentials.renewed(pool, user, password)
        if credential is None:
            return user
        try:
            return await self._users.save(pool, replace(user, credential=credential))
        except VersionConflict:
            # Somebody changed the record meanwhile; the next sign-in renews it.
            return user
