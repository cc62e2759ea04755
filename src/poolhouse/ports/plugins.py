"""Where plugins keep what is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PluginDocument:
    """A document. ``version`` changes with every write; ``expires`` is in epoch seconds, None means never."""

    key: Key
    value: Mapping[str, Any]
    version: int = 0
    expires: float | None = None


class PluginDocuments(Protocol):
    """The documents of all plugins, in the store. A key begins with the plugin's name and its collection's."""

    async def get(self, key: Key) -> PluginDocument | None: ...

    async def find(self, prefix: Key, *, limit: int, after: Key | None) -> Sequence[PluginDocument]: ...

    async def insert(self, document: PluginDocument) -> PluginDocument: ...

    async def replace(self, document: PluginDocument) -> PluginDocument: ...

    async def delete(self, key: Key, *, version: int | None) -> bool: ...

    async def take(self, key: Key) -> PluginDocument | None: ...

    async def increment(
        self, key: Key, field: str, by: int, *, at_most: int | None, expires: float | None
    ) -> int | None: ...
