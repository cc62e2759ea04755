"""Wrong signatures in the trail: of one access key at most one a minute, so that nobody fills the store with them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from poolhouse.errors.access import CallerRefused
from poolhouse.ports.audit import AuditTrail

MINUTE: Final = 60.0
_AT_MOST: Final = 1024
"""Keys that are remembered. Made-up ones count together, as one."""


class Refusals:
    """Each process counts for itself."""

    def __init__(self, audit: AuditTrail, now: Callable[[], float]) -> None:
        self._audit = audit
        self._now = now
        self._noted: OrderedDict[str, float] = OrderedDict()

    async def note(self, key_id: str | None, error: CallerRefused) -> None:
        """The refusal is in the trail, unless one of this key is there from the last minute. None: there is no such
        key."""
        now, slot = self._now(), key_id or ""
        if (last := self._noted.get(slot)) is not None and last <= now < last + MINUTE:
            return
        self._noted[slot] = now
        self._noted.move_to_end(slot)
        if len(self._noted) > _AT_MOST:
            self._noted.popitem(last=False)
        facts = {"error": type(error).__name__, **({"key": key_id} if key_id else {})}
        await self._audit.note("signature.refused", facts=facts)
