"""The store is locked, full, deleted, emptied or another one: that is told as what it is, and ends by itself.

Nobody reads it as a wrong password or a revoked token, and keys that are known are served on.
"""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.command import MASTER_KEY, run
from tests.support.served import DIRECT, Served, eventually, made_user, serving, sign_in

CHEAP = {
    "POOLHOUSE_PASSWORDS_MEMORY_KIB": "8",
    "POOLHOUSE_PASSWORDS_PASSES": "1",
    "POOLHOUSE_TOKENS_KEYS_FRESH": "1",
}
PROMISED = 2.0
SLOW_MACHINE = 6.0
"""Seconds on top of what is promised: the machine of a test run does other things too."""


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process writes, and does not end."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    """Status, name and Retry-After of the error."""
    with pytest.raises(ClientError) as refused:
        call()
    told = refused.value.response
    metadata = told["ResponseMetadata"]
    return metadata["HTTPStatusCode"], told["Error"]["Code"], metadata["HTTPHeaders"].get("retry-after", "")


def figure(server: Served, name: str) -> float:
    """What ``/metrics`` says of this figure, where the token is ``of-the-operator``."""
    asked = urllib.request.Request(f"{server.url}/metrics", headers={"Authorization": "Bearer of-the-operator"})
    with DIRECT.open(asked) as answer:
        (said,) = [line for line in answer.read().decode().splitlines() if line.startswith(f"{name} ")]
    return float(said.rpartition(" ")[2])


AWAY = (503, "ServiceUnavailableException", "1")


def test_a_locked_store_is_503_in_time_and_no_wrong_password_and_key_sets_go_on(tmp_path: Path) -> None:
    with serving(tmp_path, **CHEAP) as server:
        sdk = server.sdk()
        made = made_user(sdk)
        token = sign_in(sdk, made["client"])
        key_set = f"/{made['pool']}/.well-known/jwks.json"
        published = server.text(key_set)
        with locked(tmp_path / "served.db"):
            began = time.monotonic()
            # More often than wrong passwords are free.
            answers = [refusal(lambda: sign_in(sdk, made["client"])) for _ in range(7)]
            took = (time.monotonic() - began) / len(answers)
            revocation = refusal(lambda: sdk.global_sign_out(AccessToken=token))
            ready = (server.status("/readyz"), server.text("/readyz"))

            assert [AWAY] * 7 == answers
            assert revocation == AWAY
            assert took < PROMISED + SLOW_MACHINE
            assert 503 == ready[0]
            assert ready[1].startswith('{"status":"the store cannot be written: another process writes')
            assert published == server.text(key_set)
            assert 200 == server.status(f"/{made['pool']}/.well-known/openid-configuration")
        eventually(lambda: server.status("/readyz") == 200)

        assert sign_in(sdk, made["client"])
        assert sdk.get_user(AccessToken=token)["Username"] == "jane"


def test_that_the_store_is_away_is_a_figure_until_it_is_back(tmp_path: Path) -> None:
    with serving(tmp_path, **CHEAP, POOLHOUSE_SERVER_METRICS_TOKEN="of-the-operator") as server:
        sdk = server.sdk()
        client = made_user(sdk)["client"]
        before = figure(server, "poolhouse_store_away")
        with locked(tmp_path / "served.db"):
            assert refusal(lambda: sign_in(sdk, client)) == AWAY
            meanwhile = figure(server, "poolhouse_store_away")
        eventually(lambda: server.status("/readyz") == 200)

        assert (0.0, 1.0, 0.0) == (before, meanwhile, figure(server, "poolhouse_store_away"))


def _delete(file: Path) -> None:
    file.unlink()


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _replace(file: Path) -> None:
    other = file.with_name("other.db")
    other.write_bytes(file.read_bytes())
    other.replace(file)


@pytest.mark.parametrize(
    ("harm", "said"),
    [(_delete, "its file is gone"), (_empty, "its file was emptied"), (_replace, "its file is another one")],
    ids=["deleted", "emptied", "replaced"],
)
def test_a_store_that_is_not_the_one_that_was_opened_acknowledges_nothing(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    with serving(tmp_path, **CHEAP) as server:
        sdk = server.sdk()
        made = made_user(sdk)
        assert 200 == server.status("/readyz")
        harm(tmp_path / "served.db")

        assert refusal(lambda: sign_in(sdk, made["client"])) == AWAY
        eventually(lambda: server.status("/readyz") == 503)
        assert f'{{"status":"the store cannot be written: {said}"}}' == server.text("/readyz")
        server.process.wait_for(f"the store cannot be written: {said}")


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """A file system that has room for little."""
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs the rights of an administrator")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_named_and_room_ends_it(tmp_path: Path) -> None:
    place = tmp_path / "small"
    with small_disk(place), serving(tmp_path, POOLHOUSE_STORE="sqlite:small/served.db", **CHEAP) as server:
        sdk = server.sdk()
        made = made_user(sdk)
        filler = place / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        answers = set()
        while AWAY not in answers:
            # What is free inside the store's own files is used up first.
            with contextlib.suppress(pytest.fail.Exception):
                answers.add(refusal(lambda: sign_in(sdk, made["client"])))

        assert {AWAY} == answers
        server.process.wait_for("the store cannot be written: the disk is full")
        assert 503 == server.status("/readyz")
        filler.unlink()
        eventually(lambda: server.status("/readyz") == 200)
        assert sign_in(sdk, made["client"])
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.end()


def test_a_new_empty_store_is_said(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.process.wait_for("the store is a new one and empty")
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.end()
    with serving(tmp_path) as again:
        assert again.answers()
        assert "the store is a new one" not in again.process.stderr


def with_key_file(folder: Path, **extra: str) -> dict[str, str]:
    (folder / "master-key").write_text(MASTER_KEY)
    (folder / "master-key").chmod(0o600)
    return {"POOLHOUSE_MASTER_KEY": "", "POOLHOUSE_MASTER_KEY_FILE": "master-key", **extra}


def test_a_mistyped_path_is_refused_where_the_key_file_knows_another_store(tmp_path: Path) -> None:
    settings = with_key_file(tmp_path)
    with serving(tmp_path, **settings) as server:
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.end()

    mistyped = {**settings, "POOLHOUSE_STORE": "sqlite:sreved.db"}
    for words in (("check",), ("serve",), ("users", "list", "eu-west-1_AbCdEfGhI")):
        refused = run(*words, folder=tmp_path, env=mistyped)
        assert 0 != refused.returncode
        assert (
            "sqlite:sreved.db is a new, empty store, and the key in master-key belongs to one"
            in refused.stdout + refused.stderr
        )

    with serving(tmp_path, "--new-store", **mistyped) as meant:
        assert meant.answers()
    for store in ("sqlite:served.db", "sqlite:sreved.db"):
        with serving(tmp_path, **{**settings, "POOLHOUSE_STORE": store}) as known:
            assert known.answers()


def test_reading_goes_on_while_nothing_can_be_written(tmp_path: Path) -> None:
    with serving(tmp_path, **CHEAP) as server:
        sdk = server.sdk()
        made = made_user(sdk)
        token = sign_in(sdk, made["client"])
        with locked(tmp_path / "served.db"):
            assert refusal(lambda: sign_in(sdk, made["client"])) == AWAY
            assert sdk.get_user(AccessToken=token)["Username"] == "jane"


def test_a_revoked_token_is_not_good_while_the_store_is_away(tmp_path: Path) -> None:
    with serving(tmp_path, **CHEAP) as server:
        sdk = server.sdk()
        made = made_user(sdk)
        revoked = sign_in(sdk, made["client"])
        sdk.global_sign_out(AccessToken=revoked)
        good = sign_in(sdk, made["client"])
        with locked(tmp_path / "served.db"):
            assert (400, "NotAuthorizedException", "") == refusal(lambda: sdk.get_user(AccessToken=revoked))
            assert sdk.get_user(AccessToken=good)["Username"] == "jane"
        _delete(tmp_path / "served.db")
        eventually(lambda: server.status("/readyz") == 503)

        assert refusal(lambda: sdk.get_user(AccessToken=revoked))[1] in ("NotAuthorizedException", AWAY[1])
