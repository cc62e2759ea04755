"""Two versions of ours over one store, both writing: neither loses what the other wrote (decision 0008)."""

from __future__ import annotations

from msgspec.structs import replace

from poolhouse.records.users import CONFIRMED, User
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.contract.two_versions.newer import (
    NewAttribute,
    NewClient,
    NewCredential,
    NewPolicy,
    NewPool,
    NewSecret,
    NewUser,
    read,
    rewritten,
)
from tests.support.house import House


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


async def test_what_is_not_known_counts_where_records_are_compared(house: House) -> None:
    client = await house.client(await house.pool())
    user = await house.user(client)
    key = (user.pool_id, user.sub)
    await rewritten(house, collections.USERS, key, NewUser, locale_of_mail="de")
    older = await read(house, collections.USERS, key, User)

    assert older == await read(house, collections.USERS, key, User)
    assert older != replace(older, unknown={})
