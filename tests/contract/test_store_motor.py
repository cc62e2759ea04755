"""What only the MongoDB store promises: documents as people expect them, expiry by two clocks, quiet refusals."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from poolhouse.errors import InvalidParameter
from poolhouse.store import mongo_documents
from poolhouse.store.motor import MotorStore
from poolhouse.store.port import Collection, Entry
from poolhouse.testing.clock import FakeClock

ITEMS = Collection("items", ("colour",))
DAY = 86400.0


@asynccontextmanager
async def opened(uri: str, clock: FakeClock) -> AsyncIterator[MotorStore]:
    store = MotorStore(uri, (ITEMS,), clock)
    await store.start()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def raw(uri: str) -> AsyncIterator[Any]:
    """The collection as MongoDB has it. The database goes with it."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(uri, tz_aware=True)
    database = client.get_default_database()
    try:
        yield database["items"]
    finally:
        await client.drop_database(database.name)
        client.close()


@pytest.mark.requires_mongodb
async def test_a_document_is_one_that_people_can_read(mongodb_database: str) -> None:
    async with raw(mongodb_database) as collection, opened(mongodb_database, FakeClock()) as store:
        value = {"name": "Ann", "roles": ["a", {"$b.c": 1}], "": None}
        written = await store.insert(ITEMS, Entry(("t", "ann"), value, index={"colour": "red"}))

        found = await collection.find_one({})

    assert found == {
        "_id": "t\x01ann\x01",
        "tenant": "t",
        "version": written.version,
        "marks": [written.version],
        "index": {"colour": "red"},
        "value": {"name": "Ann", "roles": ["a", {"%24b%2Ec": 1}], "%": None},
    }


@pytest.mark.requires_mongodb
async def test_the_sweep_of_the_database_is_told_to_begin_a_day_after_the_end(mongodb_database: str) -> None:
    clock = FakeClock()
    async with raw(mongodb_database) as collection, opened(mongodb_database, clock) as store:
        await store.insert(ITEMS, Entry(("t", "a"), {}, expires=clock.now() + 60))

        found = await collection.find_one({})
        indexes = await collection.index_information()

    assert isinstance(found["purge"], datetime)
    assert found["purge"].timestamp() == pytest.approx(clock.now() + 60 + DAY, abs=5)
    assert indexes["purge"]["expireAfterSeconds"] == 0


@pytest.mark.requires_mongodb
@pytest.mark.parametrize("at", [1e9, 4e9])
async def test_a_clock_that_is_wrong_loses_nothing_to_the_sweep(mongodb_database: str, at: float) -> None:
    clock = FakeClock(at)
    async with raw(mongodb_database) as collection, opened(mongodb_database, clock) as store:
        await store.insert(ITEMS, Entry(("t", "a"), {}, expires=clock.now() + 60))
        await store.increment(ITEMS, ("t", "b"), "n", expires=clock.now() + 60)

        dates = [found["purge"].timestamp() async for found in collection.find({})]

    assert len(dates) == 2
    assert min(dates) > time.time() + DAY


@pytest.mark.requires_mongodb
async def test_two_stores_see_each_others_writes_at_once(mongodb_database: str) -> None:
    clock = FakeClock()
    async with raw(mongodb_database), opened(mongodb_database, clock) as one, opened(mongodb_database, clock) as two:
        written = await one.insert(ITEMS, Entry(("t", "a"), {"n": 1}))

        assert await two.take(ITEMS, written.key) == written
        assert await one.get(ITEMS, written.key) is None


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://user:pa:s3cret@localhost/x",
        "mongodb://user:s3cret@localhost:port",
        "mongodb://u:s3cret@/x",
        "mongodb://u:s3cret@[bad/x",
        "mongodb://u:s3cret@h/?w=0",
    ],
)
async def test_an_address_that_is_none_is_refused_without_repeating_it(uri: str) -> None:
    store = MotorStore(uri, (ITEMS,), FakeClock())

    with pytest.raises(InvalidParameter) as refused:
        await store.start()

    assert "s3cret" not in f"{refused.value} {refused.value.detail} {store!r}"
    assert refused.value.__suppress_context__


async def test_a_server_that_does_not_answer_is_an_error() -> None:
    # Nothing listens on port 1 of this machine, and the address says how long to try.
    store = MotorStore("mongodb://u:s3cret@127.0.0.1:1/x?serverSelectionTimeoutMS=50", (ITEMS,), FakeClock())

    with pytest.raises(PyMongoError) as failed:
        await store.start()

    assert "s3cret" not in str(failed.value)


@pytest.mark.parametrize(
    "name", ["", "a", "$set", "a.b", "%24", "%", "\x00", "0", "10", "ü", "👩", " x ", '"', "_id", "%25"]
)
def test_a_shielded_name_has_nothing_special_and_comes_back(name: str) -> None:
    shielded = mongo_documents.shield_name(name)

    assert shielded != ""
    assert not set(shielded) & set('$.\x00"')
    assert not shielded[0].isdigit()
    assert mongo_documents.unshield_name(shielded) == name
