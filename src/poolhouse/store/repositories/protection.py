"""Counts in the store."""

from __future__ import annotations

from contextlib import suppress

from poolhouse.errors import VersionConflict
from poolhouse.ports.protection import Tally
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections

APART = 60.0
"""Seconds by which the clocks of those who count together may differ: more than time services leave, and less than what
a clock is set back by mistake. Within it, what another process has just counted is not taken for one of another day."""

TURNS = 8
"""How often it is tried to count one less, where others count at the same moment. Then one is counted too many."""


class CounterRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, pool_id: str, what: str, subject: str) -> Tally:
        entry = await self._store.get(collections.COUNTERS, (pool_id, what, subject))
        if entry is None:
            return Tally()
        return Tally(entry.value.get("count", 0), entry.value.get("until", 0.0), entry.value.get("since", 0))

    async def raise_to(
        self, pool_id: str, what: str, subject: str, *, at_most: int, expires: float, until: float = 0.0, since: int = 0
    ) -> bool:
        count = await self._store.increment(
            collections.COUNTERS,
            (pool_id, what, subject),
            "count",
            at_most=at_most,
            put={"until": until, "since": since} if since else {"until": until},
            expires=expires,
        )
        return count is not None

    async def count_within(
        self, pool_id: str, what: str, subject: str, *, at_most: int, seconds: float, now: float
    ) -> bool:
        expires = now + seconds
        if await self.raise_to(pool_id, what, subject, at_most=at_most, expires=expires):
            return True
        key = (pool_id, what, subject)
        held = await self._store.get(collections.COUNTERS, key)
        if held is None or held.expires is None or held.expires <= expires + APART:
            return False
        await self._store.delete(collections.COUNTERS, key, version=held.version)
        return await self.raise_to(pool_id, what, subject, at_most=at_most, expires=expires)

    async def lower(self, pool_id: str, what: str, subject: str, *, before: Tally) -> None:
        key = (pool_id, what, subject)
        for _ in range(TURNS):
            held = await self._store.get(collections.COUNTERS, key)
            if held is None:
                return
            value = held.value
            if value["count"] <= before.count + 1:
                # Else what was noted belongs to what somebody else has counted since.
                value |= {"until": before.until, "since": before.since}
            value["count"] -= 1
            with suppress(VersionConflict):
                await self._store.replace(
                    collections.COUNTERS, Entry(key=key, value=value, version=held.version, expires=held.expires)
                )
                return

    async def clear(self, pool_id: str, what: str, subject: str) -> None:
        await self._store.delete(collections.COUNTERS, (pool_id, what, subject))
