"""The trail in the store."""

from __future__ import annotations

from poolhouse.records.audit import AuditEntry
from poolhouse.store.port import Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import stored, to_entry


class AuditRepository:
    """Keys are in the order of time: a trail is read from one instant to another."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, entry: AuditEntry) -> AuditEntry:
        key = (entry.pool_id or "server", f"{entry.at:017.6f}", entry.id)
        written = await self._store.insert(collections.AUDIT, to_entry(entry, key, expires=entry.expires))
        return stored(entry, written)
