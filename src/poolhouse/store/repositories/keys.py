"""Signing keys in the store."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.records.keys import SigningKey
from poolhouse.store.port import Entry, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf


class SigningKeyRepository:
    def __init__(self, store: Store) -> None:
        self._shelf = shelf = Shelf(store, collections.SIGNING_KEYS, SigningKey, _entry)
        self.add, self.save = shelf.add_if_free, shelf.save

    async def list(self, pool_id: str) -> Sequence[SigningKey]:
        return await self._shelf.find(Query(prefix=(pool_id,), limit=100))


def _entry(key: SigningKey) -> Entry:
    # A retired key is of no use to anybody; a day later it is gone.
    return to_entry(key, (key.pool_id, key.slot), expires=None if key.retires is None else key.retires + 86400)
