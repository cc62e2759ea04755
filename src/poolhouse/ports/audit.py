"""Where the trail is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class AuditTrail(Protocol):
    async def note(
        self,
        action: str,
        *,
        pool_id: str | None = None,
        client_id: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None: ...
