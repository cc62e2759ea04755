"""Where counts are kept."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class Tally(Struct, frozen=True):
    """``count`` is what was counted; ``until`` and ``since`` are what was noted with the last count: an instant, and
    the count at which something began (0: none)."""

    count: int = 0
    until: float = 0.0
    since: int = 0


class Counters(Protocol):
    """Counts that are raised before the check they guard."""

    async def read(self, pool_id: str, what: str, subject: str) -> Tally: ...

    async def raise_to(
        self, pool_id: str, what: str, subject: str, *, at_most: int, expires: float, until: float = 0.0, since: int = 0
    ) -> bool:
        """One more was counted, and ``until`` and ``since`` noted with it; False (and nothing counted) if that were
        over ``at_most``."""

    async def count_within(
        self, pool_id: str, what: str, subject: str, *, at_most: int, seconds: float, now: float
    ) -> bool:
        """One more was counted, ``now``, and is remembered for so many seconds; False (and nothing counted) if that
        were over ``at_most``. What would be remembered much longer than that was counted before the clock was set
        back, and counts no more."""

    async def lower(self, pool_id: str, what: str, subject: str, *, before: Tally) -> None:
        """One less was counted: what was counted after ``before`` did not happen. What was noted is what was noted
        before it, unless more was counted since. What was cleared meanwhile stays so."""

    async def clear(self, pool_id: str, what: str, subject: str) -> None: ...
