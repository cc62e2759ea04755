"""Jobs: one holder at a time, progress that is kept, and an end that is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from poolhouse.crypto.vault import Vault
from poolhouse.flows.jobs.leases import JobCancelled, JobLost, Leases
from poolhouse.flows.jobs.worker import JobWorker, Kind, Onward
from poolhouse.ports.origin import Origin, current_origin
from poolhouse.records.jobs import CANCELLED, DONE, FAILED, WAITING, Job
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.jobs import JobRepository
from tests.support.small_world import KnownChance, StandingClock, Trail


class House:
    """A store, and as many processes over it as a test wants."""

    def __init__(self) -> None:
        self.clock, self.chance, self.trail = StandingClock(), KnownChance(), Trail()
        self.store = MemoryStore(collections.ALL, self.clock)
        self.jobs = JobRepository(self.store, Cursors(Vault([bytes(32)], self.chance), self.clock))
        self.counted: list[str] = []

    def leases(self) -> Leases:
        return Leases(
            self.jobs, self.clock, self.chance, self.trail, count=lambda _, outcome: self.counted.append(outcome)
        )

    def worker(self, handler: Callable[[Job], Awaitable[Onward | None]]) -> JobWorker:
        return JobWorker(self.leases(), [Kind("count", handler)])

    async def job(self) -> Job:
        job = await self.jobs.get("count", "p")
        assert job is not None
        return job


def to_three(seen: list[Any]) -> Callable[[Job], Awaitable[Onward | None]]:
    async def handler(job: Job) -> Onward | None:
        at = job.progress.get("at", 0)
        seen.append(at)
        await asyncio.sleep(0)
        return Onward({"at": at + 1}) if at < 3 else None

    return handler


async def test_a_job_is_done_part_by_part_and_its_end_is_kept() -> None:
    house, seen = House(), list[Any]()
    await house.leases().enqueue("count", "p")

    await house.worker(to_three(seen)).drain()

    assert [0, 1, 2, 3] == seen
    assert DONE == (await house.job()).state
    assert ["put", "done"] == house.counted


async def test_what_a_job_does_is_done_on_its_own_behalf_whoever_asked_for_it() -> None:
    house, seen = House(), list[Origin]()
    before = current_origin()

    async def handler(_: Job) -> None:
        seen.append(current_origin())

    await house.leases().enqueue("count", "p")
    await house.worker(handler).drain()

    assert [Origin(actor="job:count/p")] == seen
    assert before == current_origin()


async def test_asking_twice_is_one_job_and_many_workers_do_it_once() -> None:
    house, seen = House(), list[Any]()
    for _ in range(3):
        await house.leases().enqueue("count", "p")

    await asyncio.gather(*(house.worker(to_three(seen)).drain() for _ in range(5)))

    assert [0, 1, 2, 3] == seen


async def test_a_held_job_is_taken_over_after_its_lease_and_its_old_owner_can_write_nothing() -> None:
    house, seen = House(), list[Any]()
    first = house.leases()
    held = await first.take("count", "p")
    assert held is not None
    held = await first.renew(held, {"at": 2})
    await house.worker(to_three(seen)).drain()
    assert [] == seen

    house.clock.at += first.pace.lease
    await house.worker(to_three(seen)).drain()

    assert [2, 3] == seen
    assert "taken_over" in house.counted
    with pytest.raises(JobLost):
        await first.renew(held, {"at": 0})


async def test_a_job_that_fails_is_tried_ever_later_and_then_failed_for_all_to_see() -> None:
    house, tries = House(), list[float]()

    async def breaks(job: Job) -> Onward | None:
        tries.append(house.clock.at)
        raise OSError("jane@example.com")

    await house.leases().enqueue("count", "p")
    worker = house.worker(breaks)
    await worker.drain()
    while (job := await house.job()).state == WAITING:
        house.clock.at = job.due
        await worker.drain()

    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert [5, 20, 80, 320, 1280, 3600] == waits[:6]
    assert (12, FAILED, "OSError") == (len(tries), job.state, job.last_error)
    assert ["job.failed"] == house.trail.actions


async def test_a_job_that_kills_its_process_is_not_tried_for_ever() -> None:
    house = House()
    leases = house.leases()
    await leases.enqueue("count", "p")

    taken = 0
    for _ in range(20):
        taken += len([job async for job in leases.claimed(["count"], 1)])
        house.clock.at += leases.pace.lease

    assert 12 == taken
    assert FAILED == (await house.job()).state


async def test_a_job_that_must_be_finished_is_tried_until_it_is_and_is_told_of_meanwhile() -> None:
    house, tries = House(), list[float]()
    is_broken = True

    async def breaks(job: Job) -> Onward | None:
        tries.append(house.clock.at)
        if is_broken:
            raise OSError("no space left")
        return None

    await house.leases().enqueue("count", "p", can_be_cancelled=False)
    worker = house.worker(breaks)
    for _ in range(600):
        await worker.drain()
        house.clock.at = (await house.job()).due
    assert 600 == len(tries)
    assert 3600 == tries[-1] - tries[-2]
    assert WAITING == (await house.job()).state
    assert 1 == house.trail.actions.count("job.failing")

    is_broken = False
    await worker.drain()

    assert DONE == (await house.job()).state


async def test_a_job_that_must_be_finished_and_kills_its_process_does_so_ever_more_rarely() -> None:
    house = House()
    leases = house.leases()
    await leases.enqueue("count", "p", can_be_cancelled=False)

    taken = 0
    for _ in range(700):
        taken += len([job async for job in leases.claimed(["count"], 1)])
        house.clock.at += leases.pace.lease

    assert 12 <= taken <= 14
    assert (await house.job()).is_alive


async def test_a_waiting_job_is_cancelled_at_once_and_a_held_one_after_its_part() -> None:
    house = House()
    leases = house.leases()
    await leases.enqueue("count", "p")
    assert await leases.cancel("count", "p")
    assert CANCELLED == (await house.job()).state
    held = await leases.take("count", "p")
    assert held is not None

    assert await house.leases().cancel("count", "p")
    with pytest.raises(JobCancelled):
        await leases.renew(held, {"at": 1})

    assert CANCELLED == (await house.job()).state
    assert not await leases.cancel("count", "p")


async def test_a_job_is_cancelled_where_the_part_under_way_fails_too() -> None:
    house = House()
    leases = house.leases()

    async def fails(job: Job) -> Onward | None:
        assert await leases.cancel(job.kind, job.subject)
        raise ConnectionError

    await leases.enqueue("count", "p")
    await house.worker(fails).drain()

    assert CANCELLED == (await house.job()).state


async def test_a_job_is_cancelled_where_its_owner_lets_it_go() -> None:
    house = House()
    leases = house.leases()
    held = await leases.take("count", "p")
    assert held is not None

    assert await house.leases().cancel("count", "p")
    await leases.release(held)

    assert CANCELLED == (await house.job()).state


async def test_what_a_later_version_wrote_into_a_job_that_is_held_stays_there() -> None:
    house = House()
    leases = house.leases()
    held = await leases.take("count", "p")
    assert held is not None

    stored = await house.job()
    await house.jobs.save(msgspec.structs.replace(stored, unknown={"paused_by": "ada"}))
    await leases.renew(held, {"at": 1})

    assert {"paused_by": "ada"} == (await house.job()).unknown


async def test_jobs_without_an_end_leave_the_others_their_turn() -> None:
    house, seen = House(), list[str]()

    async def endless(job: Job) -> Onward | None:
        seen.append(job.subject)
        house.clock.at += 1
        await asyncio.sleep(0)
        return Onward({"at": job.progress.get("at", 0) + 1}) if job.subject != "p" and "p" not in seen else None

    for subject in ("a", "b", "p"):
        await house.leases().enqueue("count", subject)
        house.clock.at += 0.001
    async with asyncio.timeout(5):
        await house.worker(endless).drain()

    assert "p" in seen
    assert len(seen) < 50


async def test_a_worker_that_is_stopped_finishes_its_part_and_leaves_the_rest_to_others() -> None:
    house, stop, seen = House(), asyncio.Event(), list[Any]()

    async def stopped(job: Job) -> Onward | None:
        stop.set()
        return Onward({"at": 1})

    await house.leases().enqueue("count", "p")
    async with asyncio.timeout(5):
        await house.worker(stopped).run(stop)

    assert (WAITING, {"at": 1}) == ((await house.job()).state, (await house.job()).progress)
    await house.worker(to_three(seen)).drain()
    assert [1, 2, 3] == seen


async def test_a_job_of_an_unknown_kind_waits_for_somebody_who_knows_it() -> None:
    house = House()
    await house.leases().enqueue("other", "p")
    await house.worker(to_three([])).drain()

    job = await house.jobs.get("other", "p")
    assert job is not None
    assert WAITING == job.state


async def test_a_job_that_was_given_up_goes_on_from_its_progress_when_somebody_says_so() -> None:
    house, seen = House(), list[Any]()
    leases = house.leases()
    held = await leases.take("count", "p")
    assert held is not None
    held = await leases.renew(held, {"at": 2})
    await leases.fail(msgspec.structs.replace(held, tries=leases.pace.tries - 1), "OSError")
    assert FAILED == (await house.job()).state

    assert await leases.retry("count", "p")
    await house.worker(to_three(seen)).drain()

    assert [2, 3] == seen
    assert DONE == (await house.job()).state
    assert ["job.failed", "job.retried"] == house.trail.actions


async def test_a_job_that_waits_for_another_try_need_not_wait() -> None:
    house, seen = House(), list[Any]()
    leases = house.leases()
    await leases.enqueue("count", "p")
    held = await leases.take("count", "p")
    assert held is not None
    await leases.fail(held, "OSError")
    await house.worker(to_three(seen)).drain()
    assert [] == seen

    assert await leases.retry("count", "p")
    await house.worker(to_three(seen)).drain()

    assert [0, 1, 2, 3] == seen


async def test_a_job_that_was_cancelled_can_be_taken_up_again() -> None:
    house, seen = House(), list[Any]()
    leases = house.leases()
    held = await leases.take("count", "p")
    assert held is not None
    await leases.cancel("count", "p")
    with pytest.raises(JobCancelled):
        await leases.renew(held, {"at": 3})

    assert await leases.retry("count", "p")
    await house.worker(to_three(seen)).drain()

    assert [3] == seen


async def test_what_runs_or_is_done_or_is_not_there_is_not_tried_again() -> None:
    house, seen = House(), list[Any]()
    leases = house.leases()

    assert not await leases.retry("count", "p")
    await leases.enqueue("count", "p")
    await house.worker(to_three(seen)).drain()
    assert not await leases.retry("count", "p")
    await leases.take("count", "p")
    assert not await leases.retry("count", "p")
