"""A key file remembers its stores, and knows a path that was mistyped."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from poolhouse.cli.known_stores import KnownStores, known_stores
from poolhouse.config.settings import Master, Settings, Store
from poolhouse.config.values import Secret
from poolhouse.server.ground import NotStartable


def at(folder: Path, *, new_store: bool = False) -> KnownStores:
    return KnownStores(folder / "master-key", "sqlite:a.db", new_store=new_store)


def test_a_key_that_knows_no_store_belongs_to_the_first(tmp_path: Path) -> None:
    at(tmp_path).require(None, is_new=True)
    at(tmp_path).note("one")

    at(tmp_path).require("one", is_new=False)


@pytest.mark.parametrize(("store_id", "is_new"), [(None, True), ("two", True), ("two", False)])
def test_another_store_is_refused_with_the_way_out(tmp_path: Path, store_id: str | None, is_new: bool) -> None:
    at(tmp_path).note("one")

    with pytest.raises(NotStartable, match=r"sqlite:a\.db is .* store, and the key in .*master-key.*--new-store"):
        at(tmp_path).require(store_id, is_new=is_new)


def test_a_store_that_is_meant_is_one_of_them_from_then_on(tmp_path: Path) -> None:
    at(tmp_path).note("one")
    at(tmp_path, new_store=True).require(None, is_new=True)
    at(tmp_path).note("two")

    for store_id in ("one", "two"):
        at(tmp_path).require(store_id, is_new=False)


def test_a_store_of_before_has_no_id_and_is_not_refused(tmp_path: Path) -> None:
    at(tmp_path).note("one")

    at(tmp_path).require(None, is_new=False)


def test_each_store_stands_there_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    for _ in range(2):
        at(tmp_path).note("one")

    file = tmp_path / "master-key.stores"
    assert ("one\n", 0o600) == (file.read_text(), stat.S_IMODE(file.stat().st_mode))


def test_where_nothing_can_be_written_nothing_is_remembered_and_nobody_refused(tmp_path: Path) -> None:
    nowhere = KnownStores(tmp_path / "gone" / "master-key", "sqlite:a.db", new_store=False)
    nowhere.note("one")

    nowhere.require(None, is_new=True)


@pytest.mark.parametrize(
    ("settings", "remembers"),
    [
        (Settings(store=Store(url=Secret("sqlite:a.db")), master=Master(key_file="key")), True),
        (Settings(store=Store(url=Secret("sqlite:a.db"))), True),
        (Settings(store=Store(url=Secret("sqlite:a.db")), master=Master(key=Secret("00"))), False),
        (Settings(store=Store(url=Secret("mongodb://db/auth")), master=Master(key_file="key")), False),
        (Settings(store=Store(url=Secret("memory:"))), False),
    ],
)
def test_only_a_file_remembers_and_only_files(settings: Settings, remembers: bool) -> None:
    assert remembers == (known_stores(settings) is not None)
