"""A clock that is set back makes no lock, no limit and no cached record last longer than its own longest length."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.protection.limits import Buckets
from poolhouse.flows.protection.lockout import FREE_FAILURES
from poolhouse.records.clients import Client
from poolhouse.store.repositories.cache import Cache
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, House

DAY = 86400.0


async def test_a_lock_does_not_last_for_the_day_that_the_clock_was_set_back(house: House, client: Client) -> None:
    await house.user(client)
    house.clock.advance(DAY)
    for _ in range(FREE_FAILURES):
        with pytest.raises(errors.WrongCredentials):
            await house.begin(client, "jane", "Wr0ng-Horse!")
    with pytest.raises(errors.AttemptsExceeded):
        await house.begin(client, "jane", PASSWORD)
    house.clock.advance(-DAY)

    await house.begin(client, "jane", PASSWORD)


def test_a_cached_record_is_read_again_where_the_clock_was_set_back() -> None:
    clock = FakeClock()
    cache = Cache[str](clock, size=10, seconds=2.0)
    cache.put("client", "as it was")
    at_once = cache.get("client")
    clock.advance(-DAY)

    assert ("as it was", None) == (at_once, cache.get("client"))


def test_a_limit_fills_again_where_the_clock_was_set_back() -> None:
    clock = FakeClock()
    buckets = Buckets(clock, 10)
    buckets.put(("sign_in", "source", "192.0.2.1"), 0.0)
    clock.advance(-DAY)
    empty = buckets.left(("sign_in", "source", "192.0.2.1"), 60, 60.0)
    clock.advance(30)

    assert (0.0, 30.0) == (empty, round(buckets.left(("sign_in", "source", "192.0.2.1"), 60, 60.0), 3))
