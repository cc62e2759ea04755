"""Many calls at once: one wins, and all are counted."""

from __future__ import annotations

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.store.port import Entry, Store, Stored
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.store_suite.base import COUNTS, PEOPLE, Shared, once_more, outcomes, person


class Racing(Shared):
    async def test_one_of_many_inserts_wins(self, store: Store) -> None:
        ends = await outcomes(*(store.insert(PEOPLE, person("t", "k", value={"n": n})) for n in range(200)))

        winners = [end for end in ends if isinstance(end, Stored)]
        assert (len(winners), sum(isinstance(end, KeyTaken) for end in ends)) == (1, 199)
        assert await store.get(PEOPLE, ("t", "k")) == winners[0]

    async def test_one_of_many_inserts_over_an_expired_entry_wins(self, store: Store, clock: FakeClock) -> None:
        await store.insert(PEOPLE, person("t", "k", expires=clock.now() - 1))

        ends = await outcomes(*(store.insert(PEOPLE, person("t", "k", value={"n": n})) for n in range(50)))

        winners = [end for end in ends if isinstance(end, Stored)]
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

        winners = [end for end in ends if isinstance(end, Stored)]
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

            replaced, taken = await outcomes(store.replace(PEOPLE, once_more(entry)), store.take(PEOPLE, entry.key))

            assert taken == (entry if isinstance(replaced, VersionConflict) else replaced)
            assert await store.get(PEOPLE, entry.key) is None
