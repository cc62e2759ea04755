"""How often a call waits for the disk, over the SQLite store."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from poolhouse.flows.accounts.administration import Invitation
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import SignedIn
from tests.support.srp_client import SrpClient


@asynccontextmanager
async def house_on(store: SqliteStore, clock: FakeClock) -> AsyncIterator[tuple[House, list[str]]]:
    """A house, and the commits beside the loop, which are those that wait."""
    async with opened_house(store, clock) as house:
        waits: list[str] = []

        def note(statement: str) -> None:
            if statement == "COMMIT" and threading.current_thread() is not threading.main_thread():
                waits.append(statement)

        store._writer.set_trace_callback(note)
        yield house, waits


async def test_a_sign_in_by_srp_waits_for_the_disk_twice(tmp_path: Path) -> None:
    clock = FakeClock()
    store = SqliteStore(tmp_path / "store.db", collections.ALL, clock)
    async with house_on(store, clock) as (house, waits):
        pool = await house.pool()
        client = await house.client(pool)
        await house.services.users.invite(pool, Invitation(username="jane", silent=True))
        await house.services.users.set_password(pool, "jane", PASSWORD, permanent=True)
        srp = SrpClient(house, client)
        waits.clear()

        reply = await srp.answer(await srp.begin("jane"), PASSWORD)

        assert isinstance(reply, SignedIn)
        # What was taken, and what was granted.
        assert 2 == len(waits)


async def test_a_sign_in_by_password_writes_in_two_transactions(tmp_path: Path) -> None:
    """The count before the check, and all that is written after it."""
    clock = FakeClock()
    store = SqliteStore(tmp_path / "store.db", collections.ALL, clock)
    async with opened_house(store, clock) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        await house.sign_in(client)
        begun: list[str] = []
        store._writer.set_trace_callback(begun.append)

        await house.sign_in(client)

        assert ["BEGIN IMMEDIATE"] * 2 == [statement for statement in begun if statement.startswith("BEGIN")]


async def test_what_does_not_hurry_is_written_without_company_too(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", collections.ALL, FakeClock())
    await store.start()
    await store.increment(collections.COUNTERS, ("pool", "what", "jane"), "count")
    async with asyncio.timeout(5):
        assert await store.delete(collections.COUNTERS, ("pool", "what", "jane"))
        waiting = asyncio.ensure_future(store.delete(collections.COUNTERS, ("pool", "what", "joe")))
        await asyncio.sleep(0)
        await store.close()

    assert await waiting is False
