"""The shelf on which records of one kind stand: what is done with each kind in the same way, written once.

A repository has a shelf and adds what is particular to its subject: where its records stand (their keys, what they are
found by, when they expire), and what is written beside them. A verb that needs nothing more it hands out as it is, so
that a record which is read with every request is one call away from the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from poolhouse.errors import Conflicted, KeyTaken, VersionConflict
from poolhouse.ports.paging import Slice
from poolhouse.records.base import StoredRecord
from poolhouse.store.port import Collection, Entry, Key, Position, Query, StartsWith, Store, Stored
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_record, with_version

R = TypeVar("R", bound=StoredRecord)


class Shelf(Generic[R]):
    """``entry`` says how a record stands there. ``conflict`` is what those above hear when somebody else was faster:
    they catch ``VersionConflict`` and try again, or have ``ConcurrentModification`` told to the caller."""

    def __init__(
        self,
        store: Store,
        collection: Collection,
        kind: type[R],
        entry: Callable[[R], Entry],
        *,
        conflict: type[Conflicted] = VersionConflict,
    ) -> None:
        self._store = store
        self._collection = collection
        self._kind = kind
        self._entry = entry
        self._conflict = conflict

    async def get(self, *key: str) -> R | None:
        stored = await self._store.get(self._collection, key)
        return None if stored is None else to_record(stored, self._kind)

    async def add(self, record: R) -> R:
        """The record stands there, and is returned with its version. Raises ``KeyTaken``."""
        return with_version(record, await self._store.insert(self._collection, self._entry(record)))

    async def add_if_free(self, record: R) -> bool:
        """Whether this call put the record there; False where another stood in its place."""
        try:
            await self._store.insert(self._collection, self._entry(record))
        except KeyTaken:
            return False
        return True

    async def save(self, record: R) -> R:
        """The record stands there under its next version. Raises ``conflict`` when somebody else was faster."""
        try:
            return with_version(record, await self._store.replace(self._collection, self._entry(record)))
        except VersionConflict:
            raise self._conflict from None

    async def delete(self, *key: str) -> bool:
        """There is no such record. True if this call removed it."""
        return await self._store.delete(self._collection, key)

    async def find(self, query: Query) -> Sequence[R]:
        page = await self._store.find(self._collection, query)
        return [to_record(stored, self._kind) for stored in page.entries]

    async def waiting(self, tenant: str, limit: int, *, after: float | None = None) -> Sequence[R]:
        """Those of a tenant that wait for an instant (a later one), the earliest first: see ``due``."""
        # No second part of a key sorts behind this one.
        begin = None if after is None else Position(due(after)["due"], (tenant, "\U0010ffff"))
        return await self.find(Query(prefix=(tenant,), where=StartsWith("due", ""), limit=limit, after=begin))

    async def page(self, cursors: Cursors, prefix: Key, limit: int, cursor: str | None) -> Slice:
        entries, following = await turned(self._store, cursors, self._collection, prefix, limit, cursor)
        return Slice([to_record(stored, self._kind) for stored in entries], following)


def due(at: float) -> dict[str, str]:
    """The index value of what waits for an instant: as text it sorts as the instants do."""
    return {"due": f"{at:017.6f}"}


async def turned(
    store: Store, cursors: Cursors, collection: Collection, prefix: Key, limit: int, cursor: str | None
) -> tuple[Sequence[Stored], str | None]:
    """The page behind a cursor, in key order, and the cursor of the next one. Raises as ``Cursors.read``."""
    asked = "/".join((collection.name, *prefix))
    page = await store.find(collection, Query(prefix=prefix, limit=limit, after=cursors.read(asked, cursor)))
    return page.entries, cursors.write(asked, page.next)
