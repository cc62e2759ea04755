"""How many users a pool has: kept as they come and go, put right where a process died, and never counted to be told."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.jobs.worker import JobWorker, Kind
from poolhouse.flows.pools.census import CENSUS, EVERY, SETTLING, CensusTaking
from poolhouse.records.pools import Pool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.census import SHARES, CensusRepository
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, House, opened_house
from tests.unit.flows.test_store_reads import watched_house


async def made(house: House, pool: Pool, *names: str) -> None:
    for name in names:
        await house.services.users.invite(pool, Invitation(username=name, password=PASSWORD, silent=True))


async def told(house: House, pool: Pool) -> int | None:
    return await house.services.pools.users_of(pool)


async def put_right(house: House) -> None:
    """The day goes by, somebody asks, and the job runs to its end."""
    for wait in (EVERY, SETTLING, 0.0):
        house.clock.advance(wait)
        for pool in (await house.services.pools.page("eu-north-1", 60, None)).items:
            await told(house, pool)
        await house.built.jobs.drain()


async def lose(house: House, pool: Pool, by: int) -> None:
    """What a process leaves that died between a user and the count."""
    users = (await house.services.users.page(pool, None, 1, None)).items
    await CensusRepository(house.built.store).add(pool.id, users[0].sub, by)


async def test_users_are_counted_as_they_come_and_go(house: House) -> None:
    pool, other = await house.pool(), await house.pool()
    assert 0 == await told(house, pool)

    await made(house, pool, "ada", "bea", "cleo")
    await house.services.users.delete(pool, "bea")
    client = await house.client(pool)
    await house.sign_up(client, "dora")

    assert (3, 0) == (await told(house, pool), await told(house, other))


async def test_many_who_come_at_the_same_moment_are_all_counted(house: House) -> None:
    pool = await house.pool()

    await asyncio.gather(*(made(house, pool, f"user{number}") for number in range(100)))

    assert 100 == await told(house, pool)
    page = await house.built.store.find(collections.CENSUS, Query(prefix=(pool.id,), limit=SHARES + 1))
    assert 50 < len(page.entries), "they share the writes among many documents"


async def test_who_could_not_be_made_is_not_counted(house: House) -> None:
    pool = await house.pool()
    user = await house.services.users.invite(pool, Invitation(username="ada", password=PASSWORD, silent=True))

    with pytest.raises(Exception, match="username"):
        await house.built.ports.users.add(pool, replace(user, sub=user.sub, username="zoe", version=0))

    assert 1 == await told(house, pool)


async def test_to_tell_it_looks_at_no_user() -> None:
    async with watched_house() as (house, seen):
        pool = await house.pool()
        await made(house, pool, "ada", "bea")
        seen.clear()

        assert 2 == await told(house, pool)

        assert {"find census": 1} == Counter({verb: n for verb, n in seen.items() if "pools" not in verb})


@pytest.mark.parametrize("by", [1, -1, -5])
async def test_what_a_crash_left_wrong_is_right_after_a_day(house: House, by: int) -> None:
    pool = await house.pool()
    await made(house, pool, "ada", "bea", "cleo")
    await lose(house, pool, by)
    assert max(0, 3 + by) == await told(house, pool)

    await put_right(house)

    assert 3 == await told(house, pool)


async def test_a_pool_of_before_tells_nothing_until_it_was_counted(house: House) -> None:
    pool = await house.pool()
    await made(house, pool, "ada", "bea")
    page = await house.built.store.find(collections.CENSUS, Query(prefix=(pool.id,), limit=SHARES + 1))
    for entry in page.entries:
        await house.built.store.delete(collections.CENSUS, entry.key)

    assert None is await told(house, pool)
    await put_right(house)

    assert 2 == await told(house, pool)


async def test_it_is_counted_once_a_day_at_most(house: House) -> None:
    pool = await house.pool()
    await made(house, pool, "ada")

    await told(house, pool)
    assert None is await house.built.jobs.leases.get(CENSUS, pool.id)
    house.clock.advance(EVERY)
    await told(house, pool)
    assert None is not await house.built.jobs.leases.get(CENSUS, pool.id)


class Busy:
    """Somebody comes while the users are looked at, behind the place that is looked at now."""

    def __init__(self, house: House, pool: Pool) -> None:
        self._inner: Any = house.built.ports.censuses
        self._house, self._pool, self._looks = house, pool, 0

    async def look(self, *given: Any) -> Any:
        found = await self._inner.look(*given)
        self._looks += 1
        await made(self._house, self._pool, f"late{self._looks}a", f"late{self._looks}b")
        if self._looks == 1:
            await self._house.services.users.delete(self._pool, "ada")
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_who_comes_and_goes_while_it_is_counted_is_counted_once() -> None:
    clock = FakeClock()
    async with opened_house(MemoryStore(collections.ALL, clock), clock) as house:
        pool = await house.pool()
        await made(house, pool, "ada", *(f"user{number}" for number in range(20)))
        taking = CensusTaking(Busy(house, pool), clock, at_a_time=5)
        worker = JobWorker(house.built.jobs.leases, [Kind(CENSUS, taking.go_on)])
        await house.built.jobs.leases.enqueue(CENSUS, pool.id)

        for _ in range(3):
            await worker.drain()
            clock.advance(SETTLING)

        users = len((await house.services.users.page(pool, None, 60, None)).items)
        assert users > 21
        assert users == await told(house, pool)


async def test_a_deleted_pool_has_no_census(house: House) -> None:
    pool = await house.pool()
    await made(house, pool, "ada")

    await house.services.pools.delete(pool.id)
    await house.built.jobs.drain()

    page = await house.built.store.find(collections.CENSUS, Query(prefix=(pool.id,), limit=10))
    assert [] == list(page.entries)


async def test_a_census_of_before_the_clock_was_set_back_is_taken_again(house: House) -> None:
    pool = await house.pool()
    await made(house, pool, "ada", "bea", "cleo")
    house.clock.advance(10 * EVERY)
    await CensusRepository(house.built.store).note_taken(pool.id, house.clock.now())
    await lose(house, pool, 2)
    house.clock.advance(-10 * EVERY)

    await told(house, pool)
    for _ in range(2):
        await house.built.jobs.drain()
        house.clock.advance(SETTLING)

    assert 3 == await told(house, pool)
