"""A server in memory for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from poolhouse.records.pools import Pool
from poolhouse.server.app import Server
from tests.unit.cli.world import new_pool, server_in_memory


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    async with server_in_memory() as built:
        yield built


@pytest_asyncio.fixture
async def pool(server: Server) -> Pool:
    return await new_pool(server)
