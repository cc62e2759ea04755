"""Callers' keys in the store."""

from __future__ import annotations

from poolhouse.ports.paging import Slice
from poolhouse.records.access import AccessKey
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf


class AccessKeyRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._shelf = shelf = Shelf(store, collections.ACCESS_KEYS, AccessKey, _entry)
        self._cursors = cursors
        self.get, self.add, self.save, self.delete = shelf.get, shelf.add, shelf.save, shelf.delete

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (), limit, cursor)


def _entry(key: AccessKey) -> Entry:
    return to_entry(key, (key.id,))
