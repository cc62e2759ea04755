"""Finding: prefixes, indexes, order, pages."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.store.port import Equals, Key, Page, Position, Query, StartsWith, Store
from poolhouse.testing.store_suite.base import COUNTS, HOSTILE, PEOPLE, Shared, all_of, keys_of, person


class Finding(Shared):
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
