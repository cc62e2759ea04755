"""Where pools are kept."""

from __future__ import annotations

from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.pools import Pool


class Pools(Protocol):
    async def get(self, pool_id: str) -> Pool:
        """Raises ``PoolNotFound``. The answer may be some seconds old (a bounded cache)."""

    async def add(self, pool: Pool) -> Pool: ...

    async def save(self, pool: Pool) -> Pool:
        """Raises ``ConcurrentModification``."""

    async def delete(self, pool_id: str) -> None:
        """The pool is gone. What is its own is still there: ``remove_some`` takes it away."""

    async def require(self, pool_id: str) -> None:
        """The pool exists now, whatever a cache believes. Raises ``PoolNotFound``."""

    async def close(self, pool_id: str) -> None:
        """The pool has no grants, clients and signing keys any more. Grants are never cached, so its tokens have ended
        in every process."""

    async def remove_some(self, pool_id: str, limit: int) -> int:
        """Up to so many documents that are the pool's own were removed; how many: fewer where that takes long. 0: none
        is left."""

    async def page(self, region: str | None, limit: int, cursor: str | None) -> Slice:
        """Some pools of the region; None: of all regions."""
