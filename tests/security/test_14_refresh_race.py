"""Row 14: a refresh token has one successor, however many ask for it at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from poolhouse import errors
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client, Rotation
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Store
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import House, opened_house

FLOWS = ("ALLOW_USER_PASSWORD_AUTH",)


@pytest.fixture(params=["memory", "sqlite"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    store: Store = MemoryStore(collections.ALL, clock)
    if request.param == "sqlite":
        store = SqliteStore(tmp_path / "store.db", collections.ALL, clock)
    async with opened_house(store, clock) as house:
        yield house


async def signed_in(house: House, grace: int) -> tuple[Client, TokenSet]:
    client = await house.client(await house.pool(), flows=FLOWS, rotation=Rotation(enabled=True, grace=grace))
    await house.user(client)
    return client, await house.sign_in(client)


async def at_once(house: House, client: Client, token: str | None) -> list[TokenSet | BaseException]:
    return await asyncio.gather(*(house.refresh(client, token) for _ in range(100)), return_exceptions=True)


async def test_of_a_hundred_at_once_one_gets_the_successor(house: House) -> None:
    client, tokens = await signed_in(house, grace=0)

    results = await at_once(house, client, tokens.refresh)

    assert 1 == sum(isinstance(result, TokenSet) for result in results)
    assert 99 == sum(isinstance(result, errors.RefreshTokenReused) for result in results)


async def test_within_the_grace_all_get_the_same_successor(house: House) -> None:
    client, tokens = await signed_in(house, grace=10)

    results = await at_once(house, client, tokens.refresh)

    assert 100 == sum(isinstance(result, TokenSet) for result in results)
    assert 1 == len({result.refresh for result in results if isinstance(result, TokenSet)} - {tokens.refresh})


async def test_of_a_refresh_and_a_revocation_at_once_nothing_survives(house: House) -> None:
    client, tokens = await signed_in(house, grace=0)

    async def revoke() -> None:
        await house.services.revocation.revoke(client, tokens.refresh or "", None)

    results = await asyncio.gather(house.refresh(client, tokens.refresh), revoke(), return_exceptions=True)

    fresh = results[0]
    if isinstance(fresh, TokenSet):
        with pytest.raises(errors.InvalidRefreshToken):
            await house.refresh(client, fresh.refresh)
        with pytest.raises(errors.InvalidAccessToken):
            await house.bearer(fresh)
    with pytest.raises((errors.InvalidRefreshToken, errors.RefreshTokenReused)):
        await house.refresh(client, tokens.refresh)
