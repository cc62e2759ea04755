"""Row 27: only what was checked and was wrong counts as a failure. An outage in the middle locks nobody out."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.protection.lockout import FREE_FAILURES, Lockout
from poolhouse.ports.protection import Tally
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.protection import CounterRepository
from poolhouse.testing.clock import FakeClock

CLOCK = FakeClock()
POOL, JANE = "eu-west-1_AbCdEfGhI", "jane"


@pytest.mark.parametrize(
    "error",
    [errors.StoreAway(why="it does not answer"), errors.TooManyRequests(), MemoryError(), OSError()],
    ids=lambda error: type(error).__name__,
)
async def test_what_was_not_checked_does_not_count(error: Exception) -> None:
    counters = CounterRepository(MemoryStore(collections.ALL, CLOCK))
    lockout = Lockout(counters, CLOCK)
    for _ in range(FREE_FAILURES * 2):
        with pytest.raises(type(error)):
            async with lockout.attempt(POOL, JANE):
                raise error

    assert 0 == (await counters.read(POOL, "failures", JANE)).count


@pytest.mark.parametrize(
    "error",
    [errors.WrongCredentials(), errors.PluginFailed("verify", "a-plugin"), RuntimeError()],
    ids=lambda error: type(error).__name__,
)
async def test_what_may_have_been_checked_counts(error: Exception) -> None:
    counters = CounterRepository(MemoryStore(collections.ALL, CLOCK))
    lockout = Lockout(counters, CLOCK)
    with pytest.raises(type(error)):
        async with lockout.attempt(POOL, JANE):
            raise error

    assert 1 == (await counters.read(POOL, "failures", JANE)).count


class LosesAnswers(CounterRepository):
    """The store counts, and its answer does not come back."""

    loses = True

    async def raise_to(
        self, pool_id: str, what: str, subject: str, *, at_most: int, expires: float, until: float = 0.0, since: int = 0
    ) -> bool:
        counted = await super().raise_to(
            pool_id, what, subject, at_most=at_most, expires=expires, until=until, since=since
        )
        if self.loses:
            raise errors.StoreAway(why="it does not answer")
        return counted


async def test_a_count_whose_answer_was_lost_is_taken_back() -> None:
    counters = LosesAnswers(MemoryStore(collections.ALL, CLOCK))
    lockout = Lockout(counters, CLOCK)
    for _ in range(FREE_FAILURES * 2):
        with pytest.raises(errors.StoreAway):
            async with lockout.attempt(POOL, JANE):
                pass
    counters.loses = False
    async with lockout.attempt(POOL, JANE):
        pass

    assert Tally() == await counters.read(POOL, "failures", JANE)
