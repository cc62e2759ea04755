"""Two versions of ours over one store: the house is the older one (decision 0008)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from poolhouse.store.memory import MemoryStore
from poolhouse.store.motor import MotorStore
from poolhouse.store.port import Collection, Store
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.contract.two_versions.newer import NEW_USERS, Opener
from tests.support.house import House, opened_house


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite", pytest.param("mongodb", marks=pytest.mark.requires_mongodb)])
async def opener(request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens the database as a process does: with the collections that its version declares."""
    in_memory = MemoryStore(collections.ALL, clock)
    address = request.getfixturevalue("mongodb_database") if request.param == "mongodb" else ""

    def open_again(declared: Sequence[Collection]) -> Store:
        if request.param == "memory":
            return in_memory
        if request.param == "sqlite":
            return SqliteStore(tmp_path / "store.db", declared, clock)
        return MotorStore(address, declared, clock)

    yield open_again
    if address:
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(address)
        await client.drop_database(client.get_default_database().name)
        client.close()


@pytest.fixture
async def house(opener: Opener, clock: FakeClock) -> AsyncIterator[House]:
    """The older version."""
    async with opened_house(store=opener(collections.ALL), clock=clock) as house:
        yield house


@pytest.fixture
async def newer(opener: Opener, house: House) -> AsyncIterator[Store]:
    """The database as the newer version opens it, while the older one runs."""
    store = opener([NEW_USERS])
    await store.start()
    yield store
    if store is not house.built.store:
        await store.close()
