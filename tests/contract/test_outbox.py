"""The outbox over every adapter: pools take turns, however many messages one of them has, and versions share it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from msgspec.structs import replace

from poolhouse.crypto.vault import Vault
from poolhouse.records.messages import OutboxEntry
from poolhouse.records.pools import Pool
from poolhouse.server.world import SystemChance
from poolhouse.store.memory import MemoryStore
from poolhouse.store.motor import MotorStore
from poolhouse.store.port import Page, Query, StartsWith, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry, to_record
from poolhouse.store.repositories.messages import OutboxRepository
from poolhouse.store.repositories.pools import PoolRepository
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock


class Counting:
    """A store that counts how many documents it was asked for."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.read = self.asked = 0

    async def find(self, collection: Any, query: Query) -> Page:
        page = await self._inner.find(collection, query)
        self.asked += 1
        self.read += len(page.entries)
        return page

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class OutboxSuite:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    async def store(self) -> Any:
        raise NotImplementedError

    @pytest.fixture
    def counting(self, store: Store) -> Counting:
        return Counting(store)

    @pytest.fixture
    def outbox(self, counting: Any, clock: FakeClock) -> OutboxRepository:
        return OutboxRepository(counting, Cursors(Vault([bytes(32)], SystemChance()), clock))

    def entry(self, clock: FakeClock, number: int, pool: str = "eu-west-1_A", **changes: Any) -> OutboxEntry:
        now = clock.now()
        made = OutboxEntry(
            id=f"m-{number:05}",
            pool_id=pool,
            channel="email",
            purpose="x",
            created=now,
            due=now,
            expires=now + 86400,
            useful=now + 3600,
            urgent=True,
        )
        return replace(made, **changes)

    async def due(self, outbox: OutboxRepository, clock: FakeClock, **given: Any) -> list[str]:
        given = {"channel": "email", "urgent": True, "now": clock.now(), "limit": 8, **given}
        return [entry.id for entry in await outbox.due(given.pop("channel"), **given)]

    async def test_a_pool_with_many_messages_is_passed_over_in_one_step(
        self, outbox: OutboxRepository, counting: Counting, clock: FakeClock
    ) -> None:
        for number in range(300):
            await outbox.insert(self.entry(clock, number, "eu-west-1_Many"))
        await outbox.insert(self.entry(clock, 900, "eu-west-1_Zero"))
        await outbox.insert(self.entry(clock, 901, "eu-west-1_Ant"))

        found = await self.due(outbox, clock)

        assert {"m-00000", "m-00900", "m-00901"} <= set(found)
        assert (counting.asked, counting.read) < (5, 20)

    async def test_the_turn_goes_on_behind_the_pool_that_was_served_last_and_round_again(
        self, outbox: OutboxRepository, clock: FakeClock
    ) -> None:
        for number, pool in enumerate("ABC"):
            for more in range(3):
                await outbox.insert(self.entry(clock, 10 * number + more, f"eu-west-1_{pool}"))

        assert "m-00010" == (await self.due(outbox, clock, limit=1, behind="eu-west-1_A"))[0]
        assert "m-00020" == (await self.due(outbox, clock, limit=1, behind="eu-west-1_B"))[0]
        assert "m-00000" == (await self.due(outbox, clock, limit=1, behind="eu-west-1_C"))[0]
        assert {"m-00020", "m-00000"} <= set(await self.due(outbox, clock, limit=2, behind="eu-west-1_B"))
        assert 9 == len(await self.due(outbox, clock, limit=8, behind="eu-west-1_B"))

    async def test_a_message_of_no_pool_has_its_turn_too(self, outbox: OutboxRepository, clock: FakeClock) -> None:
        await outbox.insert(self.entry(clock, 1, ""))
        await outbox.insert(self.entry(clock, 2, "eu-west-1_A"))

        for number in range(3, 20):
            await outbox.insert(self.entry(clock, number, ""))

        assert {"m-00001", "m-00002"} <= set(await self.due(outbox, clock))
        assert ["m-00002"] == await self.due(outbox, clock, limit=1, behind="")
        assert ["m-00001"] == await self.due(outbox, clock, limit=1, behind="eu-west-1_A")

    async def test_each_line_is_found_by_itself(self, outbox: OutboxRepository, clock: FakeClock) -> None:
        await outbox.insert(self.entry(clock, 1))
        await outbox.insert(self.entry(clock, 2, urgent=False))
        await outbox.insert(self.entry(clock, 3, channel="sms"))

        assert ["m-00001"] == await self.due(outbox, clock)
        assert ["m-00002"] == await self.due(outbox, clock, urgent=False)
        assert ["m-00003"] == await self.due(outbox, clock, channel="sms")

    async def test_what_waits_for_a_later_instant_is_found_behind_it(
        self, outbox: OutboxRepository, clock: FakeClock
    ) -> None:
        for number, wait in enumerate((10, 20, 30)):
            await outbox.insert(self.entry(clock, number, due=clock.now() + wait))
        await outbox.insert(self.entry(clock, 3, state="sending", until=clock.now() + 40))
        await outbox.insert(self.entry(clock, 4, urgent=False, due=clock.now() + 50))
        await outbox.insert(self.entry(clock, 5))

        found = await outbox.far("email", urgent=True, after=clock.now() + 20, limit=8)

        assert ["m-00002", "m-00003"] == [entry.id for entry in found]

    async def test_what_waits_for_an_instant_is_found_from_then_on(
        self, outbox: OutboxRepository, clock: FakeClock
    ) -> None:
        await outbox.insert(self.entry(clock, 1, due=clock.now() + 5))
        await outbox.insert(self.entry(clock, 2, state="sending", until=clock.now() + 75))
        await outbox.insert(self.entry(clock, 3, state="sending", due=clock.now()))
        await outbox.insert(self.entry(clock, 4, state="failed"))

        assert [] == await self.due(outbox, clock)
        clock.advance(5)
        assert ["m-00001"] == await self.due(outbox, clock)
        clock.advance(70)
        assert ["m-00001", "m-00002"] == await self.due(outbox, clock)

    async def test_what_an_older_version_put_is_found_and_it_finds_what_a_newer_one_put(
        self, outbox: OutboxRepository, store: Store, clock: FakeClock
    ) -> None:
        old = self.entry(clock, 1, urgent=False, useful=0.0)
        index = {"due": f"{old.due:017.6f}"}
        await store.insert(collections.OUTBOX, to_entry(old, ("outbox", old.id), expires=old.expires, index=index))
        await outbox.insert(self.entry(clock, 2))

        assert ["m-00001"] == [entry.id for entry in await outbox.left_by_older(clock.now(), 8)]
        assert ["m-00002"] == await self.due(outbox, clock)
        as_older = await store.find(collections.OUTBOX, Query(prefix=("outbox",), where=StartsWith("due", ""), limit=8))
        seen = [to_record(entry, OutboxEntry) for entry in as_older.entries]
        assert ["m-00001", "m-00002"] == [entry.id for entry in seen if entry.due <= clock.now()]

    async def test_what_is_at_no_good_end_is_listed_page_by_page(
        self, outbox: OutboxRepository, clock: FakeClock
    ) -> None:
        states = ("waiting", "sent", "failed", "unclear", "waiting")
        for number, state in enumerate(states):
            await outbox.insert(self.entry(clock, number, state=state))

        first = await outbox.page(3, None)
        second = await outbox.page(3, first.cursor)

        assert ["m-00000", "m-00004", "m-00002"] == [entry.id for entry in first.items]
        assert (["m-00003"], None) == ([entry.id for entry in second.items], second.cursor)

    async def test_what_somebody_changed_is_not_dropped(self, outbox: OutboxRepository, clock: FakeClock) -> None:
        await outbox.insert(self.entry(clock, 1))
        before = await outbox.get("m-00001")
        assert before is not None

        after = await outbox.save(replace(before, tries=1))

        assert not await outbox.drop(before)
        assert await outbox.drop(after)
        assert await outbox.get("m-00001") is None

    async def test_what_a_pool_has_is_dropped_some_at_a_time_but_for_what_is_under_way(
        self, outbox: OutboxRepository, clock: FakeClock
    ) -> None:
        for number in range(6):
            await outbox.insert(self.entry(clock, number, "eu-west-1_A", state=("waiting", "failed")[number % 2]))
        await outbox.insert(self.entry(clock, 6, "eu-west-1_A", state="sending", until=clock.now() + 75))
        await outbox.insert(self.entry(clock, 7, "eu-west-1_B"))

        place = await outbox.drop_some_of("eu-west-1_A", None, 2)
        while place is not None:
            place = await outbox.drop_some_of("eu-west-1_A", place, 2)

        left = await outbox.page(20, None)
        assert {"m-00006", "m-00007"} == {entry.id for entry in left.items}

    async def test_a_pool_is_there_until_it_is_deleted(
        self, outbox: OutboxRepository, store: Store, clock: FakeClock
    ) -> None:
        pools = PoolRepository(store, Cursors(Vault([bytes(32)], SystemChance()), clock), clock)
        pool = Pool(id="eu-west-1_A", name="a", created=clock.now(), modified=clock.now())
        await pools.add(pool)

        assert await outbox.is_pool("eu-west-1_A")
        await pools.delete("eu-west-1_A")
        assert not await outbox.is_pool("eu-west-1_A")


class TestMemoryOutbox(OutboxSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock) -> AsyncIterator[Store]:
        store = MemoryStore(collections.ALL, clock)
        await store.start()
        yield store
        await store.close()


class TestSqliteOutbox(OutboxSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Store]:
        store = SqliteStore(tmp_path / "store.db", collections.ALL, clock)
        await store.start()
        yield store
        await store.close()


@pytest.mark.requires_mongodb
class TestMotorOutbox(OutboxSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock, mongodb_database: str) -> AsyncIterator[Store]:
        store = MotorStore(mongodb_database, collections.ALL, clock)
        await store.start()
        yield store
        await store.close()
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongodb_database)
        await client.drop_database(client.get_default_database().name)
        client.close()
