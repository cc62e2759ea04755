"""What operators see of the outbox, and do about it: what waits and failed is counted, listed, sent again, dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import VersionConflict
from poolhouse.flows.messages.pace import KEPT, LIFE
from poolhouse.flows.messages.sending import Told
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.messages import OutboxEntries
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Clock
from poolhouse.records.audit import Action
from poolhouse.records.messages import FAILED, SENDING, UNCLEAR, WAITING, OutboxEntry

COUNTED_AT_MOST: Final = 10_000
_PAGE: Final = 50


class Tally(Struct, frozen=True):
    """How many wait or are under way, how many failed or are unclear, and when the first that waits was put."""

    waiting: int = 0
    failed: int = 0
    oldest: float | None = None


class Keeping:
    def __init__(
        self,
        entries: OutboxEntries,
        clock: Clock,
        told: Told,
        *,
        wake: Callable[[str], None] | None = None,
        audit: AuditTrail | None = None,
    ) -> None:
        self._entries = entries
        self._clock = clock
        self._told = told
        self._wake = wake
        self._audit = audit
        self.tally = Tally()
        """As it was counted last."""

    async def page(self, limit: int, cursor: str | None) -> Slice:
        """Some of those that wait, are under way, failed, or are unclear."""
        return await self._entries.page(limit, cursor)

    async def get(self, entry_id: str) -> OutboxEntry | None:
        return await self._entries.get(entry_id)

    async def count(self) -> None:
        """The tally is new. More than ``COUNTED_AT_MOST`` are not counted."""
        waiting = failed = 0
        oldest: float | None = None
        cursor: str | None = None
        while waiting + failed < COUNTED_AT_MOST:
            page = await self._entries.page(_PAGE, cursor)
            for entry in page.items:
                if entry.state in (WAITING, SENDING):
                    waiting += 1
                    oldest = entry.created if oldest is None else min(oldest, entry.created)
                elif entry.state in (FAILED, UNCLEAR):
                    failed += 1
            if (cursor := page.cursor) is None:
                break
            # A store in this process answers at once: others have their turn between.
            await asyncio.sleep(0)
        self.tally = Tally(waiting, failed, oldest)

    def waited(self) -> float:
        """Seconds for which the first that waits has waited; 0 where none does."""
        return 0.0 if self.tally.oldest is None else max(0.0, self._clock.now() - self.tally.oldest)

    async def retry(self, entry_id: str) -> bool:
        """The message is due now: one that failed, or waits for another try. False for one that is not there, is under
        way, was sent or may have arrived, and for one whose code is good no more."""
        while (entry := await self._entries.get(entry_id)) is not None and self._can_go_again(entry):
            now = self._clock.now()
            useful = entry.useless_from if entry.urgent else max(entry.useless_from, now + LIFE)
            again = replace(entry, state=WAITING, due=now, tries=0, useful=useful, expires=useful + KEPT)
            with suppress(VersionConflict):
                await self._entries.save(again)
                self._told.became(entry.channel, "retried")
                await self._note("message.retried", entry)
                if self._wake is not None:
                    self._wake(entry.channel)
                return True
        return False

    def _can_go_again(self, entry: OutboxEntry) -> bool:
        if entry.sealed is None or entry.state not in (FAILED, WAITING):
            return False
        return not entry.urgent or self._clock.now() < entry.useless_from

    async def drop(self, entry_id: str) -> bool:
        """The message is gone, and will not be sent. False for one that is not there or is under way: it may arrive."""
        while (entry := await self._entries.get(entry_id)) is not None:
            if entry.state == SENDING and self._clock.now() < entry.until:
                return False
            if await self._entries.drop(entry):
                self._told.became(entry.channel, "dropped")
                await self._note("message.dropped", entry)
                return True
        return False

    async def _note(self, action: Action, entry: OutboxEntry) -> None:
        if self._audit is not None:
            facts = {"channel": entry.channel, "purpose": entry.purpose}
            await self._audit.note(action, pool_id=entry.pool_id or None, subject=entry.id, facts=facts)
