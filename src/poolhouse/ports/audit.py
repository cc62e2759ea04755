"""Where the trail is noted, and where it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from poolhouse.records.audit import Action, AuditEntry


class AuditTrail(Protocol):
    async def note(
        self,
        action: Action,
        *,
        pool_id: str | None = None,
        client_id: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """What happened is in the trail, with its origin. ``actor`` is who has proven in the flow who they are; whoever
        proved it before the flow began comes from the origin, and counts first."""


class AuditEntries(Protocol):
    """The trail in the store. Entries are written once, and go by when they expire."""

    async def add(self, entry: AuditEntry) -> AuditEntry: ...

    def since(self, instant: float, owner: str | None) -> AsyncIterator[AuditEntry]:
        """The entries from this instant on, in the order of time: those of a pool (``owner`` is its id), those of no
        pool (``server``), or those of one owner after the other (None)."""
