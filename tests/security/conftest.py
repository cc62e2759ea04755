"""A house of flows for each test; and the rows that do not apply yet, told at the end of every run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.security.not_yet import NOT_YET
from tests.support.house import House, opened_house


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line("Security rows that do not apply yet:")
    for row, reason in sorted(NOT_YET.items()):
        terminalreporter.write_line(f"  {row:02} {reason}")
