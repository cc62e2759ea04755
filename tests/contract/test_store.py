"""The suite of the store's port, over every adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from poolhouse.store.memory import MemoryStore
from poolhouse.store.mongo_async import PyMongoStore
from poolhouse.store.motor import MotorStore
from poolhouse.store.port import Store
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.store_suite import COLLECTIONS, StoreSuite


class TestMemoryStore(StoreSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock) -> AsyncIterator[Store]:
        store = MemoryStore(COLLECTIONS, clock)
        await store.start()
        yield store
        await store.close()


class TestSqliteStore(StoreSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Store]:
        store = SqliteStore(tmp_path / "store.db", COLLECTIONS, clock)
        await store.start()
        yield store
        await store.close()


@pytest.mark.requires_mongodb
@pytest.mark.parametrize("kind", [MotorStore, PyMongoStore], ids=["motor", "pymongo"])
class TestMongoStore(StoreSuite):
    """By either driver."""

    @pytest.fixture
    async def store(
        self, clock: FakeClock, mongodb_database: str, kind: type[MotorStore | PyMongoStore]
    ) -> AsyncIterator[Store]:
        store = kind(mongodb_database, COLLECTIONS, clock)
        await store.start()
        yield store
        await store.close()
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongodb_database)
        await client.drop_database(client.get_default_database().name)
        client.close()
