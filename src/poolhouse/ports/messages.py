"""Where messages wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.messages import Message, OutboxEntry


class Outbox(Protocol):
    async def put(self, message: Message, *, life: float | None = None) -> None:
        """The message will be sent once, soon, by somebody. Putting the same id twice changes nothing.

        ``life`` is for how many seconds a code in it is good: it is tried for so long, and goes before what has
        none."""

    async def knows(self, message_id: str) -> bool:
        """Whether the message was put, and its entry is still kept."""

    async def pretend(self, message: Message, *, life: float | None = None) -> None:
        """The store did the work of ``put``, and nothing will be sent."""


class PoolMessages(Protocol):
    async def drop_some_of(self, pool_id: str, place: list[str] | None, limit: int) -> list[str] | None:
        """From this place on (None: the beginning) so many entries were looked at, and those of the pool are gone, but
        for what is under way. The next place; None at the end."""


class OutboxEntries(Protocol):
    """The outbox in the store. Its entries go by when they expire."""

    async def insert(self, entry: OutboxEntry) -> bool:
        """The entry is there. False if one with this id was there before: then nothing changed."""

    async def get(self, entry_id: str) -> OutboxEntry | None: ...

    async def due(
        self, channel: str, *, urgent: bool, now: float, limit: int, behind: str | None = None
    ) -> Sequence[OutboxEntry]:
        """Entries of a channel that somebody may take now: up to ``limit`` of those that waited for an instant, the
        earliest first, and some of each of up to ``limit`` pools, from the pool behind ``behind`` on and round again
        (None: from the first). Of a pool those that came first."""

    async def left_by_older(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        """Entries that wait as a version wrote them which knew of no turns, and are due; the earliest first."""

    async def far(self, channel: str, *, urgent: bool, after: float, limit: int) -> Sequence[OutboxEntry]:
        """Entries of a channel that wait for an instant after this one, or are held until one; the earliest first."""

    async def save(self, entry: OutboxEntry) -> OutboxEntry:
        """The entry is stored under its next version. Raises ``VersionConflict`` when somebody else was faster."""

    async def drop(self, entry: OutboxEntry) -> bool:
        """The entry is gone. False, and nothing changed, when somebody else was faster."""

    async def page(self, limit: int, cursor: str | None) -> Slice:
        """Some of those that are at no good end: they wait, are under way, failed, or are unclear."""

    async def is_pool(self, pool_id: str) -> bool:
        """Whether there is such a pool, now."""
