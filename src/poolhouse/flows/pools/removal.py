"""What a deleted pool leaves behind is removed by a job, some at a time."""

from __future__ import annotations

from typing import Final

from poolhouse.flows.jobs import Onward
from poolhouse.ports.pools import Pools
from poolhouse.ports.world import Clock
from poolhouse.records.jobs import Job

POOL_REMOVAL: Final = "pool-removal"
"""The kind of the job; its subject is the id of the pool."""

AT_A_TIME: Final = 200
SETTLING: Final = 60.0
"""Seconds after which no request is under way any more that has still seen the pool. What such a request wrote behind
the job's back is found by looking once more."""


class PoolRemoval:
    def __init__(self, pools: Pools, clock: Clock) -> None:
        self._pools = pools
        self._clock = clock

    async def go_on(self, job: Job) -> Onward | None:
        """A bounded part of what is left is gone. Doing a part twice changes nothing."""
        # Whoever wanted it gone may have died before it was.
        await self._pools.delete(job.subject)
        gone = float(job.progress.get("gone", self._clock.now()))
        removed = await self._pools.remove_some(job.subject, AT_A_TIME)
        progress = {"gone": gone, "removed": job.progress.get("removed", 0) + removed}
        if removed:
            return Onward(progress)
        if self._clock.now() < gone + SETTLING:
            return Onward(progress, due=gone + SETTLING)
        return None
