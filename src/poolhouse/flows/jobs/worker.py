"""Does jobs, a part at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from poolhouse.flows.jobs.leases import JobLost, Leases
from poolhouse.flows.loop import Loop, Pause, pause
from poolhouse.ports.origin import Origin, begin
from poolhouse.records.jobs import Job


class Onward(Struct, frozen=True):
    """There is more to do, from here: at once, or when it is ``due``."""

    progress: Mapping[str, Any] = {}
    due: float | None = None


Handler = Callable[[Job], Awaitable[Onward | None]]
"""Does a bounded part of a job. None: all of it is done."""


class Kind(Struct, frozen=True):
    name: str
    handler: Handler


class JobWorker:
    """Does the jobs of the kinds it knows. Those of others wait for somebody who knows them."""

    def __init__(self, leases: Leases, kinds: Iterable[Kind], *, pause: Pause = pause) -> None:
        self.leases = leases
        self._kinds = {kind.name: kind.handler for kind in kinds}
        self._stop = asyncio.Event()
        self._loop = Loop(
            lambda limit: leases.claimed(self._kinds, limit),
            self._do,
            at_once=leases.pace.at_once,
            patience=leases.patience,
            wake=leases.wake,
            unreadable=lambda error: leases.logger.error("Jobs cannot be read: %s.", type(error).__name__),
            pause=pause,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Jobs are done until ``stop`` is set. The part that is under way is finished; the rest is left to others."""
        self._stop = stop
        await self._loop.run(stop)

    async def drain(self) -> None:
        """Whatever was due is done, or postponed."""
        await self._loop.drain()

    async def _do(self, job: Job) -> None:
        leases = self.leases
        begin(Origin(actor=f"job:{job.kind}/{job.subject}"))
        begun = leases.now()
        try:
            while not self._stop.is_set():
                try:
                    async with asyncio.timeout(leases.pace.lease):
                        onward = await self._kinds[job.kind](job)
                except Exception as error:  # noqa: BLE001 - whatever it was: it is tried again, and told
                    await leases.fail(job, type(error).__name__)
                    return
                if onward is None:
                    await leases.finish(job)
                    return
                # The turn is over, too, where the clock was set back.
                if onward.due is not None or not begun <= leases.now() < begun + leases.pace.turn:
                    await leases.release(job, due=onward.due, progress=onward.progress)
                    return
                job = await leases.renew(job, onward.progress)
            await leases.release(job)
        except JobLost as lost:
            leases.logger.warning("The job %s of %s was let go: %s.", job.kind, job.subject, type(lost).__name__)
        except Exception as error:  # noqa: BLE001 - the store is away: the lease runs out, and somebody takes over
            leases.logger.error("The job %s of %s is left as it was: %s.", job.kind, job.subject, type(error).__name__)
