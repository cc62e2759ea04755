"""A deleted pool is gone at once, and in the end nothing of its people is left, wherever a process dies on the way."""

from __future__ import annotations

from contextlib import suppress

import pytest

from poolhouse.errors import InvalidParameter, PoolhouseError, PoolNotFound
from poolhouse.flows.directory.groups import GroupSettings
from poolhouse.flows.jobs.worker import JobWorker, Kind
from poolhouse.flows.pools.removal import POOL_REMOVAL, SETTLING, PoolRemoval
from poolhouse.records.clients import Client
from poolhouse.records.jobs import DONE
from poolhouse.records.pools import Pool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Key, Query
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.crashing import Crash, CrashingStore
from tests.support.house import House, opened_house

KEPT = {"pools", "audit", "outbox", "jobs", "server", "access_keys"}


async def left_of(house: House, pool: Pool) -> list[str]:
    """The names of the collections in which something of the pool is left."""
    found = []
    for collection in collections.ALL:
        if collection.name in KEPT:
            continue
        page = await house.built.store.find(collection, Query(limit=5000))
        found += [
            collection.name
            for entry in page.entries
            if entry.key[0] == pool.id or entry.value.get("pool_id") == pool.id
        ]
    return found


async def inhabited(house: House) -> tuple[Pool, Client]:
    pool = await house.pool()
    client = await house.client(pool)
    await house.services.groups.create(pool.id, "crew", GroupSettings())
    for name in ("jane", "john"):
        await house.user(client, name)
        await house.sign_in(client, name)
        await house.services.groups.join(await house.services.users.require(pool, name), "crew")
    return pool, client


async def finished(house: House) -> None:
    """The jobs come to their end, however long leases and waits take. Each part is small, so that there are several."""
    removal = PoolRemoval(house.built.ports.pools, house.clock, at_a_time=3)
    worker = JobWorker(house.built.jobs.leases, [Kind(POOL_REMOVAL, removal.go_on)])
    for _ in range(4):
        house.clock.advance(SETTLING + 60)
        await worker.drain()


async def test_a_deleted_pool_is_gone_at_once_and_its_people_soon_after() -> None:
    async with opened_house() as house:
        pool, client = await inhabited(house)
        neighbour, other = await inhabited(house)
        tokens = await house.sign_in(client)
        before = await left_of(house, neighbour)

        await house.services.pools.delete(pool.id)

        with pytest.raises(PoolNotFound):
            await house.services.pools.get(pool.id)
        with pytest.raises(PoolNotFound):
            await house.bearer(tokens)
        assert [] != await left_of(house, pool)
        await house.built.jobs.drain()
        assert [] == await left_of(house, pool)
        assert before == await left_of(house, neighbour)
        assert (await house.sign_in(other)).access


async def messages_of(house: House, pool: Pool) -> int:
    """How many messages of the pool are not at their end."""
    page = await house.built.outbox.kept.page(5000, None)
    return len([entry for entry in page.items if entry.pool_id == pool.id])


async def test_messages_of_a_pool_that_is_gone_are_dropped_whatever_they_wait_for() -> None:
    async with opened_house() as house:
        pool, _ = await inhabited(house)
        neighbour, _ = await inhabited(house)
        before = await messages_of(house, neighbour)
        assert await messages_of(house, pool) > 0

        await house.services.pools.delete(pool.id)
        await house.built.jobs.drain()
        house.clock.advance(SETTLING)
        await house.built.jobs.drain()

        assert (0, before) == (await messages_of(house, pool), await messages_of(house, neighbour))


async def test_what_was_written_behind_the_jobs_back_is_removed_a_minute_later() -> None:
    async with opened_house() as house:
        pool, _ = await inhabited(house)
        late = await house.services.users.require(pool, "jane")
        await house.services.pools.delete(pool.id)
        await house.built.jobs.drain()
        await house.built.ports.users.add(pool, late)

        house.clock.advance(SETTLING)
        await house.built.jobs.drain()

        assert [] == await left_of(house, pool)
        job = await house.built.jobs.leases.get(POOL_REMOVAL, pool.id)
        assert job is not None
        assert DONE == job.state


async def test_the_removal_of_a_pool_cannot_be_cancelled() -> None:
    async with opened_house() as house:
        pool, _ = await inhabited(house)
        await house.services.pools.delete(pool.id)

        with pytest.raises(InvalidParameter):
            await house.built.jobs.leases.cancel(POOL_REMOVAL, pool.id)


async def removed(crash_after: int | None) -> int:
    """A pool is deleted and its job done by a process that dies after so many writes; another goes on."""
    clock = FakeClock()
    store = CrashingStore(MemoryStore(collections.ALL, clock))
    async with opened_house(store, clock) as house:
        pool, _ = await inhabited(house)
        store.restart()
        if crash_after is not None:
            store.crash_after(crash_after)
        with suppress(Crash):
            await house.services.pools.delete(pool.id)
            await finished(house)
        writes = store.writes
        store.restart()
    async with opened_house(store, clock) as house:
        await finished(house)
        if crash_after == 0:
            # Nothing was written, and nobody was told anything.
            assert pool.id == (await house.services.pools.get(pool.id)).id
            return writes
        with pytest.raises(PoolNotFound):
            await house.services.pools.get(pool.id)
        assert [] == await left_of(house, pool)
    return writes


async def test_killed_at_any_write_a_removal_goes_on_elsewhere_and_leaves_nothing() -> None:
    writes = await removed(None)

    assert writes > 20
    for crash_after in range(writes):
        await removed(crash_after)


async def test_clients_keys_and_grants_of_a_pool_are_gone_before_its_deletion_is_answered() -> None:
    async with opened_house() as house:
        pool, _ = await inhabited(house)

        await house.services.pools.delete(pool.id)

        assert {"clients", "client_pools", "signing_keys", "grants"}.isdisjoint(await left_of(house, pool))


async def test_tokens_of_a_deleted_pool_end_at_once_even_where_the_pool_is_still_believed_in() -> None:
    clock = FakeClock()
    store = MemoryStore(collections.ALL, clock)
    async with opened_house(store=store, clock=clock) as house, opened_house(store=store, clock=clock) as other:
        pool, client = await inhabited(house)
        tokens = await other.sign_in(client)
        assert await other.bearer(tokens)

        await house.services.pools.delete(pool.id)

        assert pool.id == (await other.services.pools.get(pool.id)).id
        with pytest.raises(PoolhouseError):
            await other.bearer(tokens)
        with pytest.raises(PoolhouseError):
            await other.refresh(client, tokens.refresh, rotates=False)
        with pytest.raises(PoolNotFound):
            await other.sign_in(client)


async def test_a_clock_that_was_set_back_by_a_day_holds_up_no_removal() -> None:
    async with opened_house() as house:
        pool, _ = await inhabited(house)
        house.clock.advance(86400)
        await house.services.pools.delete(pool.id)
        await house.built.jobs.drain()
        house.clock.advance(-86400)

        await finished(house)

        job = await house.built.jobs.leases.get(POOL_REMOVAL, pool.id)
        assert job is not None
        assert DONE == job.state


class SlowStore(MemoryStore):
    """Each deletion takes a second of the clock's."""

    slow: FakeClock | None = None

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        if self.slow is not None:
            self.slow.advance(1.0)
        return await super().delete(collection, key, version=version)


async def test_over_a_slow_database_a_part_ends_before_its_lease_does() -> None:
    clock = FakeClock()
    store = SlowStore(collections.ALL, clock)
    async with opened_house(store, clock) as house:
        pool, _ = await inhabited(house)
        everything = len(await left_of(house, pool))
        store.slow = clock
        parts = []
        while removed := await house.built.ports.pools.remove_some(pool.id, 200):
            parts.append(removed)

        assert [] == await left_of(house, pool)
        assert len(parts) > 3
        assert max(parts) < everything
