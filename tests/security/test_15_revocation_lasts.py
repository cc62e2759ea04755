"""Row 15: what has ended has ended for every process, and for those that start later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from poolhouse import errors
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import House, opened_house

End = Callable[[House, Pool, Client, TokenSet], Awaitable[object]]
ENDS: dict[str, End] = {
    "revocation": lambda house, pool, client, tokens: house.services.revocation.revoke(
        client, tokens.refresh or "", None
    ),
    "sign-out everywhere": lambda house, pool, client, tokens: house.services.profile.sign_out_everywhere(
        tokens.access
    ),
    "sign-out by an administrator": lambda house, pool, client, tokens: house.services.users.sign_out_everywhere(
        pool, "jane"
    ),
    "disabling": lambda house, pool, client, tokens: house.services.users.disable(pool, "jane"),
    "deletion": lambda house, pool, client, tokens: house.services.users.delete(pool, "jane"),
}


@asynccontextmanager
async def process(path: Path, clock: FakeClock) -> AsyncIterator[House]:
    async with opened_house(SqliteStore(path, collections.ALL, clock), clock) as house:
        yield house


async def is_dead(house: House, client: Client, tokens: TokenSet) -> None:
    with pytest.raises((errors.NotAuthorized, errors.UserNotFound)):
        await house.bearer(tokens)
    with pytest.raises(errors.NotAuthorized):
        await house.refresh(client, tokens.refresh)


@pytest.mark.parametrize("end", ENDS)
async def test_what_has_ended_stays_so_over_a_restart(end: str, tmp_path: Path) -> None:
    clock = FakeClock()
    async with process(tmp_path / "store.db", clock) as house:
        pool = await house.pool()
        client = await house.client(pool)
        await house.user(client)
        tokens = await house.sign_in(client)
        await ENDS[end](house, pool, client, tokens)

    async with process(tmp_path / "store.db", clock) as later:
        await is_dead(later, client, tokens)


@pytest.mark.parametrize("end", ENDS)
async def test_another_process_sees_it_at_once(end: str, tmp_path: Path) -> None:
    clock = FakeClock()
    async with process(tmp_path / "store.db", clock) as one, process(tmp_path / "store.db", clock) as other:
        pool = await one.pool()
        client = await one.client(pool)
        await one.user(client)
        tokens = await one.sign_in(client)
        assert await other.bearer(tokens)

        await ENDS[end](one, pool, client, tokens)

        await is_dead(other, client, tokens)


async def test_what_has_not_ended_is_good_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    async with process(tmp_path / "store.db", clock) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        tokens = await house.sign_in(client)

    async with process(tmp_path / "store.db", clock) as later:
        assert await later.bearer(tokens)
        assert await later.refresh(client, tokens.refresh)
