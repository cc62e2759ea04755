"""An answer of the database that is lost: the write is known by its mark, and the call goes on (MongoDB)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import AutoReconnect

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.store.mongo_async import PyMongoStore
from poolhouse.store.mongodb import MongoStore
from poolhouse.store.motor import MotorStore
from poolhouse.store.port import Collection, Entry, Stored
from poolhouse.testing.clock import FakeClock
from tests.support.lossy_proxy import LossyProxy

pytestmark = pytest.mark.requires_mongodb

ITEMS = Collection("items", ("colour",))
KEY = ("t", "a")
OLD, NEW, OTHER = {"n": 1}, {"n": 2}, {"n": 3}

LOST = [pytest.param(True, id="answer lost"), pytest.param(False, id="write lost")]


@dataclass
class Scene:
    """``mine`` goes through the proxy, ``others`` is another process."""

    proxy: LossyProxy
    mine: MongoStore
    others: MongoStore
    clock: FakeClock

    async def now_there(self) -> object:
        found = await self.others.get(ITEMS, KEY)
        return None if found is None else found.value


@pytest.fixture(params=[MotorStore, PyMongoStore], ids=["motor", "pymongo"])
async def scene(request: pytest.FixtureRequest, mongodb_database: str) -> AsyncIterator[Scene]:
    clock = FakeClock()
    async with LossyProxy(mongodb_database).running() as proxy:
        mine, others = request.param(proxy.uri, (ITEMS,), clock), MotorStore(mongodb_database, (ITEMS,), clock)
        await mine.start()
        await others.start()
        yield Scene(proxy, mine, others, clock)
        await mine.close()
        await others.close()
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongodb_database)
    await client.drop_database(client.get_default_database().name)
    client.close()


async def stands(scene: Scene, value: dict[str, int] = OLD) -> Stored:
    return await scene.others.insert(ITEMS, Entry(KEY, value, expires=scene.clock.now() + 900))


@pytest.mark.parametrize("arrives", LOST)
async def test_every_verb_goes_on_and_has_happened_once(scene: Scene, arrives: bool) -> None:
    mine, lose = scene.mine, scene.proxy.lose

    lose(1, arrives=arrives)
    made = await mine.insert(ITEMS, Entry(KEY, OLD, expires=scene.clock.now() + 900))
    assert scene.proxy.has_lost
    assert made == await scene.others.get(ITEMS, KEY)

    lose(1, arrives=arrives)
    changed = await mine.replace(ITEMS, Entry(KEY, NEW, made.version, made.expires))
    assert scene.proxy.has_lost
    assert changed == await scene.others.get(ITEMS, KEY)

    for number in (3, 4):
        lose(1, arrives=arrives)
        assert number == await mine.increment(ITEMS, KEY, "n", at_most=4)
        assert scene.proxy.has_lost
    lose(1, arrives=arrives)
    assert await mine.increment(ITEMS, KEY, "n", at_most=4) is None

    stood = await scene.others.get(ITEMS, KEY)
    lose(1, arrives=arrives)
    assert stood == await mine.take(ITEMS, KEY)
    assert scene.proxy.has_lost
    assert await scene.others.take(ITEMS, KEY) is None

    lose(1, arrives=arrives)
    assert 1 == await mine.increment(ITEMS, KEY, "n")
    assert 1 == (await stored(scene)).value["n"]
    lose(1, arrives=arrives)
    assert await mine.delete(ITEMS, KEY)
    assert scene.proxy.has_lost
    assert await scene.now_there() is None
    assert not await mine.delete(ITEMS, KEY)

    again = await stands(scene)
    lose(1, arrives=arrives)
    assert await mine.delete(ITEMS, KEY, version=again.version)
    assert await scene.now_there() is None


async def stored(scene: Scene) -> Stored:
    found = await scene.others.get(ITEMS, KEY)
    assert found is not None
    return found


# --- others write between the write and its second try ------------------------------------------------------------


async def test_what_was_inserted_and_taken_is_not_inserted_again(scene: Scene) -> None:
    taken = []

    async def take() -> None:
        taken.append(await scene.others.take(ITEMS, KEY))

    scene.proxy.lose(1, between=take)
    made = await scene.mine.insert(ITEMS, Entry(KEY, OLD))

    assert [made] == taken
    assert await scene.now_there() is None


async def test_what_was_inserted_and_deleted_is_not_inserted_again(scene: Scene) -> None:
    async def delete() -> None:
        assert await scene.others.delete(ITEMS, KEY)

    scene.proxy.lose(1, between=delete)
    await scene.mine.insert(ITEMS, Entry(KEY, OLD))

    assert await scene.now_there() is None


async def test_an_insert_that_another_was_faster_than_is_refused(scene: Scene) -> None:
    async def insert() -> None:
        await stands(scene, OTHER)

    scene.proxy.lose(1, arrives=False, between=insert)
    with pytest.raises(KeyTaken):
        await scene.mine.insert(ITEMS, Entry(KEY, OLD))

    assert OTHER == await scene.now_there()


async def test_a_replacement_that_was_replaced_has_happened_and_undoes_nothing(scene: Scene) -> None:
    made = await stands(scene)

    async def replace() -> None:
        for _ in range(3):
            there = await stored(scene)
            assert there.value in (NEW, OTHER)
            await scene.others.replace(ITEMS, Entry(KEY, OTHER, there.version))

    scene.proxy.lose(1, between=replace)
    await scene.mine.replace(ITEMS, Entry(KEY, NEW, made.version))

    assert OTHER == await scene.now_there()


async def test_a_replacement_that_another_was_faster_than_is_refused(scene: Scene) -> None:
    made = await stands(scene)

    async def replace() -> None:
        await scene.others.replace(ITEMS, Entry(KEY, OTHER, made.version))

    scene.proxy.lose(1, arrives=False, between=replace)
    with pytest.raises(VersionConflict):
        await scene.mine.replace(ITEMS, Entry(KEY, NEW, made.version))

    assert OTHER == await scene.now_there()


@pytest.mark.parametrize("with_version", [True, False])
async def test_a_deletion_spares_what_was_put_there_since(scene: Scene, with_version: bool) -> None:
    made = await stands(scene)

    async def insert() -> None:
        await stands(scene, OTHER)

    scene.proxy.lose(1, between=insert)
    assert await scene.mine.delete(ITEMS, KEY, version=made.version if with_version else None)

    assert OTHER == await scene.now_there()


async def test_what_another_has_taken_is_given_to_nobody_else(scene: Scene) -> None:
    made = await stands(scene)
    taken = []

    async def take() -> None:
        taken.append(await scene.others.take(ITEMS, KEY))

    scene.proxy.lose(1, arrives=False, between=take)

    assert await scene.mine.take(ITEMS, KEY) is None
    assert [made] == taken


async def test_what_was_taken_and_replaced_by_another_is_an_error_and_takes_nothing_else(scene: Scene) -> None:
    await stands(scene)

    async def insert() -> None:
        await stands(scene, OTHER)

    scene.proxy.lose(1, between=insert)
    with pytest.raises(AutoReconnect):
        await scene.mine.take(ITEMS, KEY)

    assert OTHER == await scene.now_there()


async def test_a_count_counts_once_whoever_counts_meanwhile(scene: Scene) -> None:
    await stands(scene)

    async def count() -> None:
        for _ in range(2):
            await scene.others.increment(ITEMS, KEY, "n", at_most=4)

    scene.proxy.lose(1, between=count)
    # Had it been looked at alone, the limit would seem reached by others.
    number = await scene.mine.increment(ITEMS, KEY, "n", at_most=4)

    assert number is not None
    assert {"n": 4} == await scene.now_there()


# --- where it ends ----------------------------------------------------------------------------------------------------


async def test_where_no_answer_comes_at_all_the_error_is_the_drivers(scene: Scene) -> None:
    losing: Callable[[], Awaitable[None]]

    async def losing() -> None:
        scene.proxy.lose(1, between=losing)

    scene.proxy.lose(1, between=losing)
    with pytest.raises(AutoReconnect):
        await scene.mine.insert(ITEMS, Entry(KEY, OLD))


async def test_a_document_keeps_few_marks_and_what_is_removed_says_nothing(scene: Scene) -> None:
    await scene.mine.insert(ITEMS, Entry(KEY, {"name": "Ann"}, index={"colour": "red"}))
    for _ in range(50):
        await scene.mine.increment(ITEMS, KEY, "n")
    raw = scene.others._collections["items"]
    kept = await raw.find_one({})
    await scene.mine.delete(ITEMS, KEY)
    left = await raw.find_one({})

    assert 16 == len(kept["marks"])
    assert ({}, {}) == (left["value"], left["index"])
    assert left["expires"] <= 0
    assert "purge" in left
