"""Users of the old system sign in to the new one, and are never asked for anything but their old password."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from botocore.exceptions import ClientError

from poolhouse import SettingInvalid
from poolhouse.testing import House, MadeClient, MadePool, plugin_context
from poolhouse_migrate_sqlite import MigrateSqlite

PASSWORD = "correct horse"  # no policy of today would let it pass
PEOPLE = [
    ("jane", "jane@old.example", "Jane", PASSWORD),
    ("zoë", "zoe@old.example", None, "pferdestärke"),
    ("twin", "a@old.example", None, PASSWORD),
    ("twin", "b@old.example", None, PASSWORD),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE members (login TEXT, mail TEXT, first TEXT, secret TEXT)")
        for login, mail, first, password in PEOPLE:
            secret = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
            connection.execute("INSERT INTO members VALUES (?, ?, ?, ?)", (login, mail, first, secret))
    return path


@pytest.fixture
def table(database: Path) -> dict[str, Any]:
    """The plugin's settings."""
    return {
        "database": str(database),
        "table": "members",
        "username": "login",
        "password_hash": "secret",
        "attributes": {"email": "mail", "given_name": "first"},
        "trust_contacts": True,
    }


@pytest.fixture
def poolhouse_plugins() -> Sequence[str]:
    return ["migrate-sqlite"]


@pytest.fixture
def poolhouse_settings(table: dict[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return {"plugins": {"migrate-sqlite": table}}


async def made(house: House) -> tuple[MadePool, MadeClient]:
    pool = await house.make_pool()
    return pool, await house.make_client(pool)


# --- signing in ------------------------------------------------------------------------------------------------------


async def test_an_old_user_signs_in_with_the_old_password(poolhouse: House) -> None:
    pool, client = await made(poolhouse)

    signed_in = await poolhouse.sign_in(client, "jane", PASSWORD)

    user = await poolhouse.aws("admin_get_user", UserPoolId=pool.id, Username="jane")
    attributes = {pair["Name"]: pair["Value"] for pair in user["UserAttributes"]}
    assert user["UserStatus"] == "CONFIRMED"
    assert attributes == {
        "sub": signed_in.id_claims["sub"],
        "email": "jane@old.example",
        "email_verified": "true",
        "given_name": "Jane",
    }


async def test_a_name_and_a_password_beyond_ascii_come_over(poolhouse: House) -> None:
    _, client = await made(poolhouse)

    signed_in = await poolhouse.sign_in(client, "zoë", "pferdestärke")

    assert "given_name" not in signed_in.id_claims


async def test_the_old_database_is_needed_once_per_user(poolhouse: House, database: Path) -> None:
    pool, client = await made(poolhouse)
    first = await poolhouse.sign_in(client, "jane", PASSWORD)
    await asyncio.to_thread(database.unlink)

    second = await poolhouse.sign_in(client, "jane", PASSWORD)

    assert first.id_claims["sub"] == second.id_claims["sub"]
    user = await poolhouse.server.ports.users.get(pool.id, second.id_claims["sub"])
    assert user is not None
    assert user.credential is not None
    assert "$argon2id$" in user.credential.hash


@pytest.mark.parametrize("password", ["Correct horse", "correct horse ", "correct hors", "x" * 100])
async def test_a_wrong_password_brings_nobody_over(poolhouse: House, password: str) -> None:
    pool, client = await made(poolhouse)

    with pytest.raises(ClientError):
        await poolhouse.sign_in(client, "jane", password)

    assert (await poolhouse.aws("list_users", UserPoolId=pool.id))["Users"] == []


@pytest.mark.parametrize("name", ["nobody", "JANE", "' OR 1=1 --", "twin", "%"])
async def test_a_name_that_is_not_one_old_users_brings_nobody_over(poolhouse: House, name: str) -> None:
    _, client = await made(poolhouse)

    with pytest.raises(ClientError):
        await poolhouse.sign_in(client, name, PASSWORD)


# --- forgetting the password -----------------------------------------------------------------------------------------


async def test_an_old_user_who_forgot_the_password_gets_a_code(poolhouse: House) -> None:
    _, client = await made(poolhouse)

    await poolhouse.aws("forgot_password", ClientId=client.id, Username="jane")
    await poolhouse.aws(
        "confirm_forgot_password",
        ClientId=client.id,
        Username="jane",
        ConfirmationCode=poolhouse.last_code("jane@old.example"),
        Password="N3w-passw0rd",
    )

    assert await poolhouse.sign_in(client, "jane", "N3w-passw0rd")


# --- hashes that were imported ---------------------------------------------------------------------------------------


async def test_an_imported_bcrypt_hash_is_good_for_a_sign_in(poolhouse: House) -> None:
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()

    assert await poolhouse.server.ports.passwords.verify(PASSWORD, hashed)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("table", "members; DROP TABLE members"),
        ("table", "nothing_here"),
        ("username", 'login" OR 1=1 --'),
        ("password_hash", "no_such_column"),
        ("attributes", {"email": "mail, secret"}),
        ("attributes", ["mail"]),
        ("databse", "old.db"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_the_start(table: dict[str, Any], name: str, value: object) -> None:
    with pytest.raises(SettingInvalid):
        MigrateSqlite(plugin_context({**table, name: value}))


def test_a_database_that_is_not_there_is_missed_at_the_start(table: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MigrateSqlite(plugin_context({**table, "database": str(tmp_path / "elsewhere.db")}))

    assert not (tmp_path / "elsewhere.db").exists()
