"""App clients in the store."""

from __future__ import annotations

from contextlib import suppress

from poolhouse.errors import ClientNotFound, ConcurrentModification, VersionConflict
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock
from poolhouse.records.clients import Client
from poolhouse.store.port import Entry, Store, Stored
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cache import Cache
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.pools import CACHED, FRESH_SECONDS
from poolhouse.store.repositories.shelf import Shelf

UNSETTLED = 7 * 86400.0
"""Seconds for which a client is found whose making was cut short at its last write, if nobody uses it meanwhile."""


class ClientRepository:
    def __init__(self, store: Store, cursors: Cursors, clock: Clock) -> None:
        self._store = store
        self._cursors = cursors
        self._shelf = Shelf(store, collections.CLIENTS, Client, entry_of, conflict=ConcurrentModification)
        self._clock = clock
        self._cache: Cache[Client] = Cache(clock, size=CACHED, seconds=FRESH_SECONDS)

    async def get(self, client_id: str) -> Client:
        held = self._cache.get(client_id)
        if held is not None:
            return held
        pointer = await self._store.get(collections.CLIENT_POOLS, (client_id,))
        if pointer is None:
            raise ClientNotFound(client_id)
        client = await self.of_pool(pointer.value["pool_id"], client_id)
        if pointer.expires is not None:
            await self._settle(pointer)
        return self._cache.put(client_id, client)

    async def of_pool(self, pool_id: str, client_id: str) -> Client:
        client = await self._shelf.get(pool_id, client_id)
        if client is None:
            raise ClientNotFound(client_id)
        return client

    async def add(self, client: Client) -> Client:
        # The pointer first: a client is found as soon as it is listed. Without a client it goes by itself.
        pointer = Entry((client.id,), {"pool_id": client.pool_id}, expires=self._clock.now() + UNSETTLED)
        written = await self._store.insert(collections.CLIENT_POOLS, pointer)
        added = await self._shelf.add(client)
        await self._settle(written)
        return added

    async def save(self, client: Client) -> Client:
        self._cache.drop(client.id)
        return await self._shelf.save(client)

    async def delete(self, client: Client) -> None:
        self._cache.drop(client.id)
        # The pointer first: without the client nobody would know of it. Without it the client is of no use, and is
        # still found in its pool, by whoever deletes either of them.
        await self._store.delete(collections.CLIENT_POOLS, (client.id,))
        await self._store.delete(collections.CLIENTS, (client.pool_id, client.id))

    async def _settle(self, pointer: Stored) -> None:
        """The pointer stays."""
        with suppress(VersionConflict):  # somebody was faster
            await self._store.replace(collections.CLIENT_POOLS, Entry(pointer.key, pointer.json, pointer.version))

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (pool_id,), limit, cursor)


def entry_of(client: Client) -> Entry:
    """How a client stands in the store."""
    return to_entry(client, (client.pool_id, client.id))
