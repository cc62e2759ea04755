"""Who is meant by a submitted name, and the one place that hides whether there is such a user (security row 48)."""

from __future__ import annotations

import asyncio
import functools
import hmac
import uuid
from collections.abc import Callable

from poolhouse.errors import UserNotFound
from poolhouse.flows.flow import Flow, World
from poolhouse.ports.users import Users
from poolhouse.records.names import candidates, looks_like_sub
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class Directory(Flow):
    def __init__(self, world: World, users: Users) -> None:
        super().__init__(world)
        self._users = users
        key = world.secrets.derive("stand-in")

        @functools.lru_cache(maxsize=1024)
        def stand_in_of(pool_id: str, canonical: str) -> bytes:
            return hmac.digest(key, f"{pool_id}\x1f{canonical}".encode("utf-8", "surrogatepass"), "sha256")

        self._stand_in_of = stand_in_of

    async def find(self, pool: Pool, submitted: str, meant: Callable[[str], None] | None = None) -> User | None:
        """The user that a submitted text means: the id, then the internal name, then verified e-mail and phone.
        ``meant`` is told who that may be (an id, or what stands for one) before the record is looked at.

        The id first: nobody can choose an id, but anybody can choose somebody's id as a name."""
        # Known or not: the same work (security row 48).
        stand_in = self.stand_in(pool, submitted)
        named = self._users.by_names(pool, candidates(pool, submitted), meant)
        if looks_like_sub(submitted):
            user, other = await asyncio.gather(self._users.get(pool.id, submitted), named)
            user = user or other
        else:
            user = await named
        if user is None:
            if meant is not None:
                meant(stand_in)
            await self._users.nobody(pool, stand_in)
        return user

    async def require(self, pool: Pool, submitted: str) -> User:
        """For administrators, who are always told the truth. Raises ``UserNotFound``."""
        user = await self.find(pool, submitted)
        if user is None:
            raise UserNotFound
        return user

    def stand_in(self, pool: Pool, submitted: str) -> str:
        """An id for a name that nobody has: always the same for the same name, and like a real one."""
        digest = self.stand_in_bytes(pool, submitted)
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def stand_in_bytes(self, pool: Pool, submitted: str) -> bytes:
        """32 bytes that belong to a name that nobody has: to all spellings that would mean one user."""
        return self._stand_in_of(pool.id, candidates(pool, submitted)[-1].value)
