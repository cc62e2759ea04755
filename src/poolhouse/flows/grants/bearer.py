"""Who presents an access token, and whether everything about it still holds (RFC 6750)."""

from __future__ import annotations

from msgspec import Struct

from poolhouse.errors import InvalidAccessToken
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants import claims
from poolhouse.flows.grants.gate import require_living, require_usable
from poolhouse.ports.arithmetic import Tokens
from poolhouse.ports.clients import Clients
from poolhouse.ports.grants import Grants
from poolhouse.ports.pools import Pools
from poolhouse.ports.users import Users
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant
from poolhouse.records.pools import Pool
from poolhouse.records.users import User


class Bearer(Struct, frozen=True):
    """Who presents a good access token."""

    pool: Pool
    client: Client
    user: User
    grant: Grant
    scopes: tuple[str, ...] = ()
    """Of the token."""


class Bearers(Flow):
    def __init__(
        self, world: World, pools: Pools, clients: Clients, users: Users, grants: Grants, tokens: Tokens
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._clients = clients
        self._users = users
        self._grants = grants
        self._tokens = tokens

    async def of(
        self, access_token: str, *, scope: str | None = claims.ADMIN_SCOPE, pool_id: str | None = None
    ) -> Bearer:
        """Who presents the token: everything about it, and about who got it, is still good, and has this
        scope (None: any or none). With a ``pool_id``, a token of another pool is none.

        Raises ``InvalidAccessToken`` with the field's sentences, and what ``require_usable`` raises.
        """
        said = await self._tokens.verify(access_token, "access")
        now = self.world.clock.now()
        if said.get("token_use") != "access":
            raise InvalidAccessToken
        if not now < said.get("exp", 0):
            raise InvalidAccessToken(Reason.ACCESS_TOKEN_EXPIRED)
        scopes = tuple(str(said.get("scope", "")).split())
        if scope is not None and scope not in scopes:
            raise InvalidAccessToken(Reason.ACCESS_TOKEN_LACKS_SCOPES)
        sub, client_id, event_id = said.get("sub"), said.get("client_id"), said.get("event_id")
        if not (isinstance(sub, str) and isinstance(client_id, str) and isinstance(event_id, str)):
            raise InvalidAccessToken
        issuer = str(said["iss"]).rpartition("/")[2]
        if pool_id not in (None, issuer):
            raise InvalidAccessToken
        pool = await self._pools.get(issuer)
        client = await self._clients.get(client_id)
        # One after the other: two tasks cost more than all else here where the store is a local file.
        user = require_usable(pool, client, await self._users.get(issuer, sub))
        grant = require_living(await self._grants.get(issuer, event_id), user)
        if grant.client_id != client.id:
            raise InvalidAccessToken
        return Bearer(pool, client, user, grant, scopes)
