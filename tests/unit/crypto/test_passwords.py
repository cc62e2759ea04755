"""Password hashes of our own."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import AsyncIterator

import argon2.low_level as argon2
import pytest

from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.crypto.workers import Workers
from poolhouse.ports.passwords import Fit
from tests.unit.crypto.world import ForeseenChance, vault

CHEAP = Argon2Costs(memory_kib=8, passes=1)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(threads=1)
    yield made
    await made.close()


@pytest.fixture
def passwords(workers: Workers) -> PasswordHashes:
    return PasswordHashes(workers, vault(), ForeseenChance(), CHEAP)


async def test_a_password_fits_its_hash_and_no_other_does(passwords: PasswordHashes) -> None:
    encoded = await passwords.hash("Corr3ct-Horse!")

    assert await passwords.verify("Corr3ct-Horse!", encoded)
    assert not await passwords.verify("Corr3ct-Horse", encoded)
    assert not await passwords.verify("", encoded)


async def test_the_default_costs_are_the_ones_that_were_promised(workers: Workers) -> None:
    encoded = await PasswordHashes(workers, vault(), ForeseenChance()).hash("x")

    assert encoded.startswith("$ph$v=1$argon2id$v=19$m=19456,t=2,p=1$")


async def test_two_hashes_of_one_password_differ(passwords: PasswordHashes) -> None:
    assert await passwords.hash("same") != await passwords.hash("same")


async def test_all_of_a_long_password_counts(passwords: PasswordHashes) -> None:
    encoded = await passwords.hash("x" * 255 + "y")

    assert await passwords.verify("x" * 255 + "y", encoded)
    assert not await passwords.verify("x" * 255 + "z", encoded)


async def test_the_same_text_typed_on_another_keyboard_is_the_same_password(passwords: PasswordHashes) -> None:
    encoded = await passwords.hash("caf\u00e9")

    assert await passwords.verify("cafe\u0301", encoded)
    assert not await passwords.verify("cafe", encoded)


async def test_characters_that_only_look_related_stay_different(passwords: PasswordHashes) -> None:
    assert not await passwords.verify("x2", await passwords.hash("x\u00b2"))


async def test_half_a_surrogate_pair_is_a_password_like_any_other(passwords: PasswordHashes) -> None:
    encoded = await passwords.hash("\ud800")

    assert await passwords.verify("\ud800", encoded)
    assert not await passwords.verify("\ud801", encoded)


async def test_without_the_master_key_a_stolen_hash_gives_nothing_to_guess_against(
    workers: Workers, passwords: PasswordHashes
) -> None:
    encoded = await passwords.hash("guessed")
    other = PasswordHashes(workers, vault("other"), ForeseenChance(), CHEAP)

    assert not await other.verify("guessed", encoded)
    with pytest.raises(Exception, match="match"):
        argon2.verify_secret(encoded.removeprefix("$ph$v=1").encode(), b"guessed", argon2.Type.ID)


async def test_a_rotated_master_key_does_not_change_any_password(workers: Workers, passwords: PasswordHashes) -> None:
    encoded = await passwords.hash("stays")
    rotated = PasswordHashes(workers, vault("second", "first"), ForeseenChance(), CHEAP)

    assert await rotated.verify("stays", encoded)


async def test_a_hash_with_other_costs_still_fits_and_is_outdated(workers: Workers, passwords: PasswordHashes) -> None:
    encoded = await passwords.hash("old")
    raised = PasswordHashes(workers, vault(), ForeseenChance(), Argon2Costs(memory_kib=16, passes=1))

    assert await raised.verify("old", encoded)
    assert raised.is_outdated(encoded)
    assert not passwords.is_outdated(encoded)


async def test_a_process_with_lower_costs_weakens_no_hash(workers: Workers, passwords: PasswordHashes) -> None:
    stronger = PasswordHashes(workers, vault(), ForeseenChance(), Argon2Costs(memory_kib=16, passes=2))
    encoded = await stronger.hash("strong")

    assert await passwords.verify("strong", encoded)
    assert not passwords.is_outdated(encoded)


async def test_nobody_has_no_password_and_the_same_work_is_done(
    passwords: PasswordHashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await passwords.hash("known")
    worked: list[tuple[str, int]] = []
    verify = argon2.verify_secret

    def counted(phc: bytes, secret: bytes, kind: argon2.Type) -> bool:
        worked.append((phc.decode().rpartition("$")[0].rpartition("$")[0], len(phc)))
        return verify(phc, secret, kind)

    monkeypatch.setattr(argon2, "verify_secret", counted)

    assert [Fit.NO] * 3 == [
        await passwords.verify("wrong", known),
        await passwords.verify("wrong", None),
        await passwords.verify("wrong", "$nobody$knows$this"),
    ]
    assert [("$argon2id$v=19$m=8,t=1,p=1", len(known) - len("$ph$v=1"))] * 3 == worked


async def test_a_hash_that_nobody_can_read_is_logged_without_being_shown(
    passwords: PasswordHashes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await passwords.verify("secret-password", "$unknown$secret-hash")

    assert "cannot be read" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("encoded", "readable"),
    [
        ("$ph$v=1$argon2id$v=19$m=8,t=1,p=1$" + "A" * 22 + "$" + "A" * 43, True),
        ("$ph$v=1$argon2id$v=19$m=999999999,t=1,p=1$" + "A" * 22 + "$" + "A" * 43, False),
        ("$ph$v=2$argon2id$v=19$m=8,t=1,p=1$" + "A" * 22 + "$" + "A" * 43, False),
        ("$2b$12$" + "A" * 53, True),
        ("$2x$12$" + "A" * 53, False),
        ("", False),
    ],
)
async def test_imports_can_ask_whether_a_hash_can_be_read(
    passwords: PasswordHashes, encoded: str, readable: bool
) -> None:
    assert readable == passwords.can_read(encoded)
    if not readable:
        assert not await passwords.verify("anything", encoded)


WITHOUT_MEMORY = """
import asyncio, resource
from pathlib import Path
from poolhouse.crypto.memory import MemoryRoom
from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.crypto.workers import Workers
from poolhouse.errors import TooManyRequests
from tests.unit.crypto.world import ForeseenChance, vault

async def main():
    workers = Workers(threads=1)
    # Let in by somebody who knows of no bound: the hash itself finds none.
    blind = MemoryRoom(0, lambda: None)
    passwords = PasswordHashes(workers, vault(), ForeseenChance(), Argon2Costs(memory_kib=65536, passes=1), room=blind)
    encoded = await passwords.hash("right")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000, -1))
    for work in (passwords.verify("right", encoded), passwords.verify("right", None), passwords.hash("new")):
        try:
            print(await work)
        except TooManyRequests:
            print("refused")
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    print((await passwords.verify("right", encoded)).name)
    await workers.close()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process's memory are Linux's here")
def test_no_memory_for_a_hash_is_a_full_queue_and_no_wrong_password() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_MEMORY], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.stdout.split() == ["refused", "refused", "refused", "WHOLE"], ended.stderr
    assert "there is no memory for a password hash" in ended.stderr
    assert "cannot be read" not in ended.stderr
