"""A copy of the SQLite store is made while the server writes, and is a store that people can sign in with."""

from __future__ import annotations

import contextlib
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.support.command import MASTER_KEY, run
from tests.support.served import Served, made_user, serving, sign_in

CHEAP = {
    "POOLHOUSE_PASSWORDS_MEMORY_KIB": "8",
    "POOLHOUSE_PASSWORDS_PASSES": "1",
    # The name of the issuer, wherever the store is served.
    "POOLHOUSE_BASE_URL": "https://auth.example.com",
}
HERE = {"POOLHOUSE_STORE": "sqlite:served.db", "POOLHOUSE_MASTER_KEY": MASTER_KEY}


@contextlib.contextmanager
def written_to(server: Served, client: str) -> Iterator[list[str]]:
    """Somebody signs in again and again, which writes; the tokens are listed."""
    done, tokens = threading.Event(), list[str]()

    def load() -> None:
        sdk = server.sdk()
        while not done.is_set():
            tokens.append(sign_in(sdk, client))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield tokens
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_backup_under_writes_ends_and_people_sign_in_on_the_copy(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    with serving(here, **CHEAP) as server:
        made = made_user(server.sdk())
        with written_to(server, made["client"]) as tokens:
            backed_up = run("backup", "../copy.db", folder=here, env=HERE)
            during = len(tokens)
        refused = run("backup", "../copy.db", folder=here, env=HERE)
    restored = run("restore", "../copy.db", folder=there, env=HERE)
    again = run("restore", "../copy.db", folder=there, env=HERE)

    assert (0, 0) == (backed_up.returncode, restored.returncode), backed_up.stderr + restored.stderr
    assert during > 0
    assert (1, 1) == (refused.returncode, again.returncode)
    assert "copy.db exists" in refused.stderr
    assert "served.db exists" in again.stderr
    assert [0o600, 0o600] == [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "copy.db", there / "served.db")]
    with serving(there, **CHEAP) as copy:
        assert sign_in(copy.sdk(), made["client"])
        assert copy.sdk().get_user(AccessToken=tokens[0])["Username"] == "jane"


@pytest.mark.parametrize("harm", ["the middle", "the head", "the end", "one page", "a value"])
def test_damage_is_one_sentence_of_check_and_no_backup(tmp_path: Path, harm: str) -> None:
    with serving(tmp_path, **CHEAP) as server:
        made_user(server.sdk())
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.end()
    file = tmp_path / "served.db"
    whole = file.read_bytes()
    file.write_bytes(
        {
            "the head": b"\xff" * 200 + whole[200:],
            # All pages but the first: whichever of them is asked for is none.
            "the middle": whole[:4096] + b"\xa5" * (len(whole) - 4096),
            "the end": whole[: len(whole) // 2],
            # No start reads it.
            "one page": whole[:-4096] + b"\xa5" * 4096,
            # SQLite itself finds nothing wrong with it.
            "a value": whole.replace(b'"username":', b'"user\xffame":'),
        }[harm]
    )

    checked = run("check", folder=tmp_path, env=HERE)
    backed_up = run("backup", "copy.db", folder=tmp_path, env=HERE)

    assert (4, 4) == (checked.returncode, backed_up.returncode)
    assert "store        WRONG: The SQLite file served.db is damaged" in checked.stdout
    assert "poolhouse restore" in backed_up.stderr
    assert 1 == backed_up.stderr.count("\n")
    assert not (tmp_path / "copy.db").exists()


def test_what_became_unreadable_in_the_store_is_told_as_an_outage_and_in_one_sentence(tmp_path: Path) -> None:
    with serving(tmp_path, **CHEAP) as server:
        made = made_user(server.sdk())
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.end()
    file = tmp_path / "served.db"
    file.write_bytes(file.read_bytes().replace(b'"status":"CONFIRMED"', b'"status":"CONF\xff\xfeMED"'))

    listed = run("users", "list", made["pool"], folder=tmp_path, env=HERE)
    with serving(tmp_path, **CHEAP) as server, pytest.raises(ClientError) as told:
        server.sdk().admin_get_user(UserPoolId=made["pool"], Username="jane")

    assert 4 == listed.returncode
    assert "a User in it cannot be read: it is damaged" in listed.stderr
    assert 1 == listed.stderr.count("\n")
    assert "ServiceUnavailableException" == told.value.response["Error"]["Code"]
    assert 503 == told.value.response["ResponseMetadata"]["HTTPStatusCode"]
