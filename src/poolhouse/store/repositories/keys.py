"""Signing keys in the store."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.errors import KeyTaken
from poolhouse.records.keys import SigningKey
from poolhouse.store.port import Entry, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import stored, to_entry, to_record


class SigningKeyRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, pool_id: str) -> Sequence[SigningKey]:
        page = await self._store.find(collections.SIGNING_KEYS, Query(prefix=(pool_id,), limit=100))
        return [to_record(entry, SigningKey) for entry in page.entries]

    async def add(self, key: SigningKey) -> bool:
        try:
            await self._store.insert(collections.SIGNING_KEYS, _key_entry(key))
        except KeyTaken:
            return False
        return True

    async def save(self, key: SigningKey) -> SigningKey:
        return stored(key, await self._store.replace(collections.SIGNING_KEYS, _key_entry(key)))


def _key_entry(key: SigningKey) -> Entry:
    # A retired key is of no use to anybody; a day later it is gone.
    return to_entry(key, (key.pool_id, key.slot), expires=None if key.retires is None else key.retires + 86400)
