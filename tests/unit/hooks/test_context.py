"""What a plugin is given: settings that hide themselves, and documents that are its own."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.hooks.context import PluginContext, PluginSettings, SettingInvalid
from poolhouse.store.memory import MemoryStore
from poolhouse.store.plugin_documents import PLUGIN_DOCUMENTS, StoredPluginDocuments


class Clock:
    time = 1000.0

    def now(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def documents(clock: Clock) -> StoredPluginDocuments:
    return StoredPluginDocuments(MemoryStore([PLUGIN_DOCUMENTS], clock))


def context(name: str, documents: StoredPluginDocuments, **settings: Any) -> PluginContext:
    nothing: Any = None
    return PluginContext.of(
        name, settings, clock=Clock(), chance=nothing, http=nothing, documents=documents, messages=nothing
    )


# --- settings --------------------------------------------------------------------------------------------------------


def test_no_value_of_a_setting_is_shown(documents: StoredPluginDocuments) -> None:
    made = context("smtp", documents, host="mail.example.com", password="hunter2!")

    assert "hunter2!" not in repr(made)
    assert "<settings: host, password>" in repr(made)


class Hidden:
    def reveal(self) -> str:
        return "hunter2!"


def test_settings_are_read_by_type() -> None:
    settings = PluginSettings({"host": "h", "port": 25, "tls": "none", "password": Hidden(), "empty": ""})

    assert ("h", "hunter2!", "d") == (settings.text("host"), settings.text("password"), settings.text("empty", "d"))
    assert (25, 5.0) == (settings.number("port"), settings.number("timeout", 5.0))
    assert ("none", "x") == (settings.choice("tls", ("starttls", "none")), settings.choice("mode", ("x", "y")))


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (lambda s: s.text("absent"), "'absent' is missing"),
        (lambda s: s.text("port"), "'port' is text"),
        (lambda s: s.number("host"), "'host' is a number"),
        (lambda s: s.number("flag"), "'flag' is a number"),
        (lambda s: s.number("zero"), "'zero' is a number above zero"),
        (lambda s: s.choice("host", ("a", "b")), "'host' is one of a, b"),
        (lambda s: s.only("port", "flag", "zero"), "no setting 'host'"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(read: Any, told: str) -> None:
    settings = PluginSettings({"host": "sesame", "port": 25, "flag": True, "zero": 0})

    with pytest.raises(SettingInvalid, match=told) as wrong:
        read(settings)

    assert "sesame" not in str(wrong.value)


# --- documents -------------------------------------------------------------------------------------------------------


async def test_a_document_is_written_read_changed_and_removed(documents: StoredPluginDocuments) -> None:
    badges = context("crm", documents).collection("badges")

    made = await badges.insert("ada", "1", value={"n": 1})
    changed = await badges.replace(type(made)(made.key, {"n": 2}, made.version))

    assert ("ada", "1") == made.key
    assert {"n": 2} == changed.value
    assert changed == await badges.get("ada", "1")
    assert await badges.delete("ada", "1")
    assert await badges.get("ada", "1") is None


async def test_the_stores_promises_hold_for_plugins(documents: StoredPluginDocuments, clock: Clock) -> None:
    codes = context("crm", documents).collection("codes")
    made = await codes.insert("x", value={}, expires=clock.time + 10)

    with pytest.raises(KeyTaken):
        await codes.insert("x", value={})
    with pytest.raises(VersionConflict):
        await codes.replace(type(made)(made.key, {}, made.version + 1))
    assert made == await codes.take("x")
    assert await codes.take("x") is None
    assert [1, 2, None] == [await codes.increment("c", field="n", at_most=2) for _ in range(3)]
    await codes.insert("y", value={}, expires=clock.time + 10)
    clock.time += 11
    assert await codes.get("y") is None


async def test_documents_are_found_by_the_beginning_of_their_key(documents: StoredPluginDocuments) -> None:
    badges = context("crm", documents).collection("badges")
    for key in (("ada", "1"), ("ada", "2"), ("bob", "1")):
        await badges.insert(*key, value={})

    first = await badges.find("ada", limit=1)
    second = await badges.find("ada", limit=5, after=first[0].key)

    assert [("ada", "1")] == [document.key for document in first]
    assert [("ada", "2")] == [document.key for document in second]
    assert 3 == len(await badges.find())


async def test_a_key_is_text(documents: StoredPluginDocuments) -> None:
    badges = context("crm", documents).collection("badges")

    with pytest.raises(TypeError):
        await badges.get({"$ne": None})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one part"):
        await badges.get()
