"""A store whose process dies at a chosen write."""

from __future__ import annotations

from typing import Any

from poolhouse.store.port import Collection, Document, Entry, Key, Page, Query, Store, Stored


class Crash(BaseException):
    """The process is gone. Not an ``Exception``: no code of ours may go on after it."""


class CrashingStore:
    """Lets writes through until it was told to crash, then none. ``writes`` counts those that were asked for."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self._left: int | None = None
        self.writes = 0

    def crash_after(self, writes: int) -> None:
        """So many more writes happen; then there is nothing but crashes."""
        self._left = writes

    def restart(self) -> None:
        """Another process, the same data."""
        self._left = None
        self.writes = 0

    def _write(self) -> None:
        self.writes += 1
        if self._left is None:
            return
        if self._left == 0:
            raise Crash
        self._left -= 1

    async def start(self) -> None:
        await self._inner.start()

    async def close(self) -> None:
        await self._inner.close()

    async def ping(self) -> None:
        await self._inner.ping()

    async def sweep(self) -> int:
        return await self._inner.sweep()

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        return await self._inner.get(collection, key)

    async def find(self, collection: Collection, query: Query) -> Page:
        return await self._inner.find(collection, query)

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        self._write()
        return await self._inner.insert(collection, entry)

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        self._write()
        return await self._inner.replace(collection, entry)

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        self._write()
        return await self._inner.delete(collection, key, version=version)

    async def take(self, collection: Collection, key: Key) -> Stored | None:
        self._write()
        return await self._inner.take(collection, key)

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
        self._write()
        arguments: dict[str, Any] = {"at_most": at_most, "put": put, "expires": expires}
        return await self._inner.increment(collection, key, field, by, **arguments)
