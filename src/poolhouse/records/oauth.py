"""What is asked for by OAuth: the servers that tokens are for, and their scopes."""

from __future__ import annotations

from poolhouse.records.base import Kept, StoredRecord


class ResourceScope(Kept, frozen=True, kw_only=True):
    """A right at a resource server. Clients call it ``<identifier of the server>/<name>``."""

    name: str
    description: str


class ResourceServer(StoredRecord, frozen=True, kw_only=True):
    """An API that takes tokens of the pool. ``identifier`` is its own name for itself, often a URL."""

    pool_id: str
    identifier: str
    name: str
    scopes: tuple[ResourceScope, ...] = ()

    @property
    def full_scopes(self) -> tuple[str, ...]:
        """As clients ask for them."""
        return tuple([f"{self.identifier}/{scope.name}" for scope in self.scopes])
