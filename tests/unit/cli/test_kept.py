"""What development keeps beside its store."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from poolhouse.cli.kept import development_keys, kept_text, known_keys, place_beside, shown_store, with_root_key
from poolhouse.config.settings import Root, Settings, Store
from poolhouse.config.values import Secret, SettingsError
from poolhouse.server.world import SystemChance
from tests.unit.cli.world import CountedChance


def stored_in(url: str) -> Settings:
    return Settings(store=Store(url=Secret(url)))


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("memory:", None),
        ("sqlite:data/auth.db", Path("data/auth.db.root-key")),
        ("mongodb://db/auth", Path("poolhouse.root-key")),
    ],
)
def test_keys_stand_beside_the_store(url: str, place: Path | None) -> None:
    assert place == place_beside(stored_in(url), "root-key")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("memory:", "memory:"),
        ("sqlite:a.db", "sqlite:a.db"),
        ("mongodb://me:p@ss@db1,db2/auth?tls=true", "mongodb://db1,db2/auth"),
    ],
)
def test_a_store_is_shown_without_who_opens_it(url: str, shown: str) -> None:
    assert shown == shown_store(stored_in(url))


def test_the_master_key_is_made_once_and_found_by_other_commands(tmp_path: Path) -> None:
    settings = stored_in(f"sqlite:{tmp_path}/a.db")
    before = known_keys(settings)
    made = development_keys(settings, SystemChance())

    assert before is None
    assert made == known_keys(settings) == development_keys(settings, SystemChance())


def test_a_store_whose_key_file_is_gone_gets_no_wrong_key(tmp_path: Path) -> None:
    settings = stored_in(f"sqlite:{tmp_path}/a.db")
    (tmp_path / "a.db").write_bytes(b"a store")

    with pytest.raises(SettingsError, match=r"its master key a\.db\.master-key is gone"):
        development_keys(settings, SystemChance())
    assert ["a.db"] == [path.name for path in tmp_path.iterdir()]


def test_an_empty_store_beside_its_key_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    settings = stored_in(f"sqlite:{tmp_path}/a.db")
    development_keys(settings, SystemChance())
    (tmp_path / "a.db").touch()

    for read in (lambda: development_keys(settings, SystemChance()), lambda: known_keys(settings)):
        with pytest.raises(SettingsError, match="is the key of a store that was there"):
            read()


def test_the_root_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = stored_in(f"sqlite:{tmp_path}/a.db")
    first, second = (with_root_key(settings, SystemChance()).root for _ in range(2))

    assert first.access_key_id == second.access_key_id
    assert first.secret_access_key is not None
    assert second.secret_access_key is not None
    assert first.secret_access_key.reveal() == second.secret_access_key.reveal()
    assert ["a.db.root-key"] == [path.name for path in tmp_path.iterdir()]
    assert 0o600 == stat.S_IMODE((tmp_path / "a.db.root-key").stat().st_mode)


def test_a_root_key_of_the_settings_is_used_and_not_kept(tmp_path: Path) -> None:
    root = Root(access_key_id="mine", secret_access_key=Secret("my-secret"))
    settings = replace(stored_in(f"sqlite:{tmp_path}/a.db"), root=root)

    assert root == with_root_key(settings, SystemChance()).root
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{}", "[]", json.dumps({"access_key_id": "x"})])
def test_a_broken_root_key_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.db.root-key").write_text(text)

    with pytest.raises(SettingsError, match="holds no key; remove it"):
        with_root_key(stored_in(f"sqlite:{tmp_path}/a.db"), SystemChance())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written: No such file or directory"):
        development_keys(stored_in(f"sqlite:{tmp_path}/nowhere/a.db"), SystemChance())


def test_of_two_who_make_a_text_at_once_both_get_the_same(tmp_path: Path) -> None:
    path, chance = tmp_path / "kept", CountedChance()

    def slow() -> str:
        kept_text(path, lambda: "of the faster one", chance)
        return "of the slower one"

    assert kept_text(path, slow, chance) == "of the faster one"
    assert ["kept"] == [found.name for found in tmp_path.iterdir()]
