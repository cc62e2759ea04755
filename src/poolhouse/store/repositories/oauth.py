"""What is asked for by OAuth, in the store."""

from __future__ import annotations

from poolhouse.errors import ConcurrentModification
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock
from poolhouse.records.oauth import ResourceServer
from poolhouse.store.port import Entry, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cache import Cache
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.pools import CACHED, FRESH_SECONDS
from poolhouse.store.repositories.shelf import Shelf

_SOME = 100


class ResourceServerRepository:
    def __init__(self, store: Store, cursors: Cursors, clock: Clock) -> None:
        self._cursors = cursors
        self._shelf = Shelf(
            store, collections.RESOURCE_SERVERS, ResourceServer, _server_entry, conflict=ConcurrentModification
        )
        # Every token of a machine is looked up here.
        self._scopes: Cache[frozenset[str]] = Cache(clock, size=CACHED, seconds=FRESH_SECONDS)

    async def get(self, pool_id: str, identifier: str) -> ResourceServer | None:
        return await self._shelf.get(pool_id, identifier)

    async def add(self, server: ResourceServer) -> ResourceServer:
        added = await self._shelf.add(server)
        self._scopes.drop(server.pool_id)
        return added

    async def save(self, server: ResourceServer) -> ResourceServer:
        saved = await self._shelf.save(server)
        self._scopes.drop(server.pool_id)
        return saved

    async def delete(self, pool_id: str, identifier: str) -> bool:
        removed = await self._shelf.delete(pool_id, identifier)
        self._scopes.drop(pool_id)
        return removed

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (pool_id,), limit, cursor)

    async def scopes(self, pool_id: str) -> frozenset[str]:
        held = self._scopes.get(pool_id)
        return held if held is not None else self._scopes.put(pool_id, await self.scopes_now(pool_id))

    async def scopes_now(self, pool_id: str) -> frozenset[str]:
        servers = await self._shelf.find(Query(prefix=(pool_id,), limit=_SOME))
        return frozenset([scope for server in servers for scope in server.full_scopes])


def _server_entry(server: ResourceServer) -> Entry:
    return to_entry(server, (server.pool_id, server.identifier))
