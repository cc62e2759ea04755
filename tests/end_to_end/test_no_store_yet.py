"""Only what makes a store may make one: a server, and a restore. Whatever else finds none leaves none."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command import MASTER_KEY, run
from tests.support.served import serving

POOL = "eu-west-1_AbCdEfGhI"
MISTYPED = {"POOLHOUSE_STORE": "sqlite:sreved.db", "POOLHOUSE_MASTER_KEY": MASTER_KEY}
COMMANDS = [
    ("users", "list", POOL),
    ("keys", "access", "create", "--name", "backend", "--everything"),
    ("jobs", "list"),
    ("backup", "copy.db"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_at_a_mistyped_address_says_so_and_leaves_nothing_behind(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = run(*words, folder=tmp_path, env=MISTYPED)

    assert (4, "") == (done.returncode, done.stdout)
    assert "sreved.db" in done.stderr
    assert [] == list(tmp_path.iterdir())


def test_an_empty_file_is_no_store_for_a_command_either(tmp_path: Path) -> None:
    (tmp_path / "sreved.db").touch()

    done = run("jobs", "list", folder=tmp_path, env=MISTYPED)

    assert 4 == done.returncode
    assert "There is no store at sqlite:sreved.db: `poolhouse serve` makes a new one" in done.stderr
    assert 0 == (tmp_path / "sreved.db").stat().st_size


def test_a_server_that_is_refused_a_new_store_leaves_none_behind(tmp_path: Path) -> None:
    (tmp_path / "master-key").write_text(MASTER_KEY)
    (tmp_path / "master-key").chmod(0o600)
    (tmp_path / "master-key.stores").write_text("id-of-another-store\n")
    env = {"POOLHOUSE_STORE": "sqlite:sreved.db", "POOLHOUSE_MASTER_KEY_FILE": "master-key"}

    done = run(
        "serve", "--listen", "127.0.0.1:0", folder=tmp_path, env={**env, "POOLHOUSE_BASE_URL": "http://localhost"}
    )

    assert 2 == done.returncode
    assert "is a new, empty store, and the key in master-key belongs to one" in done.stderr
    assert ["master-key", "master-key.stores"] == sorted(path.name for path in tmp_path.iterdir())


LISTS = [
    (("jobs", "list"), "There are no jobs."),
    (("messages", "list"), "There are no messages that wait, are under way, failed, or may have arrived."),
    (("keys", "access", "list"), "There are no access keys."),
    (("users", "list"), "There are no such users."),
    (("audit", "--action", "nobody.did"), "There are no such entries."),
]


def test_a_list_of_nothing_says_so_and_a_script_reads_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        pool = server.sdk().create_user_pool(PoolName="empty")["UserPool"]["Id"]
    env = {"POOLHOUSE_STORE": "sqlite:served.db", "POOLHOUSE_MASTER_KEY": MASTER_KEY}

    for words, sentence in LISTS:
        words = (*words, pool) if words[0] == "users" else words
        done = run(*words, folder=tmp_path, env=env)

        assert (0, "", f"{sentence}\n") == (done.returncode, done.stdout, done.stderr)


def test_a_restore_goes_on_where_only_what_stood_beside_a_store_is_left(tmp_path: Path) -> None:
    env = {"POOLHOUSE_STORE": "sqlite:served.db", "POOLHOUSE_MASTER_KEY": MASTER_KEY}
    with serving(tmp_path) as server:
        pool = server.sdk().create_user_pool(PoolName="shop")["UserPool"]["Id"]
        assert 0 == run("backup", "copy.db", folder=tmp_path, env=env).returncode
        with closing(sqlite3.connect(tmp_path / "served.db")) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            server.sdk().create_user_pool(PoolName="written last")
            # As after a kill: what was written last stands in the log beside the file.
            log = (tmp_path / "served.db-wal").read_bytes()
    (tmp_path / "served.db").unlink()
    (tmp_path / "served.db-wal").write_bytes(log)
    (tmp_path / "served.db-shm").write_bytes(b"index")

    done = run("restore", "copy.db", folder=tmp_path, env=env)

    assert 0 == done.returncode, done.stderr
    assert "served.db-wal stood there alone, and is served.db-wal.aside now" in done.stdout
    assert log == (tmp_path / "served.db-wal.aside").read_bytes()
    assert not (tmp_path / "served.db-shm").exists()
    assert 0o600 == stat.S_IMODE((tmp_path / "served.db").stat().st_mode)
    with serving(tmp_path) as restored:
        pools = restored.sdk().list_user_pools(MaxResults=10)["UserPools"]
    assert [pool] == [each["Id"] for each in pools]
