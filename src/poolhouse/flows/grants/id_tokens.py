"""Whether what an ID token says of its user still holds: for those who take it as a login."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidAccessToken, PoolNotFound
from poolhouse.flows.grants.gate import require_living, require_usable
from poolhouse.ports.clients import Clients
from poolhouse.ports.grants import Grants
from poolhouse.ports.pools import Pools
from poolhouse.ports.users import Users


class IdTokenUsers:
    def __init__(self, pools: Pools, clients: Clients, users: Users, grants: Grants) -> None:
        self._pools = pools
        self._clients = clients
        self._users = users
        self._grants = grants

    async def has(self, pool_id: str) -> bool:
        """Whether there is a pool of this id."""
        try:
            await self._pools.get(pool_id)
        except PoolNotFound:
            return False
        return True

    async def require_current(self, pool_id: str, claims: Mapping[str, Any]) -> None:
        """The user of these claims, which were verified, was neither signed out since, nor disabled, nor deleted.

        Raises ``InvalidAccessToken``, ``PoolNotFound``, and what ``require_usable`` raises.
        """
        sub, client_id, event_id = claims.get("sub"), claims.get("aud"), claims.get("event_id")
        if not (isinstance(sub, str) and isinstance(client_id, str) and isinstance(event_id, str)):
            raise InvalidAccessToken
        user, grant = await asyncio.gather(self._users.get(pool_id, sub), self._grants.get(pool_id, event_id))
        pool, client = await self._pools.get(pool_id), await self._clients.get(client_id)
        require_living(grant, require_usable(pool, client, user))
