"""What every store must do, as tests. A store's author subclasses ``StoreSuite`` and gives it the store::

    class TestMyStore(StoreSuite):
        @pytest_asyncio.fixture
        async def store(self, clock):
            store = MyStore(COLLECTIONS, clock)
            await store.start()
            yield store
            await store.close()

The store is empty at the beginning of each test. Hypothesis has to be installed.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poolhouse.errors import InvalidParameter, KeyTaken, VersionConflict
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Entry, Equals, Key, Page, Position, Query, StartsWith, Store
from poolhouse.testing.clock import FakeClock

PEOPLE = Collection("suite_people", ("mail", "status"))
COUNTS = Collection("suite_counts")
COLLECTIONS = (PEOPLE, COUNTS)

HOSTILE = (
    "",
    " ",
    ".",
    "..",
    "a.b",
    "$",
    "$where",
    "$ne",
    "%",
    "%24",
    "%2",
    "\x00",
    "a\x00b",
    "\x01",
    "\x01\x01",
    "\x02",
    "\x02\x02",
    "\x03",
    "\x7f",
    "'; DROP TABLE c_suite_people; --",
    '"',
    "\\",
    "{",
    '{"$ne": null}',
    '{"$gt": ""}',
    "_id",
    "__proto__",
    "0",
    "null",
    "Ann",
    "ann",
    "аnn",  # the first letter is Cyrillic
    "\u00e9",  # NFC
    "e\u0301",  # NFD
    "\ufb01",  # a ligature, which NFKC takes apart
    "ß",
    "ss",
    "\u202eabc",
    "\u200b",
    "\ufeff",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U00010000",
    "👩‍👩‍👧",
    "\U0010ffff",
    "\U0010ffff\U0010ffff",
)

_text = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
_number = st.integers(-(2**63), 2**63 - 1)
_scalar = st.one_of(st.none(), st.booleans(), _number, st.floats(allow_nan=False, allow_infinity=False), _text)
_value = st.dictionaries(
    _text,
    st.recursive(
        _scalar,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_text, inner, max_size=4)),
        max_leaves=12,
    ),
    max_size=5,
)
_settings = settings(
    max_examples=40,
    deadline=None,
    database=None,
    # The store is shared by the examples of a test: each has a tenant of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def person(*key: str, value: dict[str, Any] | None = None, **fields: Any) -> Entry:
    return Entry(key=key, value={"name": "Ann"} if value is None else value, **fields)


def same_but_version(entry: Entry | None) -> tuple[Any, ...] | None:
    """What two stores must agree on. 1 and 1.0 and True differ."""
    if entry is None:
        return None
    return (entry.key, json.dumps(entry.value, sort_keys=True), entry.expires, dict(entry.index))


async def all_of(store: Store, collection: Collection, query: Query) -> list[Entry]:
    """The entries of all pages."""
    entries: list[Entry] = []
    position: Position | None = query.after
    while True:
        page = await store.find(collection, Query(query.prefix, query.where, query.limit, position))
        entries += page.entries
        if page.next is None:
            return entries
        assert len(page.entries) == query.limit
        position = page.next


async def keys_of(store: Store, query: Query) -> list[Key]:
    return [entry.key for entry in await all_of(store, PEOPLE, query)]


async def outcomes(*calls: Any) -> list[Any]:
    """What each of the calls, all made at once, returned or raised."""
    return list(await asyncio.gather(*calls, return_exceptions=True))


class StoreSuite:
    """Subclasses have an async fixture ``store``: started, empty, with ``COLLECTIONS``, going by ``clock``."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    # --- one entry, alone --------------------------------------------------------------------------------------------

    async def test_an_inserted_entry_is_there(self, store: Store, clock: FakeClock) -> None:
        entry = person("pool", "u", value={"n": 1}, expires=clock.now() + 60, index={"mail": "a@b.example"})

        written = await store.insert(PEOPLE, entry)

        assert written.version != 0
        assert await store.get(PEOPLE, ("pool", "u")) == written
        assert same_but_version(written) == same_but_version(entry)

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

        assert [Entry, KeyTaken, Entry] == [type(end) for end in ends]
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
        assert (again.value, again.index) == ({"list": [1]}, {"mail": "a"})

    async def test_a_replaced_entry_has_the_new_content_and_another_version(
        self, store: Store, clock: FakeClock
    ) -> None:
        old = await store.insert(
            PEOPLE, person("pool", "u", expires=clock.now() + 9, index={"mail": "old", "status": "on"})
        )

        new = await store.replace(PEOPLE, Entry(old.key, {"name": "Bea"}, old.version, index={"mail": "new"}))

        assert old.version != new.version
        assert await store.get(PEOPLE, old.key) == new
        assert (new.value, new.expires, new.index) == ({"name": "Bea"}, None, {"mail": "new"})
        assert await keys_of(store, Query(("pool",), Equals("status", "on"))) == []

    async def test_a_change_of_an_old_reading_is_refused(self, store: Store) -> None:
        old = await store.insert(PEOPLE, person("pool", "u"))
        new = await store.replace(PEOPLE, old)

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
            await store.replace(PEOPLE, first)
        assert not await store.delete(PEOPLE, first.key, version=first.version)

        assert await store.get(PEOPLE, first.key) == second

    async def test_an_entry_is_deleted_once(self, store: Store) -> None:
        await store.insert(PEOPLE, person("pool", "u"))

        assert [await store.delete(PEOPLE, ("pool", "u")) for _ in range(2)] == [True, False]
        assert await store.get(PEOPLE, ("pool", "u")) is None

    async def test_only_the_given_version_is_deleted(self, store: Store) -> None:
        old = await store.insert(PEOPLE, person("pool", "u"))
        new = await store.replace(PEOPLE, old)

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
        assert (old.expires, old.index) == (new.expires, new.index)
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
            await store.replace(PEOPLE, entry)

    async def test_the_key_of_an_expired_entry_is_free(self, store: Store, clock: FakeClock) -> None:
        old = await store.insert(
            PEOPLE, person("pool", "u", value={"old": 1}, expires=clock.now() + 10, index={"mail": "m", "status": "on"})
        )
        clock.advance(11)

        new = await store.insert(PEOPLE, person("pool", "u", value={"new": 1}, index={"mail": "m"}))

        assert old.version != new.version
        assert await store.get(PEOPLE, ("pool", "u")) == new
        assert (new.value, new.expires, new.index) == ({"new": 1}, None, {"mail": "m"})
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

    # --- finding -----------------------------------------------------------------------------------------------------

    async def test_a_prefix_is_made_of_whole_parts(self, store: Store) -> None:
        keys: Sequence[Key] = (
            ("a",),
            ("a", ""),
            ("a", "b"),
            ("a", "b", "c"),
            ("a", "bc"),
            ("ab",),
            ("ab", "b"),
            ("", "a"),
        )
        for key in keys:
            await store.insert(PEOPLE, person(*key))

        assert sorted(keys) == await keys_of(store, Query())
        assert await keys_of(store, Query(("a",))) == [("a",), ("a", ""), ("a", "b"), ("a", "b", "c"), ("a", "bc")]
        assert await keys_of(store, Query(("a", "b"))) == [("a", "b"), ("a", "b", "c")]
        assert await keys_of(store, Query(("a", ""))) == [("a", "")]
        assert await keys_of(store, Query(("",))) == [("", "a")]
        assert await keys_of(store, Query(("b",))) == []

    async def test_keys_sort_by_code_points_part_by_part(self, store: Store) -> None:
        keys = {("t", *parts) for text in HOSTILE for parts in ((text,), (text, "z"), ("z", text))}
        for key in keys:
            await store.insert(PEOPLE, person(*key))

        assert sorted(keys) == await keys_of(store, Query(("t",), limit=17))
        for text in HOSTILE:
            expected = sorted(key for key in keys if key[:2] == ("t", text))
            assert expected == await keys_of(store, Query(("t", text)))

    async def test_index_values_are_found_whole_and_by_their_beginning(self, store: Store) -> None:
        for text in HOSTILE:
            await store.insert(PEOPLE, person("t", "of " + text, index={"mail": text}))

        for text in HOSTILE:
            assert [("t", "of " + text)] == await keys_of(store, Query(("t",), Equals("mail", text)))
            expected = [("t", "of " + other) for other in sorted(HOSTILE) if other.startswith(text)]
            assert expected == await keys_of(store, Query(("t",), StartsWith("mail", text), limit=7))

    async def test_equal_index_values_sort_by_key(self, store: Store) -> None:
        for name in ("c", "a", "d", "b"):
            await store.insert(PEOPLE, person("t", name, index={"status": "on", "mail": "m"}))
        await store.insert(PEOPLE, person("t", "0", index={"mail": "m2"}))

        assert [("t", name) for name in "abcd"] == await keys_of(store, Query(("t",), Equals("status", "on"), limit=3))
        assert [("t", name) for name in "abcd0"] == await keys_of(
            store, Query(("t",), StartsWith("mail", "m"), limit=2)
        )

    async def test_an_entry_without_the_index_value_is_not_found_by_it(self, store: Store) -> None:
        await store.insert(PEOPLE, person("t", "a"))
        await store.insert(PEOPLE, person("t", "b", index={"status": ""}))

        assert await keys_of(store, Query(("t",), StartsWith("status", ""))) == [("t", "b")]
        assert await keys_of(store, Query(("t",), Equals("status", ""))) == [("t", "b")]

    async def test_a_condition_meets_only_what_is_under_the_prefix(self, store: Store) -> None:
        for key in (("t", "a", "1"), ("t", "a", "2"), ("t", "b", "1"), ("u", "a", "1")):
            await store.insert(PEOPLE, person(*key, index={"mail": "m" + key[-1]}))

        assert await keys_of(store, Query(("t", "a"), Equals("mail", "m1"))) == [("t", "a", "1")]
        assert await keys_of(store, Query(("t",), StartsWith("mail", "m"), limit=1)) == [
            ("t", "a", "1"),
            ("t", "b", "1"),
            ("t", "a", "2"),
        ]
        assert await keys_of(store, Query((), Equals("mail", "m1"), limit=2)) == [
            ("t", "a", "1"),
            ("t", "b", "1"),
            ("u", "a", "1"),
        ]

    async def test_the_last_page_says_so(self, store: Store) -> None:
        for name in "abcd":
            await store.insert(PEOPLE, person("t", name, index={"status": "on"}))

        for where in (None, Equals("status", "on"), StartsWith("status", "o")):
            first = await store.find(PEOPLE, Query(("t",), where, limit=2))
            assert first.next == Position("on" if where else "", ("t", "b"))
            last = await store.find(PEOPLE, Query(("t",), where, limit=2, after=first.next))
            assert ([entry.key for entry in last.entries], last.next) == ([("t", "c"), ("t", "d")], None)
        assert await store.find(PEOPLE, Query(("nobody",))) in (Page([]), Page(()))

    async def test_a_position_need_not_be_an_entry(self, store: Store) -> None:
        for name, mail in (("a", "m1"), ("b", "m2"), ("c", "m2"), ("d", "m3")):
            await store.insert(PEOPLE, person("t", name, index={"mail": mail}))

        def after(where: Equals | StartsWith | None, value: str, *key: str) -> Query:
            return Query(("t",), where, after=Position(value, key))

        assert await keys_of(store, after(None, "", "t", "aa")) == [("t", "b"), ("t", "c"), ("t", "d")]
        assert await keys_of(store, after(None, "", "a")) == [("t", "a"), ("t", "b"), ("t", "c"), ("t", "d")]
        assert await keys_of(store, after(Equals("mail", "m2"), "m2", "t", "bb")) == [("t", "c")]
        assert await keys_of(store, after(Equals("mail", "m2"), "m1", "z")) == [("t", "b"), ("t", "c")]
        assert await keys_of(store, after(Equals("mail", "m2"), "m3", "a")) == []
        assert await keys_of(store, after(StartsWith("mail", "m"), "m2", "t", "cc")) == [("t", "d")]
        assert (await keys_of(store, after(StartsWith("mail", "m"), "a", "z")))[:1] == [("t", "a")]

    async def test_pages_stay_put_while_entries_come_and_go(self, store: Store) -> None:
        for number in range(0, 40, 2):
            await store.insert(PEOPLE, person("t", f"{number:03}", index={"mail": f"{number:03}"}))

        for where in (None, StartsWith("mail", "")):
            seen: list[str] = []
            position: Position | None = None
            while True:
                page = await store.find(PEOPLE, Query(("t",), where, limit=3, after=position))
                seen += [entry.key[1] for entry in page.entries]
                if (position := page.next) is None:
                    break
                # One comes before what was seen, one goes that was seen last.
                early = f"{len(seen):03}" + ("k" if where is None else "i")
                await store.insert(PEOPLE, person("t", "0" + early, index={"mail": "0" + early}))
                await store.delete(PEOPLE, position.key)
                await store.insert(PEOPLE, person("t", position.key[1], index={"mail": position.key[1]}))

            evens = [name for name in seen if len(name) == 3]
            assert [f"{number:03}" for number in range(0, 40, 2)] == evens
            assert sorted(set(seen)) == seen

    async def test_collections_do_not_see_each_other(self, store: Store) -> None:
        await store.insert(PEOPLE, person("t", "a"))
        await store.insert(COUNTS, person("t", "b"))

        assert [entry.key for entry in await all_of(store, COUNTS, Query())] == [("t", "b")]

    # --- many at once ------------------------------------------------------------------------------------------------

    async def test_one_of_many_inserts_wins(self, store: Store) -> None:
        ends = await outcomes(*(store.insert(PEOPLE, person("t", "k", value={"n": n})) for n in range(200)))

        winners = [end for end in ends if isinstance(end, Entry)]
        assert (len(winners), sum(isinstance(end, KeyTaken) for end in ends)) == (1, 199)
        assert await store.get(PEOPLE, ("t", "k")) == winners[0]

    async def test_one_of_many_inserts_over_an_expired_entry_wins(self, store: Store, clock: FakeClock) -> None:
        await store.insert(PEOPLE, person("t", "k", expires=clock.now() - 1))

        ends = await outcomes(*(store.insert(PEOPLE, person("t", "k", value={"n": n})) for n in range(50)))

        winners = [end for end in ends if isinstance(end, Entry)]
        assert (len(winners), sum(isinstance(end, KeyTaken) for end in ends)) == (1, 49)
        assert await store.get(PEOPLE, ("t", "k")) == winners[0]

    async def test_one_of_many_takes_wins(self, store: Store) -> None:
        entry = await store.insert(PEOPLE, person("t", "k"))

        ends = await outcomes(*(store.take(PEOPLE, entry.key) for _ in range(100)))

        assert [entry] == [end for end in ends if end is not None]

    async def test_one_of_many_deletes_wins(self, store: Store) -> None:
        await store.insert(PEOPLE, person("t", "k"))

        ends = await outcomes(*(store.delete(PEOPLE, ("t", "k")) for _ in range(100)))

        assert (ends.count(True), ends.count(False)) == (1, 99)

    async def test_one_of_many_replaces_of_a_version_wins(self, store: Store) -> None:
        old = await store.insert(PEOPLE, person("t", "k"))

        ends = await outcomes(*(store.replace(PEOPLE, Entry(old.key, {"n": n}, old.version)) for n in range(100)))

        winners = [end for end in ends if isinstance(end, Entry)]
        assert (len(winners), sum(isinstance(end, VersionConflict) for end in ends)) == (1, 99)
        assert await store.get(PEOPLE, old.key) == winners[0]

    async def test_many_counts_at_once_are_all_counted(self, store: Store) -> None:
        numbers = await outcomes(*(store.increment(COUNTS, ("t", "c"), "n") for _ in range(100)))

        assert list(range(1, 101)) == sorted(numbers)

    async def test_many_counts_at_once_stop_at_the_most(self, store: Store) -> None:
        numbers = await outcomes(*(store.increment(COUNTS, ("t", "c"), "n", at_most=7) for _ in range(100)))

        assert list(range(1, 8)) == sorted(number for number in numbers if number is not None)
        assert numbers.count(None) == 93

    async def test_many_counts_over_an_expired_entry_are_all_counted(self, store: Store, clock: FakeClock) -> None:
        await store.insert(COUNTS, Entry(("t", "c"), {"n": 40}, expires=clock.now() - 1))

        numbers = await outcomes(*(store.increment(COUNTS, ("t", "c"), "n", at_most=30) for _ in range(50)))

        assert list(range(1, 31)) == sorted(number for number in numbers if number is not None)

    async def test_a_change_and_a_take_do_not_both_win(self, store: Store) -> None:
        for number in range(20):
            entry = await store.insert(PEOPLE, person("t", str(number)))

            replaced, taken = await outcomes(store.replace(PEOPLE, entry), store.take(PEOPLE, entry.key))

            assert taken == (entry if isinstance(replaced, VersionConflict) else replaced)
            assert await store.get(PEOPLE, entry.key) is None

    # --- hostile text ------------------------------------------------------------------------------------------------

    async def test_every_text_is_a_key_of_its_own(self, store: Store) -> None:
        for text in HOSTILE:
            await store.insert(PEOPLE, person("t", text, value={"is": text}))

        for text in HOSTILE:
            entry = await store.get(PEOPLE, ("t", text))
            assert entry is not None
            assert (("t", text), {"is": text}) == (entry.key, entry.value)
            assert await store.take(PEOPLE, ("t", text)) == entry
            assert await store.get(PEOPLE, ("t", text)) is None

    async def test_parts_of_a_key_cannot_be_confused(self, store: Store) -> None:
        keys: Sequence[Key] = (
            ("t", "a", "b"),
            ("t", "a", "", "b"),
            ("t", "a", "b", ""),
            ("t", "", "a", "b"),
            ("t", "a\x00b"),
            ("t", "a\x01b"),
            ("t", "a\x01", "b"),
            ("t", "a", "\x01b"),
            ("t", "a\x02", "b"),
            ("t", "a\x02\x04b"),
            ("t\x01a", "b"),
        )
        for key in keys:
            await store.insert(PEOPLE, person(*key, value={"key": list(key)}))

        for key in keys:
            entry = await store.get(PEOPLE, key)
            assert entry is not None
            assert {"key": list(key)} == entry.value

    async def test_every_text_is_a_name_and_a_value_like_any_other(self, store: Store) -> None:
        value = {text: {text: [text, {text: text}]} for text in HOSTILE}

        entry = await store.insert(PEOPLE, person("t", "k", value=value))
        await store.replace(PEOPLE, entry)

        found = await store.get(PEOPLE, ("t", "k"))
        assert found is not None
        assert value == found.value

    async def test_every_text_names_a_number(self, store: Store) -> None:
        for text in HOSTILE:
            assert await store.increment(COUNTS, ("t", "c"), text, at_most=1) == 1
            assert await store.increment(COUNTS, ("t", "c"), text, at_most=1) is None
            await store.increment(COUNTS, ("t", "d"), "n", put={text: {text: text}})

        counted = await store.get(COUNTS, ("t", "c"))
        put = await store.get(COUNTS, ("t", "d"))
        assert counted is not None
        assert put is not None
        assert dict.fromkeys(HOSTILE, 1) == counted.value
        assert {"n": len(HOSTILE)} | {text: {text: text} for text in HOSTILE} == put.value

    async def test_operators_are_data(self, store: Store) -> None:
        hostile = {"$ne": None, "$where": "1", "$set": {"a.b": 1}, "$unset": {"": 1}, "a.$[].b": 1}
        await store.insert(PEOPLE, person("t", "a", value=hostile, index={"mail": '{"$ne": null}'}))
        await store.insert(PEOPLE, person("t", "b", index={"mail": "m"}))
        await store.increment(PEOPLE, ("t", "b"), "n", put=hostile)

        first, second = await all_of(store, PEOPLE, Query(("t",)))

        assert hostile == first.value
        assert {"name": "Ann", "n": 1} | hostile == second.value
        assert await keys_of(store, Query(("t",), Equals("mail", '{"$ne": null}'))) == [("t", "a")]

    async def test_long_text_is_kept_whole(self, store: Store) -> None:
        long = "ä" * 100_000
        entry = await store.insert(PEOPLE, person("t", long, value={long: long}, index={"mail": long}))
        await store.insert(PEOPLE, person("t", long + "x"))

        assert await store.get(PEOPLE, ("t", long)) == entry
        assert [entry.key] == await keys_of(store, Query(("t",), Equals("mail", long)))
        assert [entry.key] == await keys_of(store, Query(("t", long)))

    @pytest.mark.parametrize("value", [{"x": "\ud800"}, {"\udfff": 1}, {"x": object()}, {"x": 1j}])
    async def test_what_json_cannot_say_is_refused(self, store: Store, value: dict[str, Any]) -> None:
        with pytest.raises(InvalidParameter):
            await store.insert(PEOPLE, person("t", "k", value=value))
        with pytest.raises(InvalidParameter):
            await store.increment(COUNTS, ("t", "k"), "n", put=value)

        assert await store.get(PEOPLE, ("t", "k")) is None
        assert await store.get(COUNTS, ("t", "k")) is None

    @pytest.mark.parametrize("key", [(), ("t", "\ud800"), ("\udc00\ud800",)])
    async def test_what_is_no_key_is_refused(self, store: Store, key: Key) -> None:
        with pytest.raises(InvalidParameter):
            await store.insert(PEOPLE, person(*key))
        with pytest.raises(InvalidParameter):
            await store.get(PEOPLE, key)
        with pytest.raises(InvalidParameter):
            await store.take(PEOPLE, key)
        with pytest.raises(InvalidParameter):
            await store.increment(PEOPLE, key, "n")

    async def test_an_index_that_was_not_declared_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidParameter):
            await store.insert(PEOPLE, person("t", "k", index={"shoe": "44"}))
        with pytest.raises(InvalidParameter):
            await store.find(PEOPLE, Query(("t",), Equals("shoe", "44")))
        assert await store.get(PEOPLE, ("t", "k")) is None

    # --- anything at all ---------------------------------------------------------------------------------------------

    @_settings
    @given(
        value=_value, index=st.dictionaries(st.sampled_from(PEOPLE.indexes), _text), parts=st.lists(_text, max_size=3)
    )
    async def test_what_comes_out_is_what_went_in(
        self, store: Store, value: dict[str, Any], index: dict[str, str], parts: list[str]
    ) -> None:
        entry = Entry((uuid.uuid4().hex, *parts), value, index=index)

        written = await store.insert(PEOPLE, entry)

        found = await store.get(PEOPLE, entry.key)
        assert same_but_version(entry) == same_but_version(found)
        assert written == found
        assert [found] == await all_of(store, PEOPLE, Query(entry.key))

    @_settings
    @given(data=st.data())
    async def test_any_sequence_of_verbs_ends_as_in_the_reference(
        self, store: Store, clock: FakeClock, data: st.DataObject
    ) -> None:
        reference = MemoryStore(COLLECTIONS, clock)
        tenant = uuid.uuid4().hex
        key = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=2).map(lambda parts: (tenant, *parts))
        keys = data.draw(st.lists(key, min_size=1, max_size=4), label="keys")

        async def both(verb: str, *arguments: Any, **options: Any) -> None:
            ends = [
                (await outcomes(getattr(each, verb)(PEOPLE, *arguments, **options)))[0] for each in (store, reference)
            ]
            told = [same_but_version(end) if isinstance(end, Entry) else end for end in ends]
            if isinstance(told[1], Exception):
                told = [type(end) for end in ends]
            assert told[1] == told[0]

        for _ in range(data.draw(st.integers(1, 12), label="steps")):
            verb = data.draw(
                st.sampled_from(["insert", "replace", "take", "delete", "increment", "later", "find"]), label="verb"
            )
            key_ = data.draw(st.sampled_from(keys), label="key")
            expires = data.draw(st.sampled_from([None, 1.0, 5.0]), label="expires")
            end = None if expires is None else clock.now() + expires
            match verb:
                case "insert":
                    index = data.draw(st.dictionaries(st.sampled_from(PEOPLE.indexes), _text), label="index")
                    await both("insert", Entry(key_, {"n": 1}, expires=end, index=index))
                case "replace":
                    replaced = []
                    for each in (store, reference):
                        old = await each.get(PEOPLE, key_)
                        entry = Entry(key_, {"n": 2}, old.version if old else 1, expires=end)
                        replaced.append(isinstance((await outcomes(each.replace(PEOPLE, entry)))[0], Entry))
                    assert replaced[1] == replaced[0]
                case "take" | "delete":
                    await both(verb, key_)
                case "increment":
                    at_most = data.draw(st.sampled_from([None, 0, 2, 3]), label="at most")
                    await both("increment", key_, "n", at_most=at_most, put={"p": "x"}, expires=end)
                case "later":
                    clock.advance(2.0)
                case "find":
                    where = data.draw(
                        st.one_of(
                            st.none(),
                            st.builds(Equals, st.sampled_from(PEOPLE.indexes), _text),
                            st.builds(StartsWith, st.sampled_from(PEOPLE.indexes), st.sampled_from(["", "a", "\x02"])),
                        ),
                        label="where",
                    )
                    pages = [
                        [
                            same_but_version(entry)
                            for entry in await all_of(each, PEOPLE, Query(key_[:1], where, limit=2))
                        ]
                        for each in (store, reference)
                    ]
                    assert pages[1] == pages[0]
            for every in keys:
                await both("get", every)
