"""An import of a file is a job: one at a time in a pool, and killed at any point it goes on where it stopped."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from poolhouse.errors import Conflicted, PoolNotFound
from poolhouse.flows.transfer.importing import Manner
from poolhouse.flows.transfer.running import AT_ONCE, LONG, MOST_AT_ONCE, MOST_BYTES, USER_IMPORT, Count, Source, Told
from poolhouse.records.jobs import CANCELLED, DONE, FAILED, WAITING, Job
from poolhouse.records.pools import Pool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.crashing import Crash, CrashingStore
from tests.support.house import House, opened_house

LEASE = 10.0
PEOPLE = [f"person-{number:03}" for number in range(AT_ONCE * 3 + 6)]


def file_of(names: list[str]) -> Source:
    lines = [json.dumps({"username": name}).encode() + b"\n" for name in names]
    return Source(lines=lines, digest=hashlib.sha256(b"".join(lines)).hexdigest())


async def imported(
    house: House, pool: Pool, source: Source, told: Told | None = None, manner: Manner | None = None
) -> Count:
    return await house.services.imports.run(pool, source, manner or Manner(), told or Told())


async def job_of(house: House, pool: Pool) -> Job:
    job = await house.built.jobs.leases.get(USER_IMPORT, pool.id)
    assert job is not None
    return job


async def present(house: House, pool: Pool) -> list[str]:
    page = await house.services.users.page(pool, None, 1000, None)
    return sorted(user.username for user in page.items)


def breaking_after(source: Source, lines: int, error: BaseException) -> Source:
    """The same file, which cannot be read any further than that."""

    def read() -> Iterator[bytes]:
        for number, line in enumerate(source.lines):
            if number == lines:
                raise error
            yield line

    return Source(lines=read(), digest=source.digest)


def once(act: Callable[[], object]) -> Callable[[int], None]:
    """Calls it the first time."""
    left = [act]
    return lambda _: (left.pop()() if left else None, None)[1]


async def test_an_import_of_a_file_is_a_job_with_an_end(house: House, pool: Pool) -> None:
    count = await imported(house, pool, file_of(PEOPLE))
    job = await job_of(house, pool)

    assert Count(imported=len(PEOPLE)) == count
    assert (DONE, len(PEOPLE), len(PEOPLE)) == (job.state, job.progress["lines"], job.progress["imported"])


async def test_a_dry_run_and_what_comes_through_a_pipe_make_no_job(house: House, pool: Pool) -> None:
    await imported(house, pool, file_of(PEOPLE), manner=Manner(dry_run=True))
    await imported(house, pool, Source(lines=file_of(PEOPLE).lines))

    assert await house.built.jobs.leases.get(USER_IMPORT, pool.id) is None
    assert PEOPLE == await present(house, pool)


async def test_more_lines_are_under_way_together_each_time_up_to_a_bound(house: House, pool: Pool) -> None:
    done = list[int]()
    lines = AT_ONCE * (1 + 2 + 4 + 8) + MOST_AT_ONCE * 2 + 1

    await imported(house, pool, Source(lines=[b"\n"] * lines), Told(bytes_done=done.append))

    assert [AT_ONCE, AT_ONCE * 2, AT_ONCE * 4, AT_ONCE * 8, MOST_AT_ONCE, MOST_AT_ONCE, 1] == done


async def test_where_lines_take_long_fewer_of_them_are_under_way_together(house: House, pool: Pool) -> None:
    done, takes = list[int](), iter([0.0, 0.0, LONG + 1, LONG + 1, LONG + 1, 0.0, 0.0])

    def advance(size: int) -> None:
        done.append(size)
        house.clock.advance(next(takes))

    await imported(house, pool, Source(lines=[b"\n"] * AT_ONCE * 13), Told(bytes_done=advance))

    assert [AT_ONCE * times for times in (1, 2, 4, 2, 1, 1, 2)] == done


async def test_no_line_is_done_twice_where_the_lines_before_were_cut_otherwise(house: House, pool: Pool) -> None:
    source = file_of(PEOPLE)
    with suppress(OSError):
        await imported(house, pool, breaking_after(source, AT_ONCE, OSError()))
    job = await job_of(house, pool)
    leases = house.built.jobs.leases
    taken = await leases.take(USER_IMPORT, pool.id)
    assert taken is not None
    await leases.release(taken, progress={**job.progress, "lines": AT_ONCE - 5, "imported": AT_ONCE - 5})

    count = await imported(house, pool, source)

    # Five were there already; nobody before them was looked at again.
    assert Count(imported=len(PEOPLE) - 5, skipped=5) == count


async def test_long_lines_are_under_way_together_up_to_some_bytes(house: House, pool: Pool) -> None:
    done = list[int]()
    line = b" " * (MOST_BYTES // 20) + b"\n"

    await imported(house, pool, Source(lines=[line] * 50), Told(bytes_done=done.append))

    assert [len(line) * 20, len(line) * 20, len(line) * 10] == done


async def test_an_import_that_broke_off_goes_on_at_once_and_counts_the_whole(house: House, pool: Pool) -> None:
    source, resumed, done = file_of(["", *PEOPLE]), list[int](), list[int]()
    wrong = list[int]()
    with pytest.raises(OSError, match="unplugged"):
        await imported(house, pool, breaking_after(source, AT_ONCE, OSError("unplugged")))
    assert WAITING == (await job_of(house, pool)).state

    told = Told(resumed=resumed.append, bytes_done=done.append, wrong=lambda number, _: wrong.append(number))
    count = await imported(house, pool, source, told)

    assert [AT_ONCE] == resumed
    assert [] == wrong
    assert Count(imported=len(PEOPLE), wrong=1) == count
    assert sum(len(line) for line in source.lines) == sum(done)
    assert PEOPLE == await present(house, pool)


async def test_an_import_that_was_interrupted_at_the_keyboard_goes_on_at_once(house: House, pool: Pool) -> None:
    source, resumed = file_of(PEOPLE), list[int]()
    running = asyncio.create_task(imported(house, pool, source, Told(bytes_done=once(lambda: running.cancel()))))
    with pytest.raises(asyncio.CancelledError):
        await running

    await imported(house, pool, source, Told(resumed=resumed.append))

    assert [AT_ONCE] == resumed
    assert PEOPLE == await present(house, pool)


@pytest.mark.parametrize("changed", ["file", "manner"])
async def test_another_file_or_another_manner_begins_at_the_first_line(house: House, pool: Pool, changed: str) -> None:
    source, resumed = file_of(PEOPLE), list[int]()
    with suppress(OSError):
        await imported(house, pool, breaking_after(source, AT_ONCE, OSError()))

    manner = Manner(creates_groups=changed == "manner")
    again = file_of([*PEOPLE, "one more"]) if changed == "file" else source
    count = await imported(house, pool, again, Told(resumed=resumed.append), manner)

    assert [] == resumed
    assert AT_ONCE == count.skipped


async def test_a_file_that_was_imported_to_its_end_is_looked_at_anew(house: House, pool: Pool) -> None:
    source, resumed = file_of(PEOPLE), list[int]()
    await imported(house, pool, source)
    count = await imported(house, pool, source, Told(resumed=resumed.append))

    assert [] == resumed
    assert Count(skipped=len(PEOPLE)) == count


async def test_a_second_import_into_a_pool_is_refused_while_the_first_lives(house: House, pool: Pool) -> None:
    leases = house.built.jobs.leases
    held = await leases.take(USER_IMPORT, pool.id)
    assert held is not None
    renewing = list[asyncio.Task[Job]]()

    def goes_on(left: float) -> None:
        house.clock.advance(left / 2)
        renewing.append(asyncio.create_task(leases.renew(held, {"lines": 32})))
        house.clock.advance(left / 2)

    with pytest.raises(Conflicted, match="under way"):
        await imported(house, pool, file_of(PEOPLE), Told(waiting=goes_on))

    assert held.owner == (await renewing[0]).owner
    assert [] == await present(house, pool)


async def test_another_pool_is_none_of_its_business(house: House, pool: Pool) -> None:
    other = await house.pool()
    await house.built.jobs.leases.take(USER_IMPORT, other.id)

    assert Count(imported=len(PEOPLE)) == await imported(house, pool, file_of(PEOPLE))


async def test_who_died_is_waited_for_until_its_lease_is_over(house: House, pool: Pool) -> None:
    waited = list[float]()
    await house.built.jobs.leases.take(USER_IMPORT, pool.id)
    house.clock.advance(4)

    def waiting(left: float) -> None:
        waited.append(left)
        house.clock.advance(left)

    count = await imported(house, pool, file_of(PEOPLE), Told(waiting=waiting))

    assert [LEASE - 4] == waited
    assert Count(imported=len(PEOPLE)) == count


async def test_who_died_before_the_clock_was_set_back_is_waited_for_no_longer(house: House, pool: Pool) -> None:
    waited = list[float]()
    await house.built.jobs.leases.take(USER_IMPORT, pool.id)
    house.clock.advance(-86400)

    def waiting(left: float) -> None:
        waited.append(left)
        house.clock.advance(left)

    count = await imported(house, pool, file_of(PEOPLE), Told(waiting=waiting))

    assert [LEASE] == waited
    assert Count(imported=len(PEOPLE)) == count


async def test_an_import_that_is_cancelled_ends_after_the_lines_under_way(house: House, pool: Pool) -> None:
    leases = house.built.jobs.leases
    cancelling = list[asyncio.Task[bool]]()
    cancel = once(lambda: cancelling.append(asyncio.create_task(leases.cancel(USER_IMPORT, pool.id))))

    with pytest.raises(Conflicted, match="was cancelled"):
        await imported(house, pool, file_of(PEOPLE), Told(bytes_done=cancel))

    assert await cancelling[0]
    assert CANCELLED == (await job_of(house, pool)).state
    assert PEOPLE[: AT_ONCE * 3] == await present(house, pool)


async def test_an_import_that_rested_for_too_long_leaves_the_field_to_another(house: House, pool: Pool) -> None:
    leases = house.built.jobs.leases
    taking = list[asyncio.Task[Job | None]]()

    def rests() -> None:
        house.clock.advance(LEASE)
        taking.append(asyncio.create_task(leases.take(USER_IMPORT, pool.id)))

    with pytest.raises(Conflicted, match="rested for too long"):
        await imported(house, pool, file_of(PEOPLE), Told(bytes_done=once(rests)))

    mine = await taking[0]
    assert mine is not None
    assert mine.owner == (await job_of(house, pool)).owner


async def test_an_import_ends_with_its_pool(house: House, pool: Pool) -> None:
    deleting = list[asyncio.Task[None]]()
    delete = once(lambda: deleting.append(asyncio.create_task(house.services.pools.delete(pool.id))))

    with pytest.raises(PoolNotFound):
        await imported(house, pool, file_of(PEOPLE), Told(bytes_done=delete))

    await deleting[0]
    assert DONE == (await job_of(house, pool)).state


async def test_an_import_that_has_failed_for_good_may_be_tried_again(house: House, pool: Pool) -> None:
    leases = house.built.jobs.leases
    for _ in range(leases.pace.tries):
        job = await leases.take(USER_IMPORT, pool.id)
        assert job is not None
        house.clock.advance(LEASE)
    assert await leases.take(USER_IMPORT, pool.id) is None
    assert FAILED == (await job_of(house, pool)).state

    assert Count(imported=len(PEOPLE)) == await imported(house, pool, file_of(PEOPLE))


async def killed(crash_after: int | None) -> int:
    """A file is imported by a process that dies after so many writes; another one runs the same import again."""
    names = PEOPLE[: AT_ONCE + 2]
    source, resumed = file_of(names), list[int]()
    clock = FakeClock()
    store = CrashingStore(MemoryStore(collections.ALL, clock))
    async with opened_house(store, clock) as house:
        pool = await house.pool()
        store.restart()
        if crash_after is not None:
            store.crash_after(crash_after)
        with suppress(Crash):
            await imported(house, pool, source)
        writes = store.writes
        store.restart()
    async with opened_house(store, clock) as house:
        job = await house.built.jobs.leases.get(USER_IMPORT, pool.id)
        before = job.progress.get("lines", 0) if job is not None and job.is_alive else 0
        count = await imported(house, pool, source, Told(resumed=resumed.append, waiting=clock.advance))
        assert ([before] if before else []) == resumed
        assert (len(names), 0) == (count.imported + count.skipped, count.wrong)
        assert names == await present(house, pool)
        assert DONE == (await job_of(house, pool)).state
    return writes


async def test_killed_at_any_write_an_import_goes_on_elsewhere_and_nobody_is_missing() -> None:
    writes = await killed(None)

    assert writes > 3 * AT_ONCE
    for crash_after in range(writes):
        await killed(crash_after)
