"""How many users a pool has: kept while they come and go, and put right by a job.

Nobody counts documents to describe a pool. A user is written at the same moment as the count of its share, so a process
that dies leaves the number wrong by no more users than it was making or deleting just then. Once a day at most, when
somebody asks, a job looks at all users and corrects each share in which nobody came or went meanwhile; a share that
was busy is corrected the next time.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from poolhouse.flows.jobs.worker import Onward
from poolhouse.ports.census import Census, Censuses, Share
from poolhouse.ports.jobs import JobQueue
from poolhouse.ports.world import Clock
from poolhouse.records.jobs import Job

CENSUS: Final = "census"
"""The kind of the job; its subject is the id of the pool."""

EVERY: Final = 86_400.0
AT_A_TIME: Final = 500
SETTLING: Final = 60.0
"""Seconds after which no write is under way any more that one half of was seen."""

_NOBODY: Final = Share(0, 0)


class PoolCensus:
    def __init__(self, censuses: Censuses, jobs: JobQueue, clock: Clock) -> None:
        self._censuses = censuses
        self._jobs = jobs
        self._clock = clock

    async def begin(self, pool_id: str) -> None:
        """A new pool has nobody, and that is known."""
        await self._censuses.note_taken(pool_id, self._clock.now())

    async def estimate(self, pool_id: str) -> int | None:
        """How many users the pool has, or None where that is still to be found out: pools of before have no count."""
        census = await self._censuses.read(pool_id)
        # One that was taken long after now was taken before the clock was set back.
        if census.taken is None or abs(self._clock.now() - census.taken) >= EVERY:
            await self._jobs.enqueue(CENSUS, pool_id)
        return None if census.taken is None else census.number


class CensusTaking:
    """``at_a_time`` is how many users one part looks at."""

    def __init__(self, censuses: Censuses, clock: Clock, at_a_time: int = AT_A_TIME) -> None:
        self._censuses = censuses
        self._clock = clock
        self._at_a_time = at_a_time

    async def go_on(self, job: Job) -> Onward | None:
        """A bounded part of the users was looked at; at the end the shares are corrected."""
        progress: dict[str, Any] = dict(job.progress)
        if not progress:
            # What a share was before anybody is looked at: whoever comes or goes from now on makes it another.
            progress = {"before": _noted(await self._censuses.read(job.subject)), "seen": {}, "after": ""}
        if progress["after"] is not None:
            found, last = await self._censuses.look(job.subject, progress["after"], self._at_a_time)
            seen = Counter(progress["seen"]) + Counter(found)
            onward = {**progress, "seen": dict(seen), "after": last}
            return Onward(onward, due=self._clock.now() + SETTLING if last is None else None)
        await self._correct(job.subject, progress)
        return None

    async def _correct(self, pool_id: str, progress: dict[str, Any]) -> None:
        before = {share: Share(number, version) for share, (number, version) in progress["before"].items()}
        seen: dict[str, int] = progress["seen"]
        for share in sorted(before.keys() | seen.keys()):
            was, number = before.get(share, _NOBODY), seen.get(share, 0)
            if was.number != number:
                await self._censuses.correct(pool_id, share, was, number)
        await self._censuses.note_taken(pool_id, self._clock.now())


def _noted(census: Census) -> dict[str, list[int]]:
    return {name: [share.number, share.version] for name, share in census.shares.items()}
