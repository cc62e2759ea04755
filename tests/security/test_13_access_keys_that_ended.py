"""Row 13, for callers: an access key that is disabled or has expired signs nothing, and only its holder is told why."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from poolhouse.crypto.vault import Vault
from poolhouse.flows.access.callers import PURPOSE
from poolhouse.records.access import AccessKey
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.access import AccessKeyRepository
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.testing.clock import FakeClock
from tests.security.measured import WRITES, Counting
from tests.security.served import served
from tests.support.house import House
from tests.support.json_api import ApiClient

KEY = ("AKIAONE", "s3cret-of-this-test")
HOUR = 3600


def keys_of(house: House) -> AccessKeyRepository:
    built = house.built
    assert isinstance(built.world.secrets, Vault)
    return AccessKeyRepository(built.store, Cursors(built.world.secrets, house.clock))


async def make_key(house: House, **fields: Any) -> None:
    sealed = house.built.world.secrets.seal(PURPOSE, KEY[0], KEY[1].encode())
    everything = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)
    given = {"name": "one", "created": house.clock.now(), "statements": everything, **fields}
    await keys_of(house).add(AccessKey(id=KEY[0], sealed_secret=sealed, **given))


async def said(api: ApiClient, key: tuple[str, str] = KEY) -> tuple[str, str]:
    answer = await api.call("ListUserPools", {"MaxResults": 1}, key=key)
    return ("", "") if answer.status == 200 else (answer.error, answer.json["message"])


EXPIRED = ("ExpiredTokenException", "The security token included in the request is expired")
UNKNOWN = ("UnrecognizedClientException", "The security token included in the request is invalid.")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("", "")),
        ({"expires": 2e10}, ("", "")),
        ({"expires": 1.0}, EXPIRED),
        ({"enabled": False}, UNKNOWN),
        ({"enabled": False, "expires": 2e10}, UNKNOWN),
    ],
    ids=["good", "good for long", "expired", "disabled", "disabled before its end"],
)
async def test_a_key_signs_while_it_is_enabled_and_has_not_expired(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    async with served() as (house, api):
        await make_key(house, **fields)

        assert expected == await said(api)


async def test_a_key_that_was_good_a_moment_ago_is_refused_from_the_instant_of_its_end() -> None:
    async with served() as (house, api):
        await make_key(house, expires=house.clock.now() + 2)
        before = await said(api)
        house.clock.advance(2)

        assert (("", ""), EXPIRED) == (before, await said(api))


async def test_who_does_not_know_the_secret_is_not_told_that_the_key_has_expired() -> None:
    async with served() as (house, api):
        await make_key(house, expires=1.0)

        assert "InvalidSignatureException" == (await said(api, (KEY[0], "another")))[0]


async def test_a_use_is_written_once_an_hour_and_never_on_the_way_of_a_request() -> None:
    work: Counter[str] = Counter()
    clock = FakeClock()
    store: Any = Counting(MemoryStore(collections.ALL, clock), work, WRITES)
    async with served(store=store, clock=clock) as (house, api):
        await make_key(house)
        uses, seen = house.built.key_uses, []
        work.clear()
        for _ in range(3):
            for _ in range(3):
                await said(api)
            assert not work
            await uses.write()
            seen.append(work.pop("replace", 0))
            house.clock.advance(HOUR / 2)
        stored = await keys_of(house).get(KEY[0])

    assert [1, 0, 1] == seen
    assert stored is not None
    assert stored.used == clock.now() - HOUR / 2


async def test_a_wrong_signature_and_an_expired_key_are_no_use() -> None:
    async with served() as (house, api):
        await make_key(house, expires=1.0)
        await said(api)
        await said(api, (KEY[0], "another"))
        await house.built.key_uses.write()
        stored = await keys_of(house).get(KEY[0])

    assert stored is not None
    assert stored.used is None


async def test_a_use_brings_no_deleted_key_back() -> None:
    async with served() as (house, api):
        await make_key(house)
        await said(api)
        await keys_of(house).delete(KEY[0])
        await house.built.key_uses.write()

        assert await keys_of(house).get(KEY[0]) is None
