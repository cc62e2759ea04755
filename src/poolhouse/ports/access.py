"""Where callers' keys are kept."""

from __future__ import annotations

from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.access import AccessKey


class AccessKeys(Protocol):
    async def get(self, key_id: str) -> AccessKey | None: ...

    async def add(self, key: AccessKey) -> AccessKey: ...

    async def save(self, key: AccessKey) -> AccessKey:
        """Raises ``VersionConflict``."""

    async def page(self, limit: int, cursor: str | None) -> Slice: ...

    async def delete(self, key_id: str) -> bool: ...
