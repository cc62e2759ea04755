"""A clock that was set back by a day holds up no job for longer than a lease, or a wait, may last."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from poolhouse.flows.jobs.leases import JobLost
from poolhouse.flows.jobs.worker import Onward
from poolhouse.records.jobs import CANCELLED, DONE, RUNNING, WAITING, Job
from tests.unit.flows.jobs.test_jobs import House, to_three

DAY = 86400.0


async def test_a_lease_of_a_dead_owner_is_over_after_its_own_length() -> None:
    house, seen = House(), list[Any]()
    assert await house.leases().take("count", "p") is not None
    house.clock.at -= DAY
    worker = house.worker(to_three(seen))

    await worker.drain()
    assert ([], RUNNING) == (seen, (await house.job()).state)
    house.clock.at += 40
    await worker.drain()

    assert ([0, 1, 2, 3], DONE) == (seen, (await house.job()).state)


async def test_an_owner_who_lives_keeps_the_job() -> None:
    house, seen = House(), list[Any]()
    owner = house.leases()
    held = await owner.take("count", "p")
    assert held is not None
    house.clock.at -= DAY
    worker = house.worker(to_three(seen))

    for _ in range(20):
        await worker.drain()
        house.clock.at += owner.pace.lease / 2
        held = await owner.renew(held, {"at": 0})

    assert [] == seen
    await owner.finish(held)


async def test_the_old_owner_can_write_nothing_once_it_was_taken_for_dead() -> None:
    house, seen = House(), list[Any]()
    owner = house.leases()
    held = await owner.take("count", "p")
    assert held is not None
    house.clock.at -= DAY
    worker = house.worker(to_three(seen))
    await worker.drain()
    house.clock.at += 40
    await worker.drain()

    with pytest.raises(JobLost):
        await owner.renew(held, {"at": 0})


async def test_a_job_that_waits_for_another_try_is_tried_at_once() -> None:
    house, tries = House(), list[float]()

    async def fails_once(job: Job) -> Onward | None:
        tries.append(house.clock.at)
        if len(tries) == 1:
            raise OSError
        return None

    await house.leases().enqueue("count", "p")
    await house.worker(fails_once).drain()
    assert WAITING == (await house.job()).state
    house.clock.at -= DAY

    await house.worker(fails_once).drain()

    assert DONE == (await house.job()).state


async def test_a_job_that_may_still_wait_is_left_waiting() -> None:
    house, tries = House(), list[int]()

    async def fails(job: Job) -> Onward | None:
        tries.append(job.tries)
        raise OSError

    await house.leases().enqueue("count", "p")
    worker = house.worker(fails)
    for _ in range(6):
        await worker.drain()
        house.clock.at = (await house.job()).due
    house.clock.at -= 1
    await house.worker(fails).drain()

    assert 6 == len(tries)


async def test_a_job_is_not_kept_for_a_day_by_whoever_has_its_turn() -> None:
    house, order = House(), list[str]()

    async def long(job: Job) -> Onward | None:
        order.append(job.subject)
        await asyncio.sleep(0)
        if len(order) == 2:
            house.clock.at -= DAY
        if len(order) > 50:
            return None
        house.clock.at += 0.001
        return Onward({"at": len(order)})

    await house.leases().enqueue("count", "p")
    worker = house.worker(long)
    held = [job async for job in worker.leases.claimed(["count"], 1)]
    await worker._do(held[0])

    assert len(order) < 50
    assert WAITING == (await house.job()).state


async def test_who_asks_for_a_job_again_and_again_gets_it_once_its_lease_is_over() -> None:
    house = House()
    assert await house.leases().take("count", "p") is not None
    house.clock.at -= DAY
    asking = house.leases()

    assert await asking.take("count", "p") is None
    house.clock.at += asking.pace.lease
    assert await asking.take("count", "p") is not None


async def test_a_job_that_was_cancelled_meanwhile_ends() -> None:
    house = House()
    assert await house.leases().take("count", "p") is not None
    house.clock.at -= DAY
    await house.leases().cancel("count", "p")
    worker = house.worker(to_three([]))
    await worker.drain()
    house.clock.at += 40
    await worker.drain()

    assert CANCELLED == (await house.job()).state
