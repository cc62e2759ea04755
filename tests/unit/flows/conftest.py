"""A house of flows for each test, or a small world for those that administer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import House, opened_house
from tests.support.small_world import World


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house() as house:
        yield house


@pytest.fixture
async def pool(house: House) -> Pool:
    return await house.pool()


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    return await house.client(pool)


@pytest.fixture
def world() -> World:
    return World()
