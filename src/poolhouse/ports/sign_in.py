"""Where attempts and codes are kept."""

from __future__ import annotations

from typing import Protocol

from poolhouse.records.sign_in import Attempt, Code


class Attempts(Protocol):
    async def put(self, attempt: Attempt) -> None: ...

    async def take(self, pool_id: str, handle: str) -> Attempt | None: ...


class Codes(Protocol):
    """One live code per user and purpose."""

    async def put(self, code: Code) -> None:
        """Replaces the one before."""

    async def get(self, pool_id: str, user_sub: str, purpose: str) -> Code | None: ...

    async def discard(self, code: Code) -> None: ...
