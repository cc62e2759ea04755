"""What the server remembers of itself, in the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.errors import KeyTaken
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections


class ServerMemoryRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def recall(self, name: str) -> Mapping[str, Any] | None:
        entry = await self._store.get(collections.SERVER, (name,))
        return None if entry is None else entry.value

    async def remember(self, name: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        while (held := await self.recall(name)) is None:
            try:
                await self._store.insert(collections.SERVER, Entry(key=(name,), value=dict(value)))
            except KeyTaken:
                continue
            return value
        return held

    async def prove_writable(self) -> None:
        """Something was written. Raises what the store raises."""
        await self._store.increment(collections.SERVER, ("looked",), "times")
