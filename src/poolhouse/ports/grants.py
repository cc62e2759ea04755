"""Where grants and browser sessions are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.records.grants import BrowserSession, Grant


class Grants(Protocol):
    async def get(self, pool_id: str, grant_id: str) -> Grant | None: ...

    async def add(self, grant: Grant) -> Grant: ...

    async def save(self, grant: Grant) -> Grant:
        """Raises ``VersionConflict``."""

    async def of_session(self, pool_id: str, session: str) -> Sequence[Grant]:
        """All that were given in the browser session of this id."""


class Sessions(Protocol):
    """Browser sessions, by the digest of what the cookie holds."""

    async def get(self, pool_id: str, handle: str) -> BrowserSession | None: ...

    async def add(self, session: BrowserSession) -> BrowserSession: ...

    async def save(self, session: BrowserSession) -> BrowserSession:
        """Raises ``VersionConflict``."""

    async def take(self, pool_id: str, handle: str) -> BrowserSession | None:
        """The session is there no more, and this caller alone got it."""

    async def delete(self, pool_id: str, handle: str) -> bool: ...

    async def of_user(self, pool_id: str, sub: str, limit: int) -> Sequence[BrowserSession]:
        """So many of the user's at most."""

    async def of_id(self, pool_id: str, session: str) -> BrowserSession | None:
        """The session of this id, under whatever handle it is now."""
