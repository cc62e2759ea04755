"""A deleted identity pool is gone at once, and in the end nothing of its identities is left, wherever a process dies on
the way."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from poolhouse.errors import IdentityPoolNotFound, InvalidParameter
from poolhouse.flows.identities.removal import IDENTITY_POOL_REMOVAL, SETTLING, IdentityPoolRemoval
from poolhouse.flows.identities.settings import IdentityPoolSettings
from poolhouse.flows.jobs.worker import JobWorker, Kind
from poolhouse.ports.identities import IdentityPorts
from poolhouse.records.identities import Identity, IdentityPool, Login
from poolhouse.records.jobs import DONE
from poolhouse.store.memory import MemoryStore
from poolhouse.store.open import open_store
from poolhouse.store.port import Collection, Entry, Key, Query, Store, Stored
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.crashing import Crash, CrashingStore
from tests.support.house import House, opened_house

KEPT = {"identity_pools", "audit", "jobs", "server"}
PEOPLE = 7


def ports_of(house: House) -> IdentityPorts:
    return house.built.built.one(IdentityPorts)


def somebody(pool: IdentityPool, number: int) -> tuple[Identity, Login]:
    identity_id = f"eu-north-1:00000000-0000-4000-8000-{pool.id[-8:]}{number:04}"
    identity = Identity(id=identity_id, pool_id=pool.id, created=0.0, modified=0.0)
    login = Login(pool_id=pool.id, digest=f"{number:064}", provider="p", identity_id=identity_id, linked=0.0)
    return identity, login


async def inhabited(house: House) -> IdentityPool:
    settings = IdentityPoolSettings(name="people", allows_guests=True)
    pool = await house.built.identities.pools.create("eu-north-1", settings)
    ports = ports_of(house)
    for number in range(PEOPLE):
        identity, login = somebody(pool, number)
        await ports.identities.add(identity)
        await ports.logins.add(login)
    return pool


async def left_of(house: House, pool: IdentityPool) -> list[str]:
    """The names of the collections in which something of the pool is left."""
    found = []
    for collection in collections.ALL:
        if collection.name not in KEPT:
            page = await house.built.store.find(collection, Query(limit=5000))
            found += [
                collection.name
                for entry in page.entries
                if entry.key[0] == pool.id or entry.value.get("pool_id") == pool.id
            ]
    return found


async def finished(house: House) -> None:
    """The jobs come to their end, however long leases and waits take. Each part is small, so that there are several."""
    removal = IdentityPoolRemoval(ports_of(house).pools, house.clock, at_a_time=3)
    worker = JobWorker(house.built.jobs.leases, [Kind(IDENTITY_POOL_REMOVAL, removal.go_on)])
    for _ in range(4):
        house.clock.advance(SETTLING + 60)
        await worker.drain()


async def test_a_deleted_pool_is_gone_at_once_and_its_identities_soon_after() -> None:
    async with opened_house() as house:
        pool, neighbour = await inhabited(house), await inhabited(house)
        before = await left_of(house, neighbour)

        await house.built.identities.pools.delete(pool.id)

        with pytest.raises(IdentityPoolNotFound):
            await house.built.identities.pools.get(pool.id)
        assert 3 * PEOPLE == len(await left_of(house, pool))
        await house.built.jobs.drain()
        assert [] == await left_of(house, pool)
        assert before == await left_of(house, neighbour)


async def test_a_pool_that_is_not_there_cannot_be_deleted_and_leaves_no_job() -> None:
    async with opened_house() as house:
        with pytest.raises(IdentityPoolNotFound):
            await house.built.identities.pools.delete("eu-north-1:0")

        assert await house.built.jobs.leases.get(IDENTITY_POOL_REMOVAL, "eu-north-1:0") is None


async def test_what_was_written_behind_the_jobs_back_is_removed_a_minute_later() -> None:
    async with opened_house() as house:
        pool = await inhabited(house)
        await house.built.identities.pools.delete(pool.id)
        await house.built.jobs.drain()
        late, login = somebody(pool, PEOPLE)
        await ports_of(house).identities.add(late)
        await ports_of(house).logins.add(login)

        house.clock.advance(SETTLING)
        await house.built.jobs.drain()

        assert [] == await left_of(house, pool)
        job = await house.built.jobs.leases.get(IDENTITY_POOL_REMOVAL, pool.id)
        assert job is not None
        assert DONE == job.state


async def test_the_removal_cannot_be_cancelled() -> None:
    async with opened_house() as house:
        pool = await inhabited(house)
        await house.built.identities.pools.delete(pool.id)

        with pytest.raises(InvalidParameter):
            await house.built.jobs.leases.cancel(IDENTITY_POOL_REMOVAL, pool.id)


async def test_a_clock_that_was_set_back_by_a_day_holds_up_no_removal() -> None:
    async with opened_house() as house:
        pool = await inhabited(house)
        house.clock.advance(86400)
        await house.built.identities.pools.delete(pool.id)
        await house.built.jobs.drain()
        house.clock.advance(-86400)

        await finished(house)

        job = await house.built.jobs.leases.get(IDENTITY_POOL_REMOVAL, pool.id)
        assert job is not None
        assert DONE == job.state


async def removed(inner: Store, clock: FakeClock, crash_after: int | None) -> int:
    """A pool is deleted and its job done by a process that dies after so many writes; another goes on."""
    store = CrashingStore(inner)
    async with opened_house(store, clock) as house:
        pool = await inhabited(house)
        store.restart()
        if crash_after is not None:
            store.crash_after(crash_after)
        with suppress(Crash):
            await house.built.identities.pools.delete(pool.id)
            await finished(house)
        writes = store.writes
        store.restart()
    async with opened_house(store, clock) as house:
        await finished(house)
        if crash_after == 0:
            # Nothing was written, and nobody was told anything.
            assert pool.id == (await house.built.identities.pools.get(pool.id)).id
            return writes
        with pytest.raises(IdentityPoolNotFound):
            await house.built.identities.pools.get(pool.id)
        assert [] == await left_of(house, pool)
    return writes


async def test_killed_at_any_write_a_removal_goes_on_elsewhere_and_leaves_nothing() -> None:
    def store(clock: FakeClock) -> Store:
        return MemoryStore(collections.ALL, clock)

    clock = FakeClock()
    writes = await removed(store(clock), clock, None)

    assert writes > 20
    for crash_after in range(writes):
        clock = FakeClock()
        await removed(store(clock), clock, crash_after)


@pytest.mark.parametrize("crash_after", range(0, 40, 5))
async def test_the_same_over_sqlite(tmp_path: Path, crash_after: int) -> None:
    clock = FakeClock()
    file = f"sqlite:{tmp_path / 'removal.db'}"

    class Reopened(CrashingStore):
        """The house closes its store, and the next one opens the file again."""

        async def start(self) -> None:
            self._inner = open_store(file, collections.ALL, clock)
            await super().start()

    store = Reopened(open_store(file, collections.ALL, clock))
    await removed(store, clock, crash_after)


class WaitingStore(MemoryStore):
    """Lets somebody in before a deletion, once."""

    meanwhile: tuple[Collection, IdentityPorts, Identity] | None = None

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        if self.meanwhile is not None and self.meanwhile[0] is collection:
            _, ports, identity = self.meanwhile
            self.meanwhile = None
            with suppress(IdentityPoolNotFound):
                await ports.identities.add(identity)
        return await super().delete(collection, key, version=version)


@pytest.mark.parametrize("before", [collections.IDENTITIES, collections.POOL_IDENTITIES], ids=["identity", "line"])
async def test_an_identity_that_is_made_while_its_line_is_removed_is_not_left_behind(before: Collection) -> None:
    clock = FakeClock()
    store = WaitingStore(collections.ALL, clock)
    async with opened_house(store, clock) as house:
        pool = await inhabited(house)
        late, _ = somebody(pool, 0)
        await store.delete(collections.IDENTITIES, (late.id,))
        await house.built.identities.pools.delete(pool.id)
        store.meanwhile = (before, ports_of(house), late)

        await house.built.jobs.drain()

        assert [] == await left_of(house, pool)


async def test_an_identity_whose_line_was_removed_before_it_stood_there_is_taken_back() -> None:
    clock = FakeClock()

    class Late(MemoryStore):
        async def insert(self, collection: Collection, entry: Entry) -> Stored:
            if collection is collections.IDENTITIES:
                await self.delete(collections.POOL_IDENTITIES, (pool.id, late.id))
            return await super().insert(collection, entry)

    async with opened_house(Late(collections.ALL, clock), clock) as house:
        settings = IdentityPoolSettings(name="people", allows_guests=True)
        pool = await house.built.identities.pools.create("eu-north-1", settings)
        late, _ = somebody(pool, 0)

        with pytest.raises(IdentityPoolNotFound):
            await ports_of(house).identities.add(late)

        assert [] == await left_of(house, pool)
