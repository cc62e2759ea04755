"""A store's verbs, one call at a time: entries, counts, and their ends."""

from __future__ import annotations

import pytest

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.store.port import Entry, Equals, Query, Store, Stored
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.store_suite.base import (
    COUNTS,
    PEOPLE,
    Shared,
    all_of,
    keys_of,
    once_more,
    outcomes,
    person,
    same_but_version,
)


class Verbs(Shared):
    # --- one entry, alone --------------------------------------------------------------------------------------------

    async def test_an_inserted_entry_is_there(self, store: Store, clock: FakeClock) -> None:
        entry = person("pool", "u", value={"n": 1}, expires=clock.now() + 60, index={"mail": "a@b.example"})

        written = await store.insert(PEOPLE, entry)

        assert written.version != 0
        assert await store.get(PEOPLE, ("pool", "u")) == written
        assert same_but_version(written) == same_but_version(entry)

    async def test_a_document_may_be_given_as_json_and_is_read_as_json(self, store: Store) -> None:
        value = {"n": 1, "x": 0.5, "list": [None, {"of": "ä"}]}
        given = await store.insert(PEOPLE, Entry(("pool", "document"), value))

        await store.insert(PEOPLE, Entry(("pool", "json"), given.json))

        found = await store.get(PEOPLE, ("pool", "json"))
        assert found is not None
        assert (given.json, value) == (found.json, found.value)
        assert await store.increment(PEOPLE, found.key, "n") == 2

    async def test_an_absent_entry_is_none(self, store: Store) -> None:
        await store.insert(PEOPLE, person("pool", "u"))

        assert await store.get(PEOPLE, ("pool", "v")) is None
        assert await store.get(PEOPLE, ("pool",)) is None
        assert await store.get(PEOPLE, ("pool", "u", "")) is None
        assert await store.get(COUNTS, ("pool", "u")) is None

    async def test_a_taken_key_is_refused_and_nothing_changes(self, store: Store) -> None:
        first = await store.insert(PEOPLE, person("pool", "u", value={"n": 1}))

        with pytest.raises(KeyTaken):
            await store.insert(PEOPLE, person("pool", "u", value={"n": 2}))

        assert await store.get(PEOPLE, ("pool", "u")) == first

    async def test_a_refused_write_harms_none_that_was_made_with_it(self, store: Store) -> None:
        await store.insert(PEOPLE, person("pool", "taken"))

        ends = await outcomes(*(store.insert(PEOPLE, person("pool", name)) for name in ("a", "taken", "b")))

        assert [Stored, KeyTaken, Stored] == [type(end) for end in ends]
        assert await keys_of(store, Query(("pool",))) == [("pool", "a"), ("pool", "b"), ("pool", "taken")]

    async def test_what_is_stored_is_nobodys_dictionary(self, store: Store) -> None:
        value = {"list": [1]}
        index = {"mail": "a"}
        await store.insert(PEOPLE, Entry(("pool", "u"), value, index=index))

        value["list"].append(2)
        index["mail"] = "b"
        first = await store.get(PEOPLE, ("pool", "u"))
        assert first is not None
        first.value["list"].append(3)

        again = await store.get(PEOPLE, ("pool", "u"))
        assert again is not None
        assert again.value == {"list": [1]}
        assert await all_of(store, PEOPLE, Query(("pool",), Equals("mail", "a"))) == [again]
        assert await keys_of(store, Query(("pool",), Equals("mail", "b"))) == []

    async def test_a_replaced_entry_has_the_new_content_and_another_version(
        self, store: Store, clock: FakeClock
    ) -> None:
        old = await store.insert(
            PEOPLE, person("pool", "u", expires=clock.now() + 9, index={"mail": "old", "status": "on"})
        )

        new = await store.replace(PEOPLE, Entry(old.key, {"name": "Bea"}, old.version, index={"mail": "new"}))

        assert old.version != new.version
        assert await store.get(PEOPLE, old.key) == new
        assert (new.value, new.expires) == ({"name": "Bea"}, None)
        assert await all_of(store, PEOPLE, Query(("pool",), Equals("mail", "new"))) == [new]
        assert await keys_of(store, Query(("pool",), Equals("mail", "old"))) == []
        assert await keys_of(store, Query(("pool",), Equals("status", "on"))) == []

    async def test_a_change_of_an_old_reading_is_refused(self, store: Store) -> None:
        old = await store.insert(PEOPLE, person("pool", "u"))
        new = await store.replace(PEOPLE, once_more(old))

        with pytest.raises(VersionConflict):
            await store.replace(PEOPLE, Entry(old.key, {"name": "stale"}, old.version))

        assert await store.get(PEOPLE, old.key) == new

    async def test_what_is_not_there_cannot_be_replaced(self, store: Store) -> None:
        with pytest.raises(VersionConflict):
            await store.replace(PEOPLE, person("pool", "u"))
        assert await store.get(PEOPLE, ("pool", "u")) is None

    async def test_a_version_of_an_earlier_life_fits_no_later_one(self, store: Store) -> None:
        first = await store.insert(PEOPLE, person("pool", "u"))
        await store.delete(PEOPLE, first.key)
        second = await store.insert(PEOPLE, person("pool", "u"))

        with pytest.raises(VersionConflict):
            await store.replace(PEOPLE, once_more(first))
        assert not await store.delete(PEOPLE, first.key, version=first.version)

        assert await store.get(PEOPLE, first.key) == second

    async def test_an_entry_is_deleted_once(self, store: Store) -> None:
        await store.insert(PEOPLE, person("pool", "u"))

        assert [await store.delete(PEOPLE, ("pool", "u")) for _ in range(2)] == [True, False]
        assert await store.get(PEOPLE, ("pool", "u")) is None

    async def test_only_the_given_version_is_deleted(self, store: Store) -> None:
        old = await store.insert(PEOPLE, person("pool", "u"))
        new = await store.replace(PEOPLE, once_more(old))

        assert not await store.delete(PEOPLE, old.key, version=old.version)
        assert await store.get(PEOPLE, old.key) == new
        assert await store.delete(PEOPLE, old.key, version=new.version)
        assert await store.get(PEOPLE, old.key) is None

    async def test_an_entry_is_taken_once(self, store: Store) -> None:
        entry = await store.insert(PEOPLE, person("pool", "u", index={"mail": "m"}))

        assert [entry, None] == [await store.take(PEOPLE, entry.key) for _ in range(2)]
        assert await store.get(PEOPLE, entry.key) is None

    async def test_a_key_that_became_free_can_be_used_again(self, store: Store) -> None:
        await store.insert(PEOPLE, person("pool", "u"))
        await store.take(PEOPLE, ("pool", "u"))

        second = await store.insert(PEOPLE, person("pool", "u", value={"n": 2}))

        assert await store.get(PEOPLE, ("pool", "u")) == second

    async def test_a_store_that_works_answers(self, store: Store) -> None:
        await store.ping()

    # --- counting ----------------------------------------------------------------------------------------------------

    async def test_counting_begins_at_nothing(self, store: Store, clock: FakeClock) -> None:
        key = ("pool", "tries")

        numbers = [
            await store.increment(COUNTS, key, "n", put={"until": 5.5}, expires=clock.now() + 60),
            await store.increment(COUNTS, key, "n", 10),
            await store.increment(COUNTS, key, "n", -2, put={"until": None}),
            await store.increment(COUNTS, key, "other", 3),
        ]

        assert numbers == [1, 11, 9, 3]
        entry = await store.get(COUNTS, key)
        assert entry is not None
        assert ({"n": 9, "until": None, "other": 3}, clock.now() + 60) == (entry.value, entry.expires)

    async def test_counting_keeps_the_rest_of_an_entry(self, store: Store, clock: FakeClock) -> None:
        old = await store.insert(
            PEOPLE, person("pool", "u", value={"a": 1}, expires=clock.now() + 9, index={"mail": "m"})
        )

        number = await store.increment(PEOPLE, old.key, "n")

        new = await store.get(PEOPLE, old.key)
        assert new is not None
        assert (number, new.value) == (1, {"a": 1, "n": 1})
        assert old.expires == new.expires
        assert await all_of(store, PEOPLE, Query(("pool",), Equals("mail", "m"))) == [new]
        assert old.version != new.version

    async def test_counting_can_change_when_an_entry_ends(self, store: Store, clock: FakeClock) -> None:
        await store.increment(COUNTS, ("pool", "c"), "n", expires=clock.now() + 10)
        await store.increment(COUNTS, ("pool", "c"), "n", expires=clock.now() + 30)

        clock.advance(20)

        assert await store.increment(COUNTS, ("pool", "c"), "n") == 3

    async def test_nothing_is_counted_over_the_most(self, store: Store) -> None:
        key = ("pool", "tries")

        numbers = [await store.increment(COUNTS, key, "n", 2, at_most=5, put={"last": i}) for i in range(4)]

        assert numbers == [2, 4, None, None]
        entry = await store.get(COUNTS, key)
        assert entry is not None
        assert entry.value == {"n": 4, "last": 1}
        assert await store.increment(COUNTS, key, "n", 1, at_most=5) == 5

    async def test_a_first_count_over_the_most_makes_nothing(self, store: Store) -> None:
        assert await store.increment(COUNTS, ("pool", "c"), "n", 3, at_most=2) is None
        assert await store.increment(COUNTS, ("pool", "c"), "n", 1, at_most=0) is None
        assert await store.get(COUNTS, ("pool", "c")) is None

    async def test_a_missing_number_is_zero_before_the_most_too(self, store: Store) -> None:
        await store.insert(COUNTS, Entry(("pool", "c"), {"a": 1}))

        assert await store.increment(COUNTS, ("pool", "c"), "n", 2, at_most=1) is None
        assert await store.increment(COUNTS, ("pool", "c"), "n", 1, at_most=1) == 1
        assert await store.increment(COUNTS, ("pool", "c"), "n", 1, at_most=1) is None

    async def test_the_number_counts_even_where_put_names_it(self, store: Store) -> None:
        assert await store.increment(COUNTS, ("pool", "c"), "n", put={"n": 50}) == 1
        assert await store.increment(COUNTS, ("pool", "c"), "n", put={"n": 50}) == 2

    async def test_large_numbers_are_counted_exactly(self, store: Store) -> None:
        await store.increment(COUNTS, ("pool", "c"), "n", 2**53)

        assert await store.increment(COUNTS, ("pool", "c"), "n") == 2**53 + 1

    # --- time --------------------------------------------------------------------------------------------------------

    async def test_an_expired_entry_does_not_exist(self, store: Store, clock: FakeClock) -> None:
        expires = clock.now() + 10
        entry = await store.insert(PEOPLE, person("pool", "u", expires=expires, index={"mail": "m"}))
        clock.advance(9.5)
        assert await store.get(PEOPLE, entry.key) is not None

        clock.advance(expires - clock.now())  # an entry ends at the instant that it names

        assert await store.get(PEOPLE, entry.key) is None
        assert await store.take(PEOPLE, entry.key) is None
        assert not await store.delete(PEOPLE, entry.key)
        assert not await store.delete(PEOPLE, entry.key, version=entry.version)
        assert await keys_of(store, Query(("pool",))) == []
        assert await keys_of(store, Query(("pool",), Equals("mail", "m"))) == []
        with pytest.raises(VersionConflict):
            await store.replace(PEOPLE, once_more(entry))

    async def test_the_key_of_an_expired_entry_is_free(self, store: Store, clock: FakeClock) -> None:
        old = await store.insert(
            PEOPLE, person("pool", "u", value={"old": 1}, expires=clock.now() + 10, index={"mail": "m", "status": "on"})
        )
        clock.advance(11)

        new = await store.insert(PEOPLE, person("pool", "u", value={"new": 1}, index={"mail": "m"}))

        assert old.version != new.version
        assert await store.get(PEOPLE, ("pool", "u")) == new
        assert (new.value, new.expires) == ({"new": 1}, None)
        assert await all_of(store, PEOPLE, Query(("pool",), Equals("mail", "m"))) == [new]
        assert await keys_of(store, Query(("pool",), Equals("status", "on"))) == []

    async def test_counting_starts_afresh_after_the_end(self, store: Store, clock: FakeClock) -> None:
        for _ in range(3):
            await store.increment(COUNTS, ("pool", "c"), "n", at_most=3, put={"last": 1}, expires=clock.now() + 10)
        clock.advance(10)

        assert await store.increment(COUNTS, ("pool", "c"), "n", at_most=3) == 1

        entry = await store.get(COUNTS, ("pool", "c"))
        assert entry is not None
        assert (entry.value, entry.expires) == ({"n": 1}, None)

    async def test_an_end_can_be_moved_and_taken_away(self, store: Store, clock: FakeClock) -> None:
        entry = await store.insert(PEOPLE, person("pool", "u", expires=clock.now() + 10))
        entry = await store.replace(PEOPLE, Entry(entry.key, entry.value, entry.version, expires=clock.now() + 20))
        clock.advance(15)
        entry = await store.replace(PEOPLE, Entry(entry.key, entry.value, entry.version))
        clock.advance(1e6)

        assert await store.get(PEOPLE, ("pool", "u")) == entry

    async def test_an_entry_may_end_in_the_far_future(self, store: Store, clock: FakeClock) -> None:
        far = await store.insert(PEOPLE, person("pool", "u", expires=1e15))
        await store.increment(COUNTS, ("pool", "c"), "n", expires=clock.now() + 10)
        await store.increment(COUNTS, ("pool", "c"), "n", expires=1e15)
        clock.advance(1e9)

        assert await store.get(PEOPLE, ("pool", "u")) == far
        assert await store.increment(COUNTS, ("pool", "c"), "n") == 3

    async def test_an_entry_may_be_written_after_its_end(self, store: Store, clock: FakeClock) -> None:
        await store.insert(PEOPLE, person("pool", "u", expires=clock.now() - 10))

        assert await store.get(PEOPLE, ("pool", "u")) is None
        await store.insert(PEOPLE, person("pool", "u"))

    async def test_sweeping_removes_nothing_that_lives(self, store: Store, clock: FakeClock) -> None:
        for number in range(5):
            await store.insert(PEOPLE, person("pool", str(number), expires=clock.now() + 10 * number + 5))
        forever = await store.insert(PEOPLE, person("pool", "forever"))
        clock.advance(20)

        swept = await store.sweep()

        assert swept in (0, 2)
        assert [("pool", "2"), ("pool", "3"), ("pool", "4"), forever.key] == await keys_of(store, Query(("pool",)))
        assert await store.sweep() == 0
