"""The trail in the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from poolhouse.records.audit import AuditEntry
from poolhouse.store.port import Position, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_entry, to_record, with_version

SERVER: Final = "server"
"""The owner of entries that are of no pool."""
AT_A_TIME: Final = 200


class AuditRepository:
    """Keys are in the order of time: a trail is read from one instant to another."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, entry: AuditEntry) -> AuditEntry:
        key = (entry.pool_id or SERVER, _instant(entry.at), entry.id)
        written = await self._store.insert(collections.AUDIT, to_entry(entry, key, expires=entry.expires))
        return with_version(entry, written)

    async def since(self, instant: float, owner: str | None) -> AsyncIterator[AuditEntry]:
        first = _instant(instant)
        prefix = () if owner is None else (owner,)
        after = None if owner is None else Position("", (owner, first))
        while True:
            page = await self._store.find(collections.AUDIT, Query(prefix=prefix, limit=AT_A_TIME, after=after))
            after = page.next
            for entry in page.entries:
                if entry.key[1] < first:
                    # Another owner's, from the beginning: what is too old is not read.
                    after = Position("", (entry.key[0], first))
                    break
                yield to_record(entry, AuditEntry)
            if after is None:
                return


def _instant(at: float) -> str:
    return f"{at:017.6f}"
