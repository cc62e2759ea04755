"""Where it is kept what OAuth asks for: servers, requests that wait for their users, codes, consents."""

from __future__ import annotations

from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.oauth import AuthorizationCode, AuthorizationRequest, Consent, ResourceServer


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


class AuthorizationRequests(Protocol):
    """Requests under way, by the digest of what the pages carry."""

    async def add(self, request: AuthorizationRequest) -> AuthorizationRequest: ...

    async def get(self, pool_id: str, handle: str) -> AuthorizationRequest | None: ...

    async def save(self, request: AuthorizationRequest) -> AuthorizationRequest:
        """Raises ``VersionConflict``."""

    async def take(self, pool_id: str, handle: str) -> AuthorizationRequest | None:
        """It is over, and this caller alone may answer it; None for everybody else."""


class AuthorizationCodes(Protocol):
    """Codes by their digests."""

    async def add(self, code: AuthorizationCode) -> AuthorizationCode: ...

    async def get(self, pool_id: str, code_id: str) -> AuthorizationCode | None: ...

    async def save(self, code: AuthorizationCode) -> AuthorizationCode:
        """Raises ``VersionConflict``."""


class Consents(Protocol):
    async def get(self, pool_id: str, user_sub: str, client_id: str) -> Consent | None: ...

    async def add(self, consent: Consent) -> Consent:
        """Raises ``KeyTaken``."""

    async def save(self, consent: Consent) -> Consent:
        """Raises ``VersionConflict``."""

    async def delete(self, pool_id: str, user_sub: str, client_id: str) -> bool: ...

    async def of_user(self, pool_id: str, user_sub: str, limit: int, cursor: str | None) -> Slice:
        """Some of what the user agreed to."""
