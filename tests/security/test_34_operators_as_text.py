"""Row 34: what reads like an operator of a database is text to every flow, over every database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from poolhouse import errors
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.directory.groups import GroupSettings
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.ports.users import UserFilter
from poolhouse.store.memory import MemoryStore
from poolhouse.store.motor import MotorStore
from poolhouse.store.port import Store
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, House, opened_house
from tests.support.mongodb_fixtures import mongodb_database, mongodb_uri

__all__ = ["mongodb_database", "mongodb_uri"]

TEXTS = [
    '{"$ne":null}',
    "$ne",
    "$where",
    "jane' OR '1'='1",
    'jane" OR "1"="1',
    "jane%",
    "jan_",
    "jane*",
    ".*",
    "^jane$",
    "jane\\",
    "jane;--",
    "a.b.$.c",
    "jane\u0000",
    "\u0001\u0002",
    "__proto__",
    "[$gt]",
]


@pytest.fixture(params=["memory", "sqlite", pytest.param("mongodb", marks=pytest.mark.requires_mongodb)])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    store: Store
    if request.param == "memory":
        store = MemoryStore(collections.ALL, clock)
    elif request.param == "sqlite":
        store = SqliteStore(tmp_path / "store.db", collections.ALL, clock)
    else:
        address = request.getfixturevalue("mongodb_database")
        store = MotorStore(address, collections.ALL, clock)
    async with opened_house(store, clock) as house:
        yield house
    if request.param == "mongodb":
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(address)
        await client.drop_database(client.get_default_database().name)
        client.close()


async def test_no_text_means_another_user(house: House) -> None:
    pool = await house.pool()
    client = await house.client(pool)
    await house.user(client, "jane", email="jane@example.com", nickname="n")

    for text in TEXTS:
        with pytest.raises(errors.UserNotFound):
            await house.services.users.require(pool, text)
        with pytest.raises(errors.UserNotFound):
            await house.sign_in(client, text)
        with pytest.raises(errors.UserNotFound):
            await house.services.recovery.start(client, text, metadata={}, secret_hash=None)
        with pytest.raises(errors.ClientNotFound):
            await house.services.clients.get(text)
        with pytest.raises(errors.PoolNotFound):
            await house.services.pools.get(text)
        with pytest.raises(errors.InvalidRefreshToken):
            await house.refresh(client, f"{text}.{text}")
        with pytest.raises(errors.GroupNotFound):
            await house.services.groups.members(pool.id, text, 10, None)
    sent = await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
    assert "j***@e***" == sent.destination


async def test_every_text_is_kept_as_it_is(house: House) -> None:
    pool = await house.pool(foundation=PoolFoundation())
    client = await house.client(pool)
    for number, text in enumerate(TEXTS):
        attributes = {"email": f"u{number}@example.com", "nickname": text, "name": text, "address": text}
        await house.services.sign_up.sign_up(
            client, SignUpRequest(username=text, password=PASSWORD, attributes=attributes)
        )
        await house.services.groups.create(pool.id, text, GroupSettings(description=text))
        user = await house.services.users.require(pool, text)
        await house.services.groups.join(user, text)

    for text in TEXTS:
        user = await house.services.users.require(pool, text)
        members = await house.services.groups.members(pool.id, text, 10, None)
        found = await house.services.users.page(pool, UserFilter("username", text), 10, None)
        named = await house.services.users.page(pool, UserFilter("name", text), 10, None)

        assert (text, text, text) == (user.username, user.attributes["nickname"], user.attributes["address"])
        assert [text] == [member.username for member in members.items]
        assert [text] == [one.username for one in found.items]
        assert [text] == [one.username for one in named.items]


async def test_a_prefix_is_a_prefix_and_no_pattern(house: House) -> None:
    pool = await house.pool()
    client = await house.client(pool)
    await house.user(client, "jane", email="jane@example.com")

    for text in (".*", "^j", "j%", "_", "%", "[a-z]", "$", "(?i)J", "\\w"):
        page = await house.services.users.page(pool, UserFilter("username", text, prefix=True), 10, None)
        assert [] == list(page.items)
    page = await house.services.users.page(pool, UserFilter("username", "ja", prefix=True), 10, None)
    assert ["jane"] == [user.username for user in page.items]
