"""What a deleted identity pool leaves behind is removed by a job, some at a time."""

from __future__ import annotations

from typing import Final

from poolhouse.flows.jobs.worker import Onward
from poolhouse.ports.identities import IdentityPools
from poolhouse.ports.world import Clock
from poolhouse.records.jobs import Job

IDENTITY_POOL_REMOVAL: Final = "identity-pool-removal"
"""The kind of the job; its subject is the id of the pool."""

AT_A_TIME: Final = 200
SETTLING: Final = 60.0
"""Seconds after which no request is under way any more that has still seen the pool, and no process believes in it.
What such a request wrote behind the job's back is found by looking once more."""


class IdentityPoolRemoval:
    """``at_a_time`` is how many documents one part removes."""

    def __init__(self, pools: IdentityPools, clock: Clock, at_a_time: int = AT_A_TIME) -> None:
        self._at_a_time = at_a_time
        self._pools = pools
        self._clock = clock

    async def go_on(self, job: Job) -> Onward | None:
        """A bounded part of what is left is gone. Doing a part twice changes nothing."""
        # Whoever wanted it gone may have died before it was.
        await self._pools.delete(job.subject)
        now = self._clock.now()
        # One that lies ahead was written before the clock was set back: it settles from here on.
        gone = min(float(job.progress.get("gone", now)), now)
        removed = await self._pools.remove_some(job.subject, self._at_a_time)
        progress = {"gone": gone, "removed": job.progress.get("removed", 0) + removed}
        if removed:
            return Onward(progress)
        return Onward(progress, due=gone + SETTLING) if now < gone + SETTLING else None
