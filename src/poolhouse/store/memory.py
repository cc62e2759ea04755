"""The store in memory: the plainest statement of what the port means. Nothing outlives the process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.store import documents, keys
from poolhouse.store.port import (
    Clock,
    Collection,
    Document,
    Entry,
    Equals,
    Key,
    Page,
    Position,
    Query,
    StartsWith,
    Stored,
)


class MemoryStore:
    """No verb waits for anything, so each is atomic for the event loop that calls it."""

    def __init__(self, collections: Iterable[Collection], clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, dict[Key, Entry]] = {}
        """Their values are JSON: what is kept here is nobody's dictionary."""
        for collection in collections:
            documents.require_names(collection)
            self._entries[collection.name] = {}

    async def start(self) -> None:
        """Nothing is needed."""

    async def close(self) -> None:
        """Nothing is held, and nothing was promised to last."""

    async def ping(self) -> None:
        """Memory answers."""

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        if self._live(collection, entry.key) is not None:
            raise KeyTaken
        return self._write(collection, entry)

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        entry = self._live(collection, key)
        return _read(entry) if entry else None

    async def find(self, collection: Collection, query: Query) -> Page:
        if query.where:
            _require_index(collection, {query.where.index: query.where.value})
        found = sorted(  # no two have one position, so nothing else is compared
            (_position(entry, query), _read(entry))
            for entry in self._entries[collection.name].values()
            if self._is_live(entry) and _fits(entry, query)
        )
        after = (query.after.value, query.after.key) if query.after else None
        rest = [(position, stored) for position, stored in found if after is None or position > after]
        page = rest[: query.limit]
        return Page(
            entries=[stored for _, stored in page],
            next=Position(*page[-1][0]) if len(rest) > len(page) else None,
        )

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        held = self._live(collection, entry.key)
        if held is None or held.version != entry.version:
            raise VersionConflict
        return self._write(collection, entry)

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        entry = self._live(collection, key)
        if entry is None or version not in (None, entry.version):
            return False
        del self._entries[collection.name][key]
        return True

    async def take(self, collection: Collection, key: Key) -> Stored | None:
        entry = self._live(collection, key)
        if entry is None:
            return None
        del self._entries[collection.name][key]
        return _read(entry)

    async def increment(
        self,
        collection: Collection,
        key: Key,
        field: str,
        by: int = 1,
        *,
        at_most: int | None = None,
        put: Document | None = None,
        expires: float | None = None,
    ) -> int | None:
        old = self._live(collection, key) or Entry(key=key, value=b"{}")
        value = documents.counted(_read(old).value, field, by, at_most, put)
        if value is None:
            return None
        self._write(collection, replace(old, value=value, expires=old.expires if expires is None else expires))
        number: int = value[field]
        return number

    async def sweep(self) -> int:
        removed = 0
        for entries in self._entries.values():
            expired = [key for key, entry in entries.items() if not self._is_live(entry)]
            for key in expired:
                del entries[key]
            removed += len(expired)
        return removed

    def _live(self, collection: Collection, key: Key) -> Entry | None:
        keys.pack(key)  # raises for what is no key
        entry = self._entries[collection.name].get(key)
        return entry if entry and self._is_live(entry) else None

    def _is_live(self, entry: Entry) -> bool:
        return entry.expires is None or entry.expires > self._clock.now()

    def _write(self, collection: Collection, entry: Entry) -> Stored:
        _require_index(collection, entry.index)
        json, version = documents.encode(entry.value), documents.fresh_version()
        self._entries[collection.name][entry.key] = replace(entry, value=json, version=version, index=dict(entry.index))
        return Stored(entry.key, json, version, entry.expires)


def _read(entry: Entry) -> Stored:
    return Stored(entry.key, documents.encode(entry.value), entry.version, entry.expires)


def _require_index(collection: Collection, index: Mapping[str, str]) -> None:
    documents.require_declared(collection, index)
    for value in index.values():
        keys.escape(value)  # raises for what is not text


def _position(entry: Entry, query: Query) -> tuple[str, Key]:
    return (entry.index[query.where.index] if query.where else "", entry.key)


def _fits(entry: Entry, query: Query) -> bool:
    if entry.key[: len(query.prefix)] != query.prefix:
        return False
    match query.where:
        case None:
            return True
        case Equals(index, value):
            return entry.index.get(index) == value
        case StartsWith(index, value):
            return entry.index.get(index, "").startswith(value) and index in entry.index
