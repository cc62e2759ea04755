"""Pools and app clients. Both are read with every request and change seldom, so both are cached for seconds."""

from __future__ import annotations

import asyncio

from poolhouse.errors import ConcurrentModification, PoolNotFound
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock
from poolhouse.records.pools import Pool
from poolhouse.store.port import Collection, Entry, Key, Position, Query, Store, Stored
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cache import Cache
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf

FRESH_SECONDS = 2.0
"""How old a cached pool or client may be in the other processes. A client that was deleted elsewhere may sign users in
for that long; users, grants and revocations are never cached."""
CACHED = 10_000
_AT_ONCE = 50
"""How many documents of a pool are removed side by side."""
_LONG_ENOUGH = 2.0
"""Seconds after which no more are begun in one call: whoever asked holds a job, and has to say so in time."""


class PoolRepository:
    def __init__(self, store: Store, cursors: Cursors, clock: Clock) -> None:
        self._store = store
        self._cursors = cursors
        self._shelf = Shelf(store, collections.POOLS, Pool, _entry, conflict=ConcurrentModification)
        self.add = self._shelf.add
        self._clock = clock
        self._cache: Cache[Pool] = Cache(clock, size=CACHED, seconds=FRESH_SECONDS)

    async def get(self, pool_id: str) -> Pool:
        held = self._cache.get(pool_id)
        if held is not None:
            return held
        pool = await self._shelf.get(*pool_key(pool_id))
        if pool is None:
            raise PoolNotFound(pool_id)
        return self._cache.put(pool_id, pool)

    async def save(self, pool: Pool) -> Pool:
        self._cache.drop(pool.id)
        return await self._shelf.save(pool)

    async def delete(self, pool_id: str) -> None:
        """The pool is gone; what is its own is not, and nothing can reach it any more."""
        self._cache.drop(pool_id)
        await self._shelf.delete(*pool_key(pool_id))

    async def remove_some(self, pool_id: str, limit: int) -> int:
        """Up to ``limit`` documents of the pool are gone; how many: fewer where the database is slow, 0 when none is
        left. A crash between leaves the others to be found again."""
        removed = 0
        enough = self._clock.now() + _LONG_ENOUGH
        for collection in collections.OF_POOL:
            after: Position | None = None
            while removed < limit and (removed == 0 or self._clock.now() < enough):
                some, after = await self._remove_page(collection, pool_id, min(limit - removed, _AT_ONCE), after)
                removed += some
                if after is None:
                    break
        return removed

    async def require(self, pool_id: str) -> None:
        if await self._store.get(collections.POOLS, pool_key(pool_id)) is None:
            self._cache.drop(pool_id)
            raise PoolNotFound(pool_id)

    async def close(self, pool_id: str) -> None:
        for collection in (collections.GRANTS, collections.CLIENTS, collections.SIGNING_KEYS):
            after: Position | None = None
            while True:
                _, after = await self._remove_page(collection, pool_id, _AT_ONCE, after)
                if after is None:
                    break

    async def page(self, region: str | None, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, () if region is None else (region,), limit, cursor)

    async def _remove_page(
        self, collection: Collection, pool_id: str, limit: int, after: Position | None
    ) -> tuple[int, Position | None]:
        """How many documents are gone, and where to go on; None where nothing is left behind that place."""
        page = await self._store.find(collection, Query(prefix=(pool_id,), limit=limit, after=after))
        # Side by side: they share a transaction where the database can do that.
        await asyncio.gather(*(self._remove(collection, entry) for entry in page.entries))
        return len(page.entries), page.next

    async def _remove(self, collection: Collection, entry: Stored) -> None:
        if collection is collections.CLIENTS:
            # The pointer first: without the client nobody would know of it.
            await self._store.delete(collections.CLIENT_POOLS, (entry.key[1],))
        elif collection is collections.DOMAINS:
            await drop_claim(self._store, entry.value["name"], entry.key[0])
        await self._store.delete(collection, entry.key)


async def drop_claim(store: Store, name: str, pool_id: str) -> None:
    """The name of a domain is free, if the pool had it. Another pool that was faster keeps it."""
    claim = await store.get(collections.DOMAIN_NAMES, (name,))
    if claim is None or claim.value["pool_id"] != pool_id:
        return
    await store.delete(collections.DOMAIN_NAMES, claim.key, version=claim.version)


def _entry(pool: Pool) -> Entry:
    return to_entry(pool, pool_key(pool.id))


def pool_key(pool_id: str) -> Key:
    return (pool_id.rpartition("_")[0], pool_id)
