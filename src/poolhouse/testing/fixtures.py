"""The fixture ``poolhouse``. Apart from ``plugin``, because its decorator needs pytest-asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest_asyncio

if TYPE_CHECKING:
    from poolhouse.testing.harness import House, PluginUnderTest


@pytest_asyncio.fixture
async def poolhouse(
    poolhouse_plugins: Sequence[PluginUnderTest], poolhouse_settings: Mapping[str, Mapping[str, Any]]
) -> AsyncIterator[House]:
    """A running server, fresh for this test, with ``poolhouse_plugins`` and ``poolhouse_settings``."""
    from poolhouse.testing.harness import running_house

    async with running_house(plugins=poolhouse_plugins, settings=poolhouse_settings) as house:
        yield house
