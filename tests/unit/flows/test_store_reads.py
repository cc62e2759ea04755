"""What the busiest flows ask of the store, document by document: nothing is read twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from poolhouse.errors import AttemptsExceeded, UsernameTaken, WrongCredentials
from poolhouse.flows.protection.lockout import FREE_FAILURES
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.house import House, opened_house


class Watched:
    """A store that counts its verbs by collection."""

    def __init__(self, inner: Any, seen: Counter[str]) -> None:
        self._inner = inner
        self._seen = seen

    def __getattr__(self, verb: str) -> Any:
        called = getattr(self._inner, verb)

        def passed_on(*arguments: Any, **named: Any) -> Any:
            if arguments and isinstance(arguments[0], Collection):
                self._seen[f"{verb} {arguments[0].name}"] += 1
            return called(*arguments, **named)

        return passed_on


@asynccontextmanager
async def watched_house() -> AsyncIterator[tuple[House, Counter[str]]]:
    seen: Counter[str] = Counter()
    clock = FakeClock()
    store: Any = Watched(MemoryStore(collections.ALL, clock), seen)
    async with opened_house(store, clock) as house:
        yield house, seen


async def test_a_sign_in_with_a_password_does_not_read_a_count_that_is_not_there() -> None:
    async with watched_house() as (house, seen):
        client = await house.client(await house.pool())
        await house.user(client)
        seen.clear()

        await house.sign_in(client)

        assert (0, 1) == (seen["get counters"], seen["increment counters"])


async def test_a_sign_up_reads_each_name_once() -> None:
    async with watched_house() as (house, seen):
        client = await house.client(await house.pool())
        seen.clear()

        await house.sign_up(client)

        assert 1 == seen["get names"] == seen["insert names"]


async def test_a_name_that_is_taken_is_still_refused() -> None:
    async with watched_house() as (house, _):
        client = await house.client(await house.pool())
        await house.sign_up(client)

        with pytest.raises(UsernameTaken):
            await house.sign_up(client, "JANE".lower())


async def test_guesses_at_the_same_moment_share_the_free_failures() -> None:
    async with watched_house() as (house, _):
        client = await house.client(await house.pool())
        await house.user(client)

        ended = await asyncio.gather(
            *(house.begin(client, password="Wr0ng-Horse!") for _ in range(20)), return_exceptions=True
        )

        checked = sum(type(end) is WrongCredentials for end in ended)
        assert FREE_FAILURES == checked
        assert 20 - checked == sum(type(end) is AttemptsExceeded for end in ended)
