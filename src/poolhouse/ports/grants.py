"""Where grants are kept."""

from __future__ import annotations

from typing import Protocol

from poolhouse.records.grants import Grant


class Grants(Protocol):
    async def get(self, pool_id: str, grant_id: str) -> Grant | None: ...

    async def add(self, grant: Grant) -> Grant: ...

    async def save(self, grant: Grant) -> Grant:
        """Raises ``VersionConflict``."""
