"""A client whose making dies at any write leaves nothing for good that nobody can use."""

from __future__ import annotations

import pytest

from poolhouse.errors import ClientNotFound
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.clients import UNSETTLED
from poolhouse.testing.clock import FakeClock
from tests.support.crashing import Crash, CrashingStore
from tests.support.house import House, opened_house


async def left(house: House) -> list[list[str]]:
    """The ids in both collections."""
    pages = [
        await house.built.store.find(collection, Query())
        for collection in (collections.CLIENT_POOLS, collections.CLIENTS)
    ]
    return [[entry.key[-1] for entry in page.entries] for page in pages]


@pytest.mark.parametrize("writes", range(4))
@pytest.mark.parametrize("is_used", [True, False])
async def test_a_pointer_without_a_client_goes_and_one_with_a_client_that_is_used_stays(
    writes: int, is_used: bool
) -> None:
    clock = FakeClock()
    store = CrashingStore(MemoryStore(collections.ALL, clock))
    async with opened_house(store, clock) as house:
        pool = await house.pool()
        store.restart()
        store.crash_after(writes)
        with pytest.raises(Crash):
            await house.client(pool)
        store.restart()
        page = await house.services.clients.page(pool.id, 60, None)
        for client in page.items:
            if is_used:
                assert client == await house.services.clients.get(client.id)
        clock.advance(UNSETTLED)
        pointers, clients = await left(house)

        if is_used or writes > 2:
            assert pointers == clients
        assert len(pointers) <= len(clients)
        for client_id in pointers:
            assert (await house.services.clients.get(client_id)).id == client_id
        for client_id in set(clients) - set(pointers):
            # It is listed, is of no use, and can be removed.
            with pytest.raises(ClientNotFound):
                await house.services.clients.get(client_id)
            await house.services.clients.delete(pool.id, client_id)
