"""App clients in the store."""

from __future__ import annotations

from poolhouse.errors import ClientNotFound, ConcurrentModification, VersionConflict
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock
from poolhouse.records.clients import Client
from poolhouse.store.port import Entry, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cache import Cache
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import stored, to_entry, to_record
from poolhouse.store.repositories.pools import CACHED, FRESH_SECONDS


class ClientRepository:
    def __init__(self, store: Store, cursors: Cursors, clock: Clock) -> None:
        self._store = store
        self._cursors = cursors
        self._cache: Cache[Client] = Cache(clock, size=CACHED, seconds=FRESH_SECONDS)

    async def get(self, client_id: str) -> Client:
        held = self._cache.get(client_id)
        if held is not None:
            return held
        pointer = await self._store.get(collections.CLIENT_POOLS, (client_id,))
        if pointer is None:
            raise ClientNotFound(client_id)
        return self._cache.put(client_id, await self.of_pool(pointer.value["pool_id"], client_id))

    async def of_pool(self, pool_id: str, client_id: str) -> Client:
        entry = await self._store.get(collections.CLIENTS, (pool_id, client_id))
        if entry is None:
            raise ClientNotFound(client_id)
        return to_record(entry, Client)

    async def add(self, client: Client) -> Client:
        pointer = Entry(key=(client.id,), value={"pool_id": client.pool_id})
        await self._store.insert(collections.CLIENT_POOLS, pointer)
        return stored(client, await self._store.insert(collections.CLIENTS, self._entry(client)))

    async def save(self, client: Client) -> Client:
        self._cache.drop(client.id)
        try:
            return stored(client, await self._store.replace(collections.CLIENTS, self._entry(client)))
        except VersionConflict:
            raise ConcurrentModification from None

    async def delete(self, client: Client) -> None:
        self._cache.drop(client.id)
        # The pointer first: without the client nobody would know of it. Without it the client is of no use, and is
        # still found in its pool, by whoever deletes either of them.
        await self._store.delete(collections.CLIENT_POOLS, (client.id,))
        await self._store.delete(collections.CLIENTS, (client.pool_id, client.id))

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        asked = f"clients/{pool_id}"
        query = Query(prefix=(pool_id,), limit=limit, after=self._cursors.read(asked, cursor))
        page = await self._store.find(collections.CLIENTS, query)
        return Slice([to_record(entry, Client) for entry in page.entries], self._cursors.write(asked, page.next))

    def _entry(self, client: Client) -> Entry:
        return to_entry(client, (client.pool_id, client.id))
