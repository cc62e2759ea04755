"""One process over a store in memory, and a pool in it."""

from __future__ import annotations

import pytest

from poolhouse.records.identities import IdentityPool
from tests.support.identity_world import IdentityWorld


@pytest.fixture
def at() -> IdentityWorld:
    return IdentityWorld()


@pytest.fixture
async def pool(at: IdentityWorld) -> IdentityPool:
    return await at.pool()
