"""The outbox in the store."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.errors import KeyTaken
from poolhouse.records.messages import OutboxEntry
from poolhouse.store.port import Entry, Query, StartsWith, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import stored, to_entry, to_record


class OutboxRepository:
    """Entries that wait are found by the instant at which they are due."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def insert(self, entry: OutboxEntry) -> bool:
        try:
            await self._store.insert(collections.OUTBOX, _outbox_entry(entry))
        except KeyTaken:
            return False
        return True

    async def due(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        query = Query(prefix=("outbox",), where=StartsWith("due", ""), limit=limit)
        page = await self._store.find(collections.OUTBOX, query)
        return [found for found in (to_record(e, OutboxEntry) for e in page.entries) if found.due <= now]

    async def save(self, entry: OutboxEntry) -> OutboxEntry:
        return stored(entry, await self._store.replace(collections.OUTBOX, _outbox_entry(entry)))


def _outbox_entry(entry: OutboxEntry) -> Entry:
    index = {"due": f"{entry.due:017.6f}"} if entry.state == "waiting" else {}
    return to_entry(entry, ("outbox", entry.id), expires=entry.expires, index=index)
