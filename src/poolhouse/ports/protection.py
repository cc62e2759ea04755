"""Where counts are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tally:
    """``count`` is what was counted; ``until`` the instant that was noted with the last count (0: none)."""

    count: int = 0
    until: float = 0.0


class Counters(Protocol):
    """Counts that are raised before the check they guard."""

    async def read(self, pool_id: str, what: str, subject: str) -> Tally: ...

    async def raise_to(
        self, pool_id: str, what: str, subject: str, *, at_most: int, until: float, expires: float
    ) -> bool:
        """One more was counted, and ``until`` noted with it; False (and nothing counted) if that were over
        ``at_most``."""

    async def lower(self, pool_id: str, what: str, subject: str) -> None:
        """One less was counted, and nothing is noted: what was counted did not happen."""

    async def clear(self, pool_id: str, what: str, subject: str) -> None: ...
