"""The master key: given, read from a file, or made for development."""

from __future__ import annotations

import base64
import hashlib
import logging
import stat
from pathlib import Path

import pytest

from poolhouse.config.master_key import (
    MasterKeys,
    configured_keys,
    kept_key,
    new_key_text,
    parse_keys,
    read_key_file,
    required_keys,
)
from poolhouse.config.settings import Master
from poolhouse.config.values import Secret, SettingsError
from tests.unit.crypto.world import ForeseenChance

FIRST, SECOND = (hashlib.sha256(name).digest() for name in (b"first", b"second"))


@pytest.mark.parametrize(
    "text",
    [
        FIRST.hex(),
        FIRST.hex().upper() + "\n",
        base64.b64encode(FIRST).decode(),
        base64.urlsafe_b64encode(FIRST).decode().rstrip("="),
    ],
)
def test_a_key_is_read_from_hex_or_base64(text: str) -> None:
    assert MasterKeys((FIRST,)) == parse_keys(text, "here")


@pytest.mark.parametrize("between", [",", ", ", "\n"])
def test_several_keys_keep_their_order(between: str) -> None:
    assert (SECOND, FIRST) == parse_keys(f"{SECOND.hex()}{between}{base64.b64encode(FIRST).decode()}", "here").raw


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no key"),
        ("short", "key 1 is not 32 bytes"),
        (f"{FIRST.hex()},x", "key 2 is not 32 bytes"),
        (f"{FIRST.hex()},{FIRST.hex()}", "listed twice"),
        ("00" * 32, "not random"),
        ("é" * 64, "key 1 is not 32 bytes"),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as refused:
        parse_keys(text, "here")

    assert not text or text not in str(refused.value)


def test_the_key_comes_from_the_setting_or_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(SECOND.hex())
    file.chmod(0o600)

    assert MasterKeys((FIRST,)) == configured_keys(Master(key=Secret(FIRST.hex())))
    assert MasterKeys((SECOND,)) == configured_keys(Master(key_file=str(file)))
    assert configured_keys(Master()) is None


def test_without_a_key_the_message_says_how_to_make_one() -> None:
    with pytest.raises(SettingsError, match="poolhouse keys new-master"):
        required_keys(Master())


def test_a_file_that_others_can_read_is_used_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "key"
    file.write_text(FIRST.hex())
    file.chmod(0o640)

    with caplog.at_level(logging.WARNING):
        keys = read_key_file(file)

    assert MasterKeys((FIRST,)) == keys
    assert "can be read by others" in caplog.text
    assert FIRST.hex() not in caplog.text


def test_a_file_that_is_not_there_is_a_problem_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_key_file(tmp_path / "none")


def test_development_makes_a_key_once_for_its_owner_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    chance = ForeseenChance()

    first = kept_key(tmp_path / "key", chance.raw)
    again = kept_key(tmp_path / "key", chance.raw)

    assert first == again
    assert 0o600 == stat.S_IMODE((tmp_path / "key").stat().st_mode)
    assert [tmp_path / "key"] == list(tmp_path.iterdir())
    assert "" == caplog.text


def test_of_two_servers_that_start_at_once_both_get_the_key_of_the_faster(tmp_path: Path) -> None:
    chance, path = ForeseenChance(), tmp_path / "key"
    faster: list[MasterKeys] = []

    def slow(size: int) -> bytes:
        if size == 32 and not faster:
            faster.append(kept_key(path, chance.raw))
        return chance.raw(size)

    assert kept_key(path, slow) == faster[0]
    assert [path] == list(tmp_path.iterdir())


def test_a_new_key_can_be_read_again_and_shows_itself_nowhere() -> None:
    keys = parse_keys(new_key_text(ForeseenChance().raw), "here")

    assert 1 == len(keys.raw)
    assert "MasterKeys()" == repr(keys)
