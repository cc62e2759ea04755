"""Where the domains of pools are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.records.domains import Domain


class Domains(Protocol):
    async def of_pool(self, pool_id: str) -> Sequence[Domain]:
        """Those of the pool, at most one of each kind."""

    async def named(self, name: str) -> Domain | None:
        """The domain of this name, of whichever pool, as it is now."""

    async def pool_of(self, name: str) -> str | None:
        """The id of the pool that the name leads to. The answer may be some seconds old (bounded caches)."""

    async def add(self, domain: Domain) -> Domain:
        """Raises ``KeyTaken`` where the name is that of a domain, or the pool has one of this kind."""

    async def save(self, domain: Domain) -> Domain:
        """Raises ``ConcurrentModification``."""

    async def delete(self, domain: Domain) -> None:
        """There is no such domain, and its name is free."""
