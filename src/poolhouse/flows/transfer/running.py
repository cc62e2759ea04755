"""An import, from its first line to its last.

What can be read again is imported by a job: one at a time in a pool, and its progress is kept. Killed at any point, the
same import goes on where it stopped when it is run again. The lines that were under way are then done twice, which
changes nothing. A dry run, and what comes through a pipe, make no job.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Final

from poolhouse.errors import Conflicted, InvalidParameter, PoolhouseError, PoolNotFound
from poolhouse.errors.reasons import Reason
from poolhouse.flows.jobs.leases import JobCancelled, JobLost
from poolhouse.flows.loop import Pause, pause
from poolhouse.flows.transfer.importing import LineImport, Manner, Rehearsal
from poolhouse.flows.transfer.lines import BadLine, UserLine, other_form, read_line
from poolhouse.ports.jobs import JobLeases
from poolhouse.ports.pools import Pools
from poolhouse.ports.world import Clock
from poolhouse.records.jobs import RUNNING, Job
from poolhouse.records.names import canonical
from poolhouse.records.pools import Pool

USER_IMPORT: Final = "user-import"
"""The kind of the job; its subject is the id of the pool."""

AT_ONCE: Final = 32
"""Lines that are under way together at first; then twice as many each time, up to ``MOST_AT_ONCE``. They wait for the
disk together: the more there are, the less each of them waits. The first ones show soon that it moves."""
MOST_AT_ONCE: Final = 500
LONG: Final = 2.0
"""Seconds after which lines that were under way together were too many: the job's lease has to last for them."""
MOST_BYTES: Final = 4 << 20
"""Of lines that are under way together; a single line may have more."""
LOOK: Final = 0.5
"""Seconds between two looks at a job that somebody else holds."""

_NAMING: Final = ("email", "phone_number", "preferred_username")

Batch = list[tuple[int, bytes]]
"""Lines with their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``digest`` is that of all the lines: an import goes on with the same ones only. None: they can be read once."""

    lines: Iterable[bytes]
    digest: str | None = None


@dataclass(slots=True)
class Count:
    """How many lines came to which end."""

    imported: int = 0
    skipped: int = 0
    wrong: int = 0


def _nothing(*_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who is told what while it runs. ``wrong``: the number of a line, and what is wrong with it. ``bytes_done``: how
    many bytes more are done. ``resumed``: how many lines were done before. ``waiting``: for how many seconds at most we
    wait for another import, which may be dead."""

    wrong: Callable[[int, str], None] = _nothing
    bytes_done: Callable[[int], None] = _nothing
    resumed: Callable[[int], None] = _nothing
    waiting: Callable[[float], None] = _nothing


class UserImport:
    def __init__(self, pools: Pools, lines: LineImport, jobs: JobLeases, clock: Clock, pause: Pause = pause) -> None:
        self._pools = pools
        self._lines = lines
        self._jobs = jobs
        self._clock = clock
        self._pause = pause

    async def run(self, pool: Pool, source: Source, manner: Manner, told: Told) -> Count:
        """All lines were tried; the count is that of the whole import, however often it was interrupted. Raises
        ``PoolNotFound``; ``InvalidParameter`` for a file of another form; ``Conflicted`` while another import into the
        pool is under way, and where this one was cancelled or lost."""
        if manner.dry_run or source.digest is None:
            count, rehearsal = Count(), Rehearsal()
            for some in _batches(source.lines, self._clock):
                await self._batch(pool, some, manner, told, count, rehearsal)
                told.bytes_done(_size(some))
            return count
        job = await self._taken(pool.id, told)
        try:
            return await self._go_on(job, pool, source, manner, told)
        except JobCancelled:
            raise Conflicted(Reason.IMPORT_CANCELLED) from None
        except JobLost:
            raise Conflicted(Reason.IMPORT_TAKEN_OVER) from None

    async def _taken(self, pool_id: str, told: Told) -> Job:
        """The job, ours. An owner that dies is waited for until its lease is over. Raises ``Conflicted`` for one that
        lives."""
        seen: tuple[str, float] | None = None
        while (job := await self._jobs.take(USER_IMPORT, pool_id)) is None:
            held = await self._jobs.get(USER_IMPORT, pool_id)
            if held is None or held.state != RUNNING:
                continue  # it has come to its end meanwhile
            if seen is None:
                seen = (held.owner, held.until)
                told.waiting(min(self._jobs.longest, max(0.0, held.until - self._clock.now())))
            if seen != (held.owner, held.until):
                raise Conflicted(Reason.IMPORT_UNDER_WAY)
            await self._pause(asyncio.Event(), min(LOOK, max(0.0, held.until - self._clock.now())))
        return job

    async def _go_on(self, job: Job, pool: Pool, source: Source, manner: Manner, told: Told) -> Count:
        """The rest of the lines was tried. Whatever keeps it from that, the job is let go. Raises ``JobLost`` too."""
        try:
            same = {"file": source.digest, "creates_groups": manner.creates_groups}
            if not same.items() <= job.progress.items():
                job = await self._jobs.renew(job, _progress(same, 0, Count()))
            before = int(job.progress["lines"])
            count = Count(**{end: int(job.progress[end]) for end in asdict(Count())})
            if before:
                told.resumed(before)
            for some in _batches(source.lines, self._clock):
                last = some[-1][0]
                rest = [(number, raw) for number, raw in some if number > before]
                if rest:
                    # Somebody may have deleted the pool: nobody would ever remove what is written into it from now on.
                    await self._pools.require(pool.id)
                    await self._batch(pool, rest, manner, told, count, Rehearsal())
                    job = await self._jobs.renew(job, _progress(same, last, count))
                told.bytes_done(_size(some))
            await self._jobs.finish(job)
        except JobLost:
            raise
        except PoolNotFound:
            await self._jobs.finish(job)
            raise
        except (Exception, asyncio.CancelledError):
            with suppress(Exception):  # what went wrong first is what counts
                await self._jobs.release(job)
            raise
        return count

    async def _batch(
        self, pool: Pool, some: Batch, manner: Manner, told: Told, count: Count, rehearsal: Rehearsal
    ) -> None:
        turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

        def wrong(number: int, error: Exception) -> None:
            count.wrong += 1
            told.wrong(number, str(error).strip())

        async def line(number: int, read: UserLine, shared: Iterable[str]) -> None:
            try:
                # Of two lines with one name the second sees what became of the first; in a dry run every line does.
                async with AsyncExitStack() as turn:
                    for wanted in [""] if manner.dry_run else shared:
                        await turn.enter_async_context(turns[wanted])
                    done = await self._lines.put(pool, read, manner, rehearsal)
                if done:
                    count.imported += 1
                else:
                    count.skipped += 1
            except (BadLine, PoolhouseError) as error:
                wrong(number, error)

        lines: list[tuple[int, UserLine, frozenset[str]]] = []
        for number, raw in some:
            if raw.strip():
                try:
                    read = read_line(raw)
                except BadLine as error:
                    wrong(number, error)
                else:
                    lines.append((number, read, _wanted(read)))
        times = Counter(chain.from_iterable(wanted for _, _, wanted in lines))
        contested = frozenset(name for name, number in times.items() if number > 1)
        ended = await asyncio.gather(
            # In one order for all, so that no two wait for each other.
            *(line(number, read, sorted(wanted & contested)) for number, read, wanted in lines),
            return_exceptions=True,
        )
        # Only now, when none of them is under way any more.
        for failure in ended:
            if failure is not None:
                raise failure


def _wanted(line: UserLine) -> frozenset[str]:
    """What no other line may have."""
    said = (line.username, *(line.attributes.get(each, "") for each in _NAMING), line.sub or "")
    return frozenset([canonical("username", each, case_sensitive=False) for each in said if each])


def _progress(same: dict[str, Any], lines: int, count: Count) -> dict[str, Any]:
    return {**same, "lines": lines, **asdict(count)}


def _batches(lines: Iterable[bytes], clock: Clock) -> Iterator[Batch]:
    """Raises ``InvalidParameter`` for a file that is no lines of JSON: once, and not for each of them."""
    left = enumerate(lines, 1)
    begun = False
    at_once = AT_ONCE
    while some := _some(left, at_once):
        first = None if begun else next((raw for _, raw in some if raw.strip()), None)
        if first is not None:
            begun = True
            if form := other_form(first):
                raise InvalidParameter(Reason.IMPORT_FORM, form=form)
        began = clock.now()
        yield some
        was_long = clock.now() - began > LONG
        at_once = max(AT_ONCE, at_once // 2) if was_long else min(2 * at_once, MOST_AT_ONCE)


def _some(left: Iterator[tuple[int, bytes]], most: int) -> Batch:
    """The next lines: so many at most, and no more bytes than may be under way."""
    some: Batch = []
    size = 0
    for number, raw in left:
        some.append((number, raw))
        size += len(raw)
        if len(some) == most or size >= MOST_BYTES:
            break
    return some


def _size(some: Batch) -> int:
    return sum(len(raw) for _, raw in some)
