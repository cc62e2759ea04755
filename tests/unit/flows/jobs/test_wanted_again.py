"""Who asks for work while it is being cancelled gets it: it begins anew where the cancelled one ends."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.flows.jobs.leases import JobCancelled
from poolhouse.records.jobs import CANCELLED, DONE, RUNNING, WAITING
from tests.unit.flows.jobs.test_jobs import House, to_three


async def being_cancelled(house: House) -> Any:
    """A job in the middle of its work, whose end somebody asked for."""
    owner = house.leases()
    held = await owner.take("count", "p")
    assert held is not None
    held = await owner.renew(held, {"at": 2})
    await house.leases().cancel("count", "p")
    return owner, held


@pytest.mark.parametrize("end", ["renewed", "released", "taken over"])
async def test_it_begins_anew_where_the_cancelled_one_ends(end: str) -> None:
    house, seen = House(), list[Any]()
    owner, held = await being_cancelled(house)
    await house.leases().enqueue("count", "p")
    assert RUNNING == (await house.job()).state

    if end == "renewed":
        with pytest.raises(JobCancelled):
            await owner.renew(held, {"at": 3})
    elif end == "released":
        await owner.release(held)
    else:
        house.clock.at += owner.pace.lease
        await house.worker(to_three([])).drain()
    await house.worker(to_three(seen)).drain()

    assert "job.cancelled" in house.trail.actions
    if end != "taken over":
        assert [0, 1, 2, 3] == seen
    assert DONE == (await house.job()).state


async def test_who_asks_between_the_last_look_and_the_end_is_heard_too() -> None:
    house = House()
    owner, held = await being_cancelled(house)
    seen = await owner._saved(held)
    await house.leases().enqueue("count", "p")

    await owner._end(seen, CANCELLED)

    assert (WAITING, {}) == ((await house.job()).state, (await house.job()).progress)


async def test_who_cancels_last_is_heard() -> None:
    house = House()
    owner, held = await being_cancelled(house)
    await house.leases().enqueue("count", "p")
    await house.leases().cancel("count", "p")

    with pytest.raises(JobCancelled):
        await owner.renew(held, {"at": 3})

    assert CANCELLED == (await house.job()).state


async def test_who_would_do_it_alone_and_comes_too_early_leaves_no_wish() -> None:
    house = House()
    owner, held = await being_cancelled(house)
    assert await house.leases().take("count", "p") is None

    await owner.release(held)

    assert CANCELLED == (await house.job()).state


async def test_asking_twice_is_one_job() -> None:
    house, seen = House(), list[Any]()
    owner, held = await being_cancelled(house)
    for _ in range(3):
        await house.leases().enqueue("count", "p")
    await owner.release(held)

    await house.worker(to_three(seen)).drain()

    assert [0, 1, 2, 3] == seen
