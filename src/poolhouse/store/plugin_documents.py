"""The documents of plugins, in one collection of the store: no two plugins share a key, and none shares one with us."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.ports.plugins import Key, PluginDocument
from poolhouse.store.port import Collection, Entry, Position, Query, Store, Stored

PLUGIN_DOCUMENTS = Collection("plugin_documents")
"""Keys begin with the plugin's name (the tenant) and the name of its collection."""


class StoredPluginDocuments:
    """Implements ``ports.PluginDocuments``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: Key) -> PluginDocument | None:
        return _document(await self._store.get(PLUGIN_DOCUMENTS, key))

    async def find(self, prefix: Key, *, limit: int, after: Key | None) -> Sequence[PluginDocument]:
        position = Position("", after) if after is not None else None
        page = await self._store.find(PLUGIN_DOCUMENTS, Query(prefix=prefix, limit=limit, after=position))
        return [_known(entry) for entry in page.entries]

    async def insert(self, document: PluginDocument) -> PluginDocument:
        return _known(await self._store.insert(PLUGIN_DOCUMENTS, _entry(document)))

    async def replace(self, document: PluginDocument) -> PluginDocument:
        return _known(await self._store.replace(PLUGIN_DOCUMENTS, _entry(document)))

    async def delete(self, key: Key, *, version: int | None) -> bool:
        return await self._store.delete(PLUGIN_DOCUMENTS, key, version=version)

    async def take(self, key: Key) -> PluginDocument | None:
        return _document(await self._store.take(PLUGIN_DOCUMENTS, key))

    async def increment(
        self, key: Key, field: str, by: int, *, at_most: int | None, expires: float | None
    ) -> int | None:
        return await self._store.increment(PLUGIN_DOCUMENTS, key, field, by, at_most=at_most, expires=expires)


def _entry(document: PluginDocument) -> Entry:
    return Entry(document.key, document.value, document.version, document.expires)


def _document(stored: Stored | None) -> PluginDocument | None:
    return _known(stored) if stored is not None else None


def _known(stored: Stored) -> PluginDocument:
    return PluginDocument(stored.key, stored.value, stored.version, stored.expires)
