"""The outbox in the store."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.records.messages import OutboxEntry
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf, due

_WAITING = "waiting"
_TENANT = "outbox"


class OutboxRepository:
    """Entries that wait are found by the instant at which they are due."""

    def __init__(self, store: Store) -> None:
        self._shelf = shelf = Shelf(store, collections.OUTBOX, OutboxEntry, _entry)
        self.insert, self.save = shelf.add_if_free, shelf.save

    async def due(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        found = await self._shelf.waiting(_TENANT, limit)
        # A later version may have others wait for an instant too: those are not ours to send (decision 0008).
        return [entry for entry in found if entry.state == _WAITING and entry.due <= now]


def _entry(entry: OutboxEntry) -> Entry:
    index = due(entry.due) if entry.state == _WAITING else {}
    return to_entry(entry, (_TENANT, entry.id), expires=entry.expires, index=index)
