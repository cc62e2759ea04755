"""Hostile text is text like any other; and anything at all ends as in the reference."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poolhouse.errors import InvalidParameter
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Entry, Equals, Key, Query, StartsWith, Store, Stored
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.store_suite.base import (
    COLLECTIONS,
    COUNTS,
    HOSTILE,
    PEOPLE,
    Shared,
    all_of,
    keys_of,
    once_more,
    outcomes,
    person,
    same_but_version,
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


class Text(Shared):
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
        await store.replace(PEOPLE, once_more(entry))

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
        for name in PEOPLE.indexes:
            by_index = await all_of(store, PEOPLE, Query(entry.key, StartsWith(name, index.get(name, ""))))
            assert ([found] if name in index else []) == by_index

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
            told = [same_but_version(end) if isinstance(end, Stored) else end for end in ends]
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
                        replaced.append(isinstance((await outcomes(each.replace(PEOPLE, entry)))[0], Stored))
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
