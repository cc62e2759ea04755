"""Where messages wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.records.messages import Message, OutboxEntry


class Outbox(Protocol):
    async def put(self, message: Message) -> None:
        """The message will be sent once, soon, by somebody. Putting the same id twice changes nothing."""

    async def pretend(self, message: Message) -> None:
        """The store did the work of ``put``, and nothing will be sent."""


class OutboxEntries(Protocol):
    """The outbox in the store. Its entries go by when they are due."""

    async def insert(self, entry: OutboxEntry) -> bool:
        """The entry is there. False if one with this id was there before: then nothing changed."""

    async def due(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        """Entries in the state ``waiting`` whose ``due`` is not after ``now``, those due first at the front."""

    async def save(self, entry: OutboxEntry) -> OutboxEntry:
        """The entry is stored under its next version. Raises ``VersionConflict`` when somebody else was faster."""
