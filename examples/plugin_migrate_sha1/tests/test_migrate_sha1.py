"""Who comes over from the old table, and with what."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from poolhouse import PluginContext, SettingInvalid
from poolhouse.testing import House, MadeClient, plugin_context
from poolhouse_migrate_sha1 import MigrateSha1

PASSWORD = "old and weak: ü"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    sha1 = hashlib.sha1(("salty" + PASSWORD).encode()).hexdigest()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (email TEXT, salt TEXT, sha1 TEXT)")
        connection.execute("INSERT INTO users VALUES ('jane@example.com', 'salty', ?)", (sha1.upper(),))
    return path


@pytest.fixture
def poolhouse_plugins() -> Sequence[str]:
    return ["migrate-sha1"]


@pytest.fixture
def poolhouse_settings(database: Path) -> Mapping[str, Mapping[str, Any]]:
    return {"plugins": {"migrate-sha1": {"database": str(database)}}}


async def app_of(house: House) -> MadeClient:
    pool = await house.make_pool(UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": True})
    return await house.make_client(pool)


async def test_a_user_signs_in_with_the_old_password_under_any_spelling_and_is_one(poolhouse: House) -> None:
    client = await app_of(poolhouse)

    spellings = ["Jane@example.com", "jane@example.com", "JANE@example.com"]
    subs = {(await poolhouse.sign_in(client, each, PASSWORD)).id_claims["sub"] for each in spellings}

    assert len(subs) == 1


@pytest.mark.parametrize(("name", "password"), [("jane@example.com", "wrong"), ("joe@example.com", PASSWORD)])
async def test_nobody_comes_over_without_the_right_password(poolhouse: House, name: str, password: str) -> None:
    client = await app_of(poolhouse)

    with pytest.raises(poolhouse.boto3().exceptions.UserNotFoundException):
        await poolhouse.sign_in(client, name, password)


async def test_who_forgot_the_old_password_gets_a_code_at_the_old_address(poolhouse: House) -> None:
    client = await app_of(poolhouse)
    jane = {"ClientId": client.id, "Username": "jane@example.com"}
    await poolhouse.aws("forgot_password", **jane)
    code = poolhouse.last_code("jane@example.com")
    await poolhouse.aws("confirm_forgot_password", **jane, ConfirmationCode=code, Password="Passw0rd!")

    assert await poolhouse.sign_in(client, "jane@example.com", "Passw0rd!")


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    context: PluginContext = plugin_context({"database": str(tmp_path / "gone.db")})

    with pytest.raises(SettingInvalid, match="cannot be asked"):
        MigrateSha1(context)
