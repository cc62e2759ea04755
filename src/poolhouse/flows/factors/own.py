"""What changes the factors of a user, by an access token, or where the user has just been seen to be who they are."""

from __future__ import annotations

from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, VersionConflict
from poolhouse.flows.factors.known import Factors
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.bearer import Bearers
from poolhouse.flows.protection.limits import Limits
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.ports.origin import by_user
from poolhouse.ports.users import Users
from poolhouse.records.audit import Action
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class OwnFactors(Flow):
    def __init__(
        self, world: World, users: Users, factors: Factors, bearers: Bearers, lockout: Lockout, limits: Limits
    ) -> None:
        super().__init__(world)
        self._users = users
        self._factors = factors
        self._bearers = bearers
        self._lockout = lockout
        self._limits = limits

    async def _save(self, pool: Pool, user: User) -> User:
        """The user is so from now on. Raises ``ConcurrentModification``."""
        try:
            return await self._users.save(pool, replace(user, modified=self.world.clock.now()))
        except VersionConflict:
            raise ConcurrentModification from None

    async def note(self, action: Action, client: Client, user: User, factor: str) -> None:
        await self.world.audit.note(
            action,
            pool_id=client.pool_id,
            client_id=client.id,
            subject=user.sub,
            actor=by_user(user.sub),
            facts={"factor": factor},
        )
