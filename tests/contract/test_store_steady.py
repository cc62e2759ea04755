"""A store that does not answer: a request waits for it once, others not at all, and it is found again by itself."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator

import pytest

from poolhouse.errors import KeyTaken, StoreAway
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Entry, Key, Stored
from poolhouse.store.steady import TRY_AGAIN, SteadyStore, begin_request
from poolhouse.testing.clock import FakeClock

ITEMS = Collection("items")
PATIENCE = 0.2


class FarAway(MemoryStore):
    """Behind a network: while ``is_away`` no answer comes."""

    is_away = False
    asked = 0

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        self.asked += 1
        if self.is_away:
            await asyncio.Event().wait()
        return await super().get(collection, key)


@pytest.fixture
async def far() -> AsyncIterator[FarAway]:
    store = FarAway((ITEMS,), FakeClock())
    await store.start()
    yield store
    await store.close()


async def request(store: SteadyStore, calls: int = 1) -> float:
    """How long so many reads in one request took, or the first of them that was refused."""
    now = asyncio.get_running_loop().time
    began = now()

    async def all_of_them() -> None:
        begin_request(PATIENCE)
        for _ in range(calls):
            await store.get(ITEMS, ("t", "k"))

    try:
        await asyncio.create_task(all_of_them(), context=contextvars.copy_context())
    except StoreAway:
        return now() - began
    return -1.0


async def test_one_request_waits_and_the_next_is_refused_at_once_until_it_is_back(far: FarAway) -> None:
    store = SteadyStore(far, is_file=False)
    answered = await request(store)
    far.is_away = True
    was_away = store.is_away
    first = await request(store)
    asked = far.asked
    others = [await request(store) for _ in range(20)]

    assert answered < 0
    assert first >= PATIENCE
    assert max(others) < PATIENCE
    assert asked == far.asked
    assert (False, True) == (was_away, store.is_away)

    far.is_away = False
    async with asyncio.timeout(TRY_AGAIN * 20):
        while await request(store) >= 0:  # noqa: ASYNC110 - nobody tells that it is back
            await asyncio.sleep(0)
    assert await request(store) < 0
    assert not store.is_away


async def test_the_budget_is_one_for_the_whole_request(far: FarAway) -> None:
    store = SteadyStore(far, is_file=False)
    far.is_away = True

    async def two_at_once() -> list[object]:
        begin_request(PATIENCE)
        return await asyncio.gather(
            *(store.get(ITEMS, ("t", str(number))) for number in range(2)), return_exceptions=True
        )

    began = asyncio.get_running_loop().time()
    refused = await asyncio.create_task(two_at_once())

    assert [StoreAway, StoreAway] == [type(each) for each in refused]
    assert asyncio.get_running_loop().time() - began < PATIENCE * 10


async def test_what_the_data_says_is_said_as_before_and_is_no_outage(far: FarAway) -> None:
    store = SteadyStore(far, is_file=False)
    begin_request(PATIENCE)
    await store.insert(ITEMS, Entry(("t", "k"), {"n": 1}))
    for _ in range(3):
        with pytest.raises(KeyTaken):
            await store.insert(ITEMS, Entry(("t", "k"), {"n": 2}))

    found = await store.get(ITEMS, ("t", "k"))
    assert found is not None
    assert {"n": 1} == found.value


async def test_each_request_waits_for_as_long_as_it_has_whoever_began_before(far: FarAway) -> None:
    store = SteadyStore(far, is_file=False)
    far.is_away = True
    ended: list[str] = []

    async def one(name: str, seconds: float) -> None:
        begin_request(seconds)
        with pytest.raises(StoreAway):
            await store.get(ITEMS, ("t", "k"))
        ended.append(name)

    long, short, middle = (
        asyncio.create_task(one(*each)) for each in (("long", 60.0), ("short", 0.1), ("middle", 0.4))
    )
    async with asyncio.timeout(20):
        await asyncio.gather(short, middle)

    assert (["short", "middle"], False) == (ended, long.done())
    long.cancel()


def test_a_request_waits_no_longer_in_another_loop_than_in_the_first() -> None:
    store = SteadyStore(FarAway((ITEMS,), FakeClock()), is_file=False)

    async def once(is_away: bool, seconds: float) -> None:
        store._store.is_away = is_away  # type: ignore[attr-defined]
        begin_request(seconds)
        async with asyncio.timeout(20):
            await store.get(ITEMS, ("t", "k"))

    asyncio.run(once(False, 0.1))
    with pytest.raises(StoreAway):
        asyncio.run(once(True, 0.5))
