"""Where the servers are kept that tokens are for."""

from __future__ import annotations

from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.oauth import ResourceServer


class ResourceServers(Protocol):
    async def get(self, pool_id: str, identifier: str) -> ResourceServer | None: ...

    async def add(self, server: ResourceServer) -> ResourceServer:
        """Raises ``KeyTaken``."""

    async def save(self, server: ResourceServer) -> ResourceServer:
        """Raises ``ConcurrentModification``."""

    async def delete(self, pool_id: str, identifier: str) -> bool: ...

    async def page(self, pool_id: str, limit: int, cursor: str | None) -> Slice: ...

    async def scopes(self, pool_id: str) -> frozenset[str]:
        """All scopes that the servers of the pool have, in full. The answer may be some seconds old (a bounded
        cache)."""

    async def scopes_now(self, pool_id: str) -> frozenset[str]:
        """The same, as it is now."""
