"""Who holds a job, how far it is, and what becomes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import InvalidParameter, VersionConflict
from poolhouse.errors.reasons import Reason
from poolhouse.flows.loop import Rarely, Sightings
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.jobs import Jobs
from poolhouse.ports.paging import Slice
from poolhouse.ports.world import Chance, Clock
from poolhouse.records.audit import Action
from poolhouse.records.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, Job

Counter = Callable[[str, str], None]
"""Is told the kind, and what happened: ``put``, ``taken_over``, ``postponed``, ``done``, ``failed``, ``cancelled``."""


class Pace(Struct, frozen=True):
    """All but the counts in seconds. ``lease`` is how long an owner may be silent, and a part may take; ``tries`` how
    often in a row a job may fail without progress; one that has to be finished is tried on, and told of. The waits
    between are ``back_off``, then ``growth`` times as long, at most ``longest``, and no job is put off for longer.
    ``far`` is how often one is looked for that would be due later than that: a clock was wrong. ``turn`` is how long a
    job is done before those that were due earlier come first. ``look`` is how often a worker looks for jobs that nobody
    told it of."""

    lease: float = 10.0
    tries: int = 12
    back_off: float = 5.0
    growth: float = 4.0
    longest: float = 3600.0
    turn: float = 10.0
    at_once: int = 2
    look: float = 5.0
    far: float = 30.0

    def wait_after(self, tries: int) -> float:
        return min(self.longest, self.back_off * self.growth ** min(tries - 1, 100))


_FAR_AT_ONCE: Final = 100


class JobLost(Exception):  # noqa: N818 - read as a statement
    """Somebody else holds the job now, or nobody does."""


class JobCancelled(JobLost):
    """Somebody asked for the end of the job, and it has come."""


class Leases:
    """Who does which job. Implements ``ports.JobQueue``."""

    def __init__(
        self,
        jobs: Jobs,
        clock: Clock,
        chance: Chance,
        audit: AuditTrail,
        *,
        count: Counter | None = None,
        pace: Pace | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        self._jobs = jobs
        self._clock = clock
        self._chance = chance
        self._audit = audit
        self._count = count or _count_nothing
        self.pace = pace or Pace()
        self.logger = logger or logging.getLogger("poolhouse.jobs")
        self.wake = asyncio.Event()
        """Set when there may be something to do."""
        self._soonest: float | None = None
        self._sightings = Sightings()
        self._far = Rarely(self.pace.far)

    # --- asking ------------------------------------------------------------------------------------------------------

    async def enqueue(self, kind: str, subject: str, *, can_be_cancelled: bool = True) -> Job:
        """The job lives. One that lives already is left as it is; one that ended begins again, and so does one that is
        being cancelled, as soon as it has ended."""
        while True:
            job = await self._put(kind, subject, can_be_cancelled=can_be_cancelled)
            if not job.is_cancelling or job.wanted_again:
                return job
            with suppress(VersionConflict):
                return await self._jobs.save(replace(job, wanted_again=True))

    async def _put(self, kind: str, subject: str, *, can_be_cancelled: bool = True) -> Job:
        """The job lives, whether it is being cancelled or not."""
        while True:
            now = self._clock.now()
            job = Job(kind=kind, subject=subject, created=now, due=now, can_be_cancelled=can_be_cancelled)
            held = await self._jobs.get(kind, subject)
            if held is not None and held.is_alive:
                self.wake.set()
                return held
            with suppress(VersionConflict):
                if held is not None:
                    await self._jobs.save(replace(job, version=held.version))
                elif not await self._jobs.insert(job):
                    continue
                self._count(kind, "put")

    async def get(self, kind: str, subject: str) -> Job | None:
        return await self._jobs.get(kind, subject)

    async def page(self, limit: int, cursor: str | None) -> Slice:
        """Some of all jobs, by kind and subject."""
        return await self._jobs.page(limit, cursor)

    async def cancel(self, kind: str, subject: str) -> bool:
        """The job has ended, or ends after the part that is under way. False if none lives. Raises
        ``InvalidParameter`` for a job that is always finished."""
        while True:
            held = await self._jobs.get(kind, subject)
            if held is None or not held.is_alive:
                return False
            if not held.can_be_cancelled:
                raise InvalidParameter(Reason.JOB_IS_FINISHED_ALWAYS)
            with suppress(VersionConflict):
                if self._is_held(held):
                    await self._jobs.save(replace(held, is_cancelling=True, wanted_again=False))
                    await self._audit.note("job.cancelling", subject=subject, facts={"kind": kind})
                else:
                    await self._end(held, CANCELLED)
                return True

    async def retry(self, kind: str, subject: str) -> bool:
        """The job is due now, and goes on from its progress: one that was given up, or waits for another try. False for
        one that is not there, runs, or is done."""
        while True:
            held = await self._jobs.get(kind, subject)
            if held is None or held.state in (RUNNING, DONE):
                return False
            due = replace(held, state=WAITING, due=self._clock.now(), tries=0, last_error=None)
            due = replace(due, is_cancelling=False, ended=None)
            with suppress(VersionConflict):
                await self._jobs.save(due)
                await self._audit.note("job.retried", subject=subject, facts={"kind": kind})
                self.wake.set()
                return True

    # --- holding -----------------------------------------------------------------------------------------------------

    async def claimed(self, kinds: Iterable[str], limit: int) -> AsyncIterator[Job]:
        """Jobs that somebody may take, each this caller's alone from the moment it is given out."""
        now = self._clock.now()
        if self._soonest is not None and self._soonest <= now:
            self._soonest = None
        for kind in kinds:
            while limit > 0 and (found := await self._jobs.due(kind, now, limit)):
                for job in found:
                    if (mine := await self._claim(job)) is not None:
                        limit -= 1
                        yield mine
        if self._far.is_due(now):
            for kind in kinds:
                for job in await self._jobs.far(kind, now + self.pace.lease, _FAR_AT_ONCE):
                    if limit > 0 and self._is_overlong(job, now) and (mine := await self._claim(job)) is not None:
                        limit -= 1
                        yield mine

    def _is_overlong(self, job: Job, now: float) -> bool:
        """Whether its lease or its wait would end later than any may, and it is anybody's for that."""
        if job.state != RUNNING:
            return job.due > now + self.pace.longest
        if job.until <= now + self.pace.lease:
            return False
        return self._sightings.outlasted((job.kind, job.subject), job.version, self.pace.lease, now)

    def _is_held(self, job: Job) -> bool:
        now = self._clock.now()
        return job.state == RUNNING and now < job.until and not self._is_overlong(job, now)

    async def take(self, kind: str, subject: str) -> Job | None:
        """The job is the caller's, whether it was due or not; None while somebody holds it."""
        job = await self._put(kind, subject)
        if self._is_held(job):
            return None
        return await self._claim(job)

    async def _claim(self, job: Job) -> Job | None:
        """The job with a lease for us. None if another was faster, or if it ends here."""
        now = self._clock.now()
        # Its owner went silent: that counts, or a job that kills its process would go on doing so for ever.
        tries = job.tries + 1 if job.state == RUNNING else job.tries
        try:
            if job.is_cancelling:
                await self._end(job, CANCELLED)
                return None
            if tries >= self.pace.tries and job.state == RUNNING:
                await self._out_of_tries(replace(job, tries=tries), job.last_error or "Its process died.")
                return None
            mine = replace(job, state=RUNNING, owner=self._chance.uuid(), until=now + self.pace.lease, tries=tries)
            mine = await self._jobs.save(mine)
        except (VersionConflict, JobLost):
            return None
        if job.state == RUNNING:
            self.logger.warning("The job %s of %s is taken over: its owner went silent.", job.kind, job.subject)
            self._count(job.kind, "taken_over")
        return mine

    async def renew(self, job: Job, progress: Mapping[str, Any]) -> Job:
        """The job has come so far, and stays the caller's. Raises ``JobLost``, ``JobCancelled``."""
        until = self._clock.now() + self.pace.lease
        saved = await self._saved(replace(job, progress=dict(progress), until=until, tries=0, last_error=None))
        if saved.is_cancelling:
            await self._end(saved, CANCELLED)
            raise JobCancelled
        return saved

    async def release(self, job: Job, *, due: float | None = None, progress: Mapping[str, Any] | None = None) -> None:
        """The job waits for anybody: from now on, or until it is ``due``; or it ends, where somebody asked for that.
        Raises ``JobLost``."""
        now = self._clock.now()
        after = replace(job, state=WAITING, owner="", until=0.0, due=now if due is None else due)
        if progress is not None:
            after = replace(after, progress=dict(progress), tries=0, last_error=None)
        left = await self._saved(after, owner=job.owner)
        if left.is_cancelling:
            with suppress(VersionConflict):  # whoever was faster sees it too
                await self._end(left, CANCELLED)
        elif due is not None:
            self._soonest = due if self._soonest is None else min(self._soonest, due)

    async def finish(self, job: Job) -> None:
        """The job is done. Raises ``JobLost``."""
        await self._end(job, DONE)

    async def fail(self, job: Job, error: str) -> None:
        """The job waits for another try, or has failed for good after the last. Raises ``JobLost``."""
        job = replace(job, tries=job.tries + 1)
        if job.tries >= self.pace.tries:
            await self._out_of_tries(job, error)
            return
        self.logger.warning(
            "The job %s of %s failed, next try in %g s: %s",
            job.kind,
            job.subject,
            self.pace.wait_after(job.tries),
            error,
        )
        await self._postpone(job, error)

    async def _out_of_tries(self, job: Job, error: str) -> None:
        """The job has failed for good; or, where it has to be finished, is tried as rarely as can be."""
        if job.can_be_cancelled:
            await self._end(job, FAILED, error)
            return
        self.logger.error(
            "The job %s of %s has to be finished and failed %d times: %s", job.kind, job.subject, job.tries, error
        )
        await self._postpone(job, error)
        if job.tries == self.pace.tries:
            await self._audit.note("job.failing", subject=job.subject, facts={"kind": job.kind})

    async def _postpone(self, job: Job, error: str) -> None:
        due = self._clock.now() + self.pace.wait_after(job.tries)
        await self.release(replace(job, last_error=error), due=due)
        self._count(job.kind, "postponed")

    async def _end(self, job: Job, state: str, error: str | None = None) -> None:
        ended = replace(job, state=state, owner="", until=0.0, last_error=error, ended=self._clock.now())
        if job.state == RUNNING and job.owner:
            await self._saved(ended, owner=job.owner)
        else:
            await self._jobs.save(self._or_again(ended))
        self._count(job.kind, state)
        if state == FAILED:
            self.logger.error("The job %s of %s failed for good: %s", job.kind, job.subject, error)
        if state != DONE:
            action: Action = "job.failed" if state == FAILED else "job.cancelled"
            await self._audit.note(action, subject=job.subject, facts={"kind": job.kind})

    async def _saved(self, job: Job, *, owner: str | None = None) -> Job:
        """The job as its owner leaves it. Raises ``JobLost``."""
        try:
            return await self._jobs.save(self._or_again(job))
        except VersionConflict:
            held = await self._jobs.get(job.kind, job.subject)
            if held is None or held.state != RUNNING or held.owner != (owner or job.owner):
                raise JobLost from None
        # Only a wish is written into a job that somebody holds: that for its end, that for another after it, or one
        # that a later version knows.
        wished = replace(
            job,
            version=held.version,
            is_cancelling=held.is_cancelling,
            wanted_again=held.wanted_again,
            unknown=held.unknown,
        )
        try:
            return await self._jobs.save(self._or_again(wished))
        except VersionConflict:
            raise JobLost from None

    def _or_again(self, job: Job) -> Job:
        """The job, or the one that begins where it has ended undone and somebody wants it."""
        if job.ended is None or job.state == DONE or not job.wanted_again:
            return job
        now = self._clock.now()
        fresh = Job(kind=job.kind, subject=job.subject, created=now, due=now, can_be_cancelled=job.can_be_cancelled)
        self._count(job.kind, "put")
        self.wake.set()
        return replace(fresh, version=job.version, unknown=job.unknown)

    @property
    def longest(self) -> float:
        """Seconds for which an owner may be silent, whatever a stored lease says."""
        return self.pace.lease

    def now(self) -> float:
        return self._clock.now()

    def patience(self) -> float:
        """Seconds until something may be due that we know of."""
        if self._soonest is None:
            return self.pace.look
        return min(self.pace.look, max(0.0, self._soonest - self._clock.now()))


def _count_nothing(kind: str, outcome: str) -> None:
    """Nobody counts."""
