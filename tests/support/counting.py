"""A store that counts rounds: how often somebody had to wait for it, whatever was asked in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from poolhouse.store.port import Collection, Document, Entry, Key, Page, Query, Store, Stored

T = TypeVar("T")


class CountingStore:
    """Calls that are under way at the same moment are one round. ``rounds`` names the calls of each, in order.

    An answer comes when all that could be asked at the same moment has been asked: some turns of the loop later.
    """

    TURNS = 20

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self._answered: asyncio.Event | None = None
        self.rounds: list[list[str]] = []

    async def _round(self, verb: str, collection: Collection, call: Coroutine[Any, Any, T]) -> T:
        if self._answered is None:
            self._answered = asyncio.Event()
            self.rounds.append([])
            self._answering = asyncio.create_task(self._answer(self._answered))
        self.rounds[-1].append(f"{verb} {collection.name}")
        await self._answered.wait()
        return await call

    async def _answer(self, answered: asyncio.Event) -> None:
        for _ in range(self.TURNS):
            await asyncio.sleep(0)
        self._answered = None
        answered.set()

    async def start(self) -> None:
        await self._inner.start()

    async def close(self) -> None:
        await self._inner.close()

    async def ping(self) -> None:
        await self._inner.ping()

    async def sweep(self) -> int:
        return await self._inner.sweep()

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        return await self._round("get", collection, self._inner.get(collection, key))

    async def find(self, collection: Collection, query: Query) -> Page:
        return await self._round("find", collection, self._inner.find(collection, query))

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        return await self._round("insert", collection, self._inner.insert(collection, entry))

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        return await self._round("replace", collection, self._inner.replace(collection, entry))

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        return await self._round("delete", collection, self._inner.delete(collection, key, version=version))

    async def take(self, collection: Collection, key: Key) -> Stored | None:
        return await self._round("take", collection, self._inner.take(collection, key))

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
        call = self._inner.increment(collection, key, field, by, at_most=at_most, put=put, expires=expires)
        return await self._round("increment", collection, call)
