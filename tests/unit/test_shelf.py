"""What every repository does in the same way: once, on the shelf of its kind."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.crypto.vault import Vault
from poolhouse.errors import ConcurrentModification, InvalidParameter, KeyTaken, VersionConflict
from poolhouse.records.groups import Group
from poolhouse.server.world import SystemChance
from poolhouse.store import documents
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Entry
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf
from poolhouse.testing.clock import FakeClock


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(collections.ALL, FakeClock())


@pytest.fixture
def cursors() -> Cursors:
    return Cursors(Vault([bytes(32)], SystemChance()), FakeClock())


def shelf(store: MemoryStore, **changes: Any) -> Shelf[Group]:
    return Shelf(store, collections.GROUPS, Group, entry_of, **changes)


def entry_of(group: Group) -> Entry:
    return to_entry(group, (group.pool_id, group.name))


def group(name: str, pool_id: str = "p") -> Group:
    return Group(pool_id=pool_id, name=name, created=1.0, modified=1.0)


def document_of(group: Group) -> dict[str, Any]:
    return documents.decode(documents.encode(entry_of(group).value))


async def test_a_record_is_added_once_read_saved_and_deleted(store: MemoryStore) -> None:
    groups = shelf(store)

    added = await groups.add(group("a"))
    saved = await groups.save(added)

    assert saved == await groups.get("p", "a")
    assert 0 != added.version != saved.version
    with pytest.raises(KeyTaken):
        await groups.add(group("a"))
    assert not await groups.add_if_free(group("a"))
    assert await groups.delete("p", "a")
    assert await groups.get("p", "a") is None
    assert await groups.add_if_free(group("a"))


@pytest.mark.parametrize("conflict", [VersionConflict, ConcurrentModification])
async def test_who_was_slower_hears_of_it_in_the_words_of_the_subject(
    store: MemoryStore, conflict: type[Exception]
) -> None:
    groups = shelf(store, conflict=conflict)
    added = await groups.add(group("a"))
    await groups.save(added)

    with pytest.raises(conflict):
        await groups.save(added)


async def test_pages_hold_everything_of_a_tenant_once_and_nothing_of_another(
    store: MemoryStore, cursors: Cursors
) -> None:
    groups = shelf(store)
    for one in (group("a"), group("b"), group("c"), group("d", "other")):
        await groups.add(one)

    first = await groups.page(cursors, ("p",), 2, None)
    second = await groups.page(cursors, ("p",), 2, first.cursor)

    assert ["a", "b", "c"] == [one.name for one in (*first.items, *second.items)]
    assert second.cursor is None


async def test_a_cursor_is_good_for_the_tenant_it_was_made_for(store: MemoryStore, cursors: Cursors) -> None:
    groups = shelf(store)
    for one in (group("a"), group("b"), group("a", "other")):
        await groups.add(one)
    page = await groups.page(cursors, ("p",), 1, None)

    with pytest.raises(InvalidParameter):
        await groups.page(cursors, ("other",), 1, page.cursor)


async def test_text_that_reads_like_the_place_of_what_is_unknown_is_kept_as_text(store: MemoryStore) -> None:
    names = replace(group("a"), description='{"unknown":{"name":"b"}}')
    added = await shelf(store).add(names)

    assert added == await shelf(store).get("p", "a")


async def test_what_is_unknown_of_a_record_is_at_its_place_in_the_document(store: MemoryStore) -> None:
    await store.insert(
        collections.GROUPS, replace(entry_of(group("a")), value={**document_of(group("a")), "later": {"unknown": 1}})
    )

    read = await shelf(store).get("p", "a")
    assert read is not None
    await shelf(store).save(read)

    stored = await store.get(collections.GROUPS, ("p", "a"))
    assert stored is not None
    assert stored.value == {**document_of(group("a")), "later": {"unknown": 1}}
