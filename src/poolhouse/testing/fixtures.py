"""The fixture ``poolhouse``. Apart from ``plugin``, because its decorator needs pytest-asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest_asyncio

if TYPE_CHECKING:
    from poolhouse.hooks.context import Http
    from poolhouse.testing.clock import FakeClock
    from poolhouse.testing.harness import House, PluginUnderTest


@pytest_asyncio.fixture
async def poolhouse(
    poolhouse_plugins: Sequence[PluginUnderTest],
    poolhouse_settings: Mapping[str, Mapping[str, Any]],
    poolhouse_http: Http | None,
    poolhouse_clock: FakeClock | None,
) -> AsyncIterator[House]:
    """A running server, fresh for this test, with what the other fixtures say."""
    from poolhouse.testing.harness import running_house

    async with running_house(
        plugins=poolhouse_plugins, settings=poolhouse_settings, http=poolhouse_http, clock=poolhouse_clock
    ) as house:
        yield house
