"""A sign-up that was cut short: the user stands, and no code was ever queued. The same request once more finishes it.

A process dies or the store goes away between the two; then whoever signed up hears of an error, tries again, and must
not be told that somebody else has the name.
"""

from __future__ import annotations

from typing import Final

from poolhouse.errors import AttemptsExceeded, WrongCredentials
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.messages.codes import CONFIRM_SIGN_UP, CodeProcess
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.ports.arithmetic import Passwords
from poolhouse.records.pools import Pool
from poolhouse.records.users import UNCONFIRMED, User

SETTLED: Final = 60.0
"""Seconds after which the first request does not run any more: of many at the same moment one makes the user."""
REMEMBERED: Final = 3600.0


class UnfinishedSignUps(Flow):
    def __init__(self, world: World, passwords: Passwords, lockout: Lockout, code_process: CodeProcess) -> None:
        super().__init__(world)
        self._passwords = passwords
        self._lockout = lockout
        self._codes = code_process

    async def is_begun(self, pool: Pool, user: User, draft: User, password: str) -> bool:
        """Whether the user is what an earlier request for this draft has left: as it would be made now, with this
        password, some seconds old, and never sent a code."""
        age = self.world.clock.now() - user.created
        if (
            user.status != UNCONFIRMED
            or user.credential is None
            or not SETTLED <= age <= REMEMBERED
            or _said(user) != _said(draft)
            or await self._codes.was_sent(pool, user, CONFIRM_SIGN_UP)
        ):
            return False
        try:
            # A guess like any other.
            async with self._lockout.attempt(pool.id, user.sub):
                if not await self._passwords.verify(password, user.credential.hash):
                    raise WrongCredentials
        except (WrongCredentials, AttemptsExceeded):
            return False
        return True


def _said(user: User) -> dict[str, str]:
    """The attributes, without what plugins decided about them."""
    return {name: value for name, value in user.attributes.items() if not name.endswith("_verified")}
