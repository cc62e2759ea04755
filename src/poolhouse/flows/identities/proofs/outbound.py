"""How many calls of providers strangers may cause: within a minute, by address and by pool (FED-303)."""

from __future__ import annotations

from collections.abc import Callable

from poolhouse.errors import TooManyRequests
from poolhouse.flows.protection.limits import AT_MOST, MINUTE, Buckets, network_of
from poolhouse.ports.origin import Origin, current_origin
from poolhouse.ports.world import Clock


class Outbound:
    """0 is no limit. Counts are this process's own."""

    def __init__(
        self,
        clock: Clock,
        *,
        by_source: int = 0,
        by_pool: int = 0,
        origin: Callable[[], Origin] = current_origin,
    ) -> None:
        self._buckets = Buckets(clock, AT_MOST)
        self._by_source = by_source
        self._by_pool = by_pool
        self._origin = origin

    async def admit(self, pool_id: str) -> None:
        """It counts. Raises ``TooManyRequests``; what was refused has not counted."""
        origin = self._origin()
        # A signed call is an administrator's: its address says nothing of who asks.
        source = "" if origin.actor is not None else network_of(origin.source)
        taken = []
        for scope, key, limit in (("source", source, self._by_source), ("pool", pool_id, self._by_pool)):
            if not key or not limit:
                continue
            bucket = ("login_call", scope, key)
            left = self._buckets.left(bucket, limit, MINUTE)
            if left < 1.0:
                raise TooManyRequests(retry_after=(1.0 - left) * MINUTE / limit)
            taken.append((bucket, left))
        for bucket, left in taken:
            self._buckets.put(bucket, left - 1.0)
