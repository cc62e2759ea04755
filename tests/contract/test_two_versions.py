"""Two versions of ours over one store, both writing: neither loses what the other wrote (decision 0008)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from msgspec.structs import replace

from poolhouse.records.clients import Client, ClientSecret
from poolhouse.records.pools import AttributeSchema, PasswordPolicy, Pool
from poolhouse.records.users import CONFIRMED, Credential, User
from poolhouse.store.memory import MemoryStore
from poolhouse.store.motor import MotorStore
from poolhouse.store.port import Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_entry, to_record
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import House, opened_house


class NewPolicy(PasswordPolicy, frozen=True, kw_only=True):
    blocked_words: tuple[str, ...] = ()


class NewAttribute(AttributeSchema, frozen=True, kw_only=True):
    label: dict[str, str] = {}


class NewPool(Pool, frozen=True, kw_only=True):
    password_policy: NewPolicy = NewPolicy()
    schema: tuple[NewAttribute, ...] = ()  # type: ignore[assignment]
    retention_days: int = 0


class NewSecret(ClientSecret, frozen=True, kw_only=True):
    last_used: float = 0.0


class NewClient(Client, frozen=True, kw_only=True):
    secrets: tuple[NewSecret, ...] = ()  # type: ignore[assignment]


class NewCredential(Credential, frozen=True, kw_only=True):
    pepper: int = 0


class NewUser(User, frozen=True, kw_only=True):
    credential: NewCredential | None = None
    locale_of_mail: str | None = None


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite", pytest.param("mongodb", marks=pytest.mark.requires_mongodb)])
async def house(request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path) -> AsyncIterator[House]:
    """The older version."""
    store: Store
    if request.param == "memory":
        store = MemoryStore(collections.ALL, clock)
    elif request.param == "sqlite":
        store = SqliteStore(tmp_path / "store.db", collections.ALL, clock)
    else:
        address = request.getfixturevalue("mongodb_database")
        store = MotorStore(address, collections.ALL, clock)
    async with opened_house(store=store, clock=clock) as house:
        yield house
    if request.param == "mongodb":
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(address)
        await client.drop_database(client.get_default_database().name)
        client.close()


async def rewritten(house: House, collection: Any, key: tuple[str, ...], kind: Any, **changes: Any) -> None:
    """What the newer version makes of a record."""
    entry = await house.built.store.get(collection, key)
    assert entry is not None
    grown = replace(to_record(entry, kind), **changes)
    await house.built.store.replace(collection, to_entry(grown, key, index=entry.index))


async def read(house: House, collection: Any, key: tuple[str, ...], kind: Any) -> Any:
    entry = await house.built.store.get(collection, key)
    assert entry is not None
    return to_record(entry, kind)


async def test_a_pool_keeps_what_a_newer_version_said_of_it(house: House, clock: FakeClock) -> None:
    pool = await house.pool()
    key = (pool.region, pool.id)
    schema = (NewAttribute(name="email", label={"de": "Postfach"}), NewAttribute(name="custom:team"))
    await rewritten(
        house,
        collections.POOLS,
        key,
        NewPool,
        retention_days=30,
        schema=schema,
        password_policy=NewPolicy(minimum_length=9, blocked_words=("horse",)),
    )
    clock.advance(60)

    await house.services.pools.tag(pool.id, {"team": "blue"})

    now = await read(house, collections.POOLS, key, NewPool)
    assert (30, ("horse",), 9) == (
        now.retention_days,
        now.password_policy.blocked_words,
        now.password_policy.minimum_length,
    )
    assert schema == now.schema
    assert {"team": "blue"} == now.tags


async def test_both_versions_write_in_turn_and_lose_nothing(house: House, clock: FakeClock) -> None:
    client = await house.client(await house.pool())
    user = await house.user(client)
    key = (user.pool_id, user.sub)
    assert user.credential is not None
    grown = NewCredential(hash=user.credential.hash, set_at=user.credential.set_at, srp=user.credential.srp, pepper=2)
    await rewritten(house, collections.USERS, key, NewUser, locale_of_mail="de", credential=grown)
    pool = await house.services.pools.get(user.pool_id)

    await house.services.users.update(pool, "jane", {"given_name": "Jane"}, {})
    await rewritten(house, collections.USERS, key, NewUser, locale_of_mail="fr")
    await house.services.users.disable(pool, "jane")
    await house.services.users.enable(pool, "jane")

    now = await read(house, collections.USERS, key, NewUser)
    assert ("fr", "Jane", CONFIRMED) == (now.locale_of_mail, now.attributes["given_name"], now.status)
    assert 2 == now.credential.pepper
    assert (await house.sign_in(client)).access


async def test_what_a_newer_version_took_back_does_not_come_again(house: House) -> None:
    client = await house.client(await house.pool())
    user = await house.user(client)
    key = (user.pool_id, user.sub)
    pool = await house.services.pools.get(user.pool_id)
    await rewritten(house, collections.USERS, key, NewUser, locale_of_mail="de")
    await house.services.users.disable(pool, "jane")
    await rewritten(house, collections.USERS, key, NewUser, locale_of_mail=None)

    await house.services.users.enable(pool, "jane")

    assert (await read(house, collections.USERS, key, NewUser)).locale_of_mail is None


async def test_one_of_several_records_inside_keeps_what_is_its_own(house: House, clock: FakeClock) -> None:
    pool = await house.pool()
    client = await house.client(pool, generates_secret=True)
    key = (pool.id, client.id)
    (secret,) = client.secrets
    used = NewSecret(id=secret.id, sealed=secret.sealed, created=secret.created, last_used=5.0)
    await rewritten(house, collections.CLIENTS, key, NewClient, secrets=(used,))
    clock.advance(60)

    await house.services.clients.add_secret(pool.id, client.id)

    first, second = (await read(house, collections.CLIENTS, key, NewClient)).secrets
    assert (5.0, 0.0) == (first.last_used, second.last_used)


async def test_what_is_not_known_is_not_shown(house: House) -> None:
    client = await house.client(await house.pool())
    user = await house.user(client)
    await rewritten(house, collections.USERS, (user.pool_id, user.sub), NewUser, locale_of_mail="sealed-by-tomorrow")

    older = await read(house, collections.USERS, (user.pool_id, user.sub), User)

    assert {"locale_of_mail": "sealed-by-tomorrow"} == older.unknown
    assert "sealed-by-tomorrow" not in repr(older)
