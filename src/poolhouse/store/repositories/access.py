"""Callers' keys in the store."""

from __future__ import annotations

from poolhouse.ports.paging import Slice
from poolhouse.records.access import AccessKey
from poolhouse.store.port import Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import stored, to_entry, to_record


class AccessKeyRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors

    async def get(self, key_id: str) -> AccessKey | None:
        entry = await self._store.get(collections.ACCESS_KEYS, (key_id,))
        return None if entry is None else to_record(entry, AccessKey)

    async def add(self, key: AccessKey) -> AccessKey:
        return stored(key, await self._store.insert(collections.ACCESS_KEYS, to_entry(key, (key.id,))))

    async def page(self, limit: int, cursor: str | None) -> Slice:
        query = Query(limit=limit, after=self._cursors.read("access-keys", cursor))
        page = await self._store.find(collections.ACCESS_KEYS, query)
        items = [to_record(entry, AccessKey) for entry in page.entries]
        return Slice(items, self._cursors.write("access-keys", page.next))

    async def delete(self, key_id: str) -> bool:
        return await self._store.delete(collections.ACCESS_KEYS, (key_id,))
