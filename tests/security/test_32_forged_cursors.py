"""Row 32: a cursor is ours, for this question, and for an hour; and no secret of the server has a default."""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.config.master_key import required_keys
from poolhouse.config.settings import SECTIONS, Master, Settings
from poolhouse.config.values import Secret, SettingsError
from poolhouse.crypto.vault import Vault
from poolhouse.ports.users import UserFilter
from poolhouse.records.pools import Pool
from poolhouse.server.world import SystemChance
from tests.security.served import served
from tests.support.house import House, opened_house


async def with_users(house: House, pool: Pool) -> str:
    client = await house.client(pool)
    for name in ("ann", "bob", "cid"):
        await house.user(client, name)
    page = await house.services.users.page(pool, None, 1, None)
    assert page.cursor
    return page.cursor


FORGED = [
    "",
    "2",
    "null",
    "{}",
    "' OR 1=1 --",
    '{"$gt":""}',
    base64.b64encode(json.dumps(["", ["eu-north-1_x", "a"], 2**40]).encode()).decode(),
    "v1.000000000000.AAAA",
    "v1..",
    "x" * 10_000,
    "é",
]


@pytest.mark.parametrize("cursor", FORGED, ids=range(len(FORGED)))
async def test_an_invented_cursor_is_refused(cursor: str, house: House, pool: Pool) -> None:
    await with_users(house, pool)

    for page in (
        house.services.users.page(pool, None, 1, cursor),
        house.services.groups.page(pool.id, 1, cursor),
        house.services.clients.page(pool.id, 1, cursor),
        house.services.pools.page("eu-north-1", 1, cursor),
    ):
        with pytest.raises(errors.InvalidParameter, match="Invalid pagination token"):
            await page


async def test_a_changed_cursor_is_refused(house: House, pool: Pool) -> None:
    cursor = await with_users(house, pool)

    for at in range(0, len(cursor) - 1, 5):
        changed = f"{cursor[:at]}{'B' if cursor[at] != 'B' else 'C'}{cursor[at + 1 :]}"
        with pytest.raises(errors.InvalidParameter):
            await house.services.users.page(pool, None, 1, changed)


async def test_a_cursor_is_for_one_question(house: House, pool: Pool) -> None:
    cursor = await with_users(house, pool)
    other = await house.pool()
    users = house.services.users

    assert (await users.page(pool, None, 1, cursor)).items
    for page in (
        users.page(other, None, 1, cursor),
        users.page(pool, UserFilter("username", "ann"), 1, cursor),
        house.services.groups.page(pool.id, 1, cursor),
        house.services.clients.page(pool.id, 1, cursor),
    ):
        with pytest.raises(errors.InvalidParameter):
            await page


async def test_a_cursor_is_for_an_hour(house: House, pool: Pool) -> None:
    cursor = await with_users(house, pool)
    house.clock.advance(3600)

    with pytest.raises(errors.InvalidParameter):
        await house.services.users.page(pool, None, 1, cursor)


FILTERS = [
    'password = "x"',
    'credential ^= ""',
    'username = "a" or 1=1',
    'username = "a" and email = "b"',
    '$where = "1"',
    'username ^= ""; drop table users',
    'email = "a"b"',
    '"',
    "=",
]


@pytest.mark.parametrize("text", FILTERS)
async def test_a_filter_asks_for_nothing_but_what_it_may(text: str) -> None:
    async with served() as (house, api):
        pool = await house.pool()
        await with_users(house, pool)

        answer = await api.call("ListUsers", {"UserPoolId": pool.id, "Filter": text})

    assert "InvalidParameterException" == answer.error


@pytest.mark.parametrize("keys", [[], [b""], [b"default"], [b"x" * 31]])
def test_without_a_real_master_key_nothing_is_sealed(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="master key"):
        Vault(keys, SystemChance())


def test_without_a_master_key_in_the_settings_the_server_does_not_start() -> None:
    with pytest.raises(SettingsError, match="master key"):
        required_keys(Master())


async def test_without_a_root_key_no_key_is_known() -> None:
    async with opened_house() as house:
        assert (None, None) == (house.built.settings.root.access_key_id, house.built.settings.root.secret_access_key)
        assert not (await house.built.access_keys.page(10, None)).items


def test_no_setting_that_is_a_secret_has_a_default() -> None:
    made: Any = Settings()
    found = [
        f"{name}.{setting.name}"
        for name, section in SECTIONS.items()
        for setting in fields(section)
        if isinstance(getattr(getattr(made, name), setting.name), Secret)
    ]

    # The address of the database may hold a password; the default one holds none.
    assert ["store.url"] == found
