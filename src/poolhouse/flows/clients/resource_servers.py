"""Resource servers: the APIs of a pool's owner, and the scopes that clients can be allowed there."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter, KeyTaken, LimitExceeded, NotFound
from poolhouse.errors.reasons import Reason
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.oauth import ResourceServers
from poolhouse.ports.paging import Slice
from poolhouse.ports.pools import Pools
from poolhouse.records.oauth import ResourceScope, ResourceServer

MOST_SERVERS = 25
MOST_SCOPES = 100

_Noted: TypeAlias = Literal["resource_server.created", "resource_server.updated", "resource_server.deleted"]


class ResourceServerAdministration:
    def __init__(self, pools: Pools, servers: ResourceServers, audit: AuditTrail) -> None:
        self._pools = pools
        self._servers = servers
        self._audit = audit

    async def create(
        self, pool_id: str, identifier: str, name: str, scopes: tuple[ResourceScope, ...]
    ) -> ResourceServer:
        """There is a new resource server.

        Raises ``PoolNotFound``, ``InvalidParameter`` where there is one of this identifier or a scope is said twice,
        ``LimitExceeded``.
        """
        # Where the pool is going, nothing is written into it any more.
        await self._pools.require(pool_id)
        _check(scopes)
        if await self._servers.get(pool_id, identifier) is not None:
            raise _taken(pool_id, identifier)
        if len((await self._servers.page(pool_id, MOST_SERVERS, None)).items) >= MOST_SERVERS:
            raise LimitExceeded(Reason.TOO_MANY_RESOURCE_SERVERS, most=MOST_SERVERS)
        try:
            server = await self._servers.add(
                ResourceServer(pool_id=pool_id, identifier=identifier, name=name, scopes=scopes)
            )
        except KeyTaken:
            raise _taken(pool_id, identifier) from None
        await self._note("resource_server.created", server)
        return server

    async def get(self, pool_id: str, identifier: str) -> ResourceServer:
        """The resource server. Raises ``PoolNotFound``, ``NotFound``."""
        await self._pools.get(pool_id)
        server = await self._servers.get(pool_id, identifier)
        if server is None:
            raise NotFound(Reason.RESOURCE_SERVER_NOT_FOUND, identifier=identifier)
        return server

    async def update(
        self, pool_id: str, identifier: str, name: str, scopes: tuple[ResourceScope, ...]
    ) -> ResourceServer:
        """The resource server has this name and these scopes, and no others. A scope that is gone stays in the settings
        of clients, and is worth nothing until it is back. Raises as ``get``, ``InvalidParameter``,
        ``ConcurrentModification``."""
        server = await self.get(pool_id, identifier)
        _check(scopes)
        saved = await self._servers.save(replace(server, name=name, scopes=scopes))
        await self._note("resource_server.updated", saved)
        return saved

    async def delete(self, pool_id: str, identifier: str) -> None:
        """There is no such resource server, and its scopes are worth nothing. Raises as ``get``."""
        server = await self.get(pool_id, identifier)
        await self._servers.delete(pool_id, identifier)
        await self._note("resource_server.deleted", server)

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        """Some resource servers of the pool. Raises ``PoolNotFound``."""
        await self._pools.get(pool_id)
        return await self._servers.page(pool_id, limit, cursor)

    async def _note(self, action: _Noted, server: ResourceServer) -> None:
        await self._audit.note(action, pool_id=server.pool_id, facts={"resource_server": server.identifier})


def _check(scopes: tuple[ResourceScope, ...]) -> None:
    if len(scopes) > MOST_SCOPES:
        raise InvalidParameter(Reason.TOO_MANY_RESOURCE_SCOPES, most=MOST_SCOPES)
    for name, count in Counter(scope.name for scope in scopes).items():
        if count > 1:
            raise InvalidParameter(Reason.RESOURCE_SCOPE_TWICE, scope=name)


def _taken(pool_id: str, identifier: str) -> InvalidParameter:
    return InvalidParameter(Reason.RESOURCE_SERVER_TAKEN, identifier=identifier, pool_id=pool_id)
