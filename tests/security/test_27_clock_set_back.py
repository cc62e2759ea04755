"""A clock that is set back makes no lock, no limit and no cached record last longer than its own longest length."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.crypto.vault import Vault
from poolhouse.flows.access.uses import KeyUses
from poolhouse.flows.accounts.profile import PASSWORD_CHANGES_AN_HOUR
from poolhouse.flows.protection.limits import Buckets
from poolhouse.flows.protection.lockout import FREE_FAILURES
from poolhouse.records.clients import Client
from poolhouse.server.world import SystemChance
from poolhouse.store.repositories.access import AccessKeyRepository
from poolhouse.store.repositories.cache import Cache
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, House, opened_house

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


async def test_codes_are_sent_again_where_the_clock_was_set_back(house: House, client: Client) -> None:
    """Counts of an hour, of the user and of the contact."""
    await house.user(client)
    house.clock.advance(DAY)
    await all_codes(house, client)
    house.clock.advance(-DAY)

    await forgot(house, client)


async def test_a_right_code_is_taken_where_the_clock_was_set_back(house: House, client: Client) -> None:
    """Guesses at a contact are counted for an hour, and at one code."""
    await house.user(client)
    house.clock.advance(DAY)
    for _ in range(5):
        await forgot(house, client)
        for _ in range(8):
            with pytest.raises(errors.CodeMismatch):
                await set_new(house, client, "000000")
    with pytest.raises(errors.LimitExceeded):
        await set_new(house, client, house.last_code())
    house.clock.advance(-DAY)

    await set_new(house, client, house.last_code())


async def test_a_password_is_changed_where_the_clock_was_set_back(house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)
    house.clock.advance(600)
    change = house.services.profile.change_password
    for _ in range(PASSWORD_CHANGES_AN_HOUR):
        await change(tokens.access, PASSWORD, PASSWORD)
    with pytest.raises(errors.LimitExceeded):
        await change(tokens.access, PASSWORD, PASSWORD)
    house.clock.advance(-600)

    await change(tokens.access, PASSWORD, PASSWORD)


async def test_a_count_of_a_clock_that_is_a_little_ahead_counts(house: House, client: Client) -> None:
    """Who asks two servers in turn, of which one is ahead, has no more than who asks one."""
    await house.user(client)
    house.clock.advance(30)
    await all_codes(house, client)
    house.clock.advance(-30)

    with pytest.raises(errors.LimitExceeded):
        await forgot(house, client)


async def test_what_was_read_of_keys_that_were_used_is_written_where_the_clock_was_set_back() -> None:
    async with opened_house() as house:
        made = await house.built.access_keys.create("reader", [], days=None)
        keys = AccessKeyRepository(house.built.store, Cursors(Vault([bytes(32)], SystemChance()), house.clock))
        uses = KeyUses(keys, house.clock.now)
        house.clock.advance(DAY)
        uses.note(made.id)
        await uses.write()
        house.clock.advance(-DAY)
        uses.note(made.id)
        await uses.write()
        key = await keys.get(made.id)

        assert key is not None
        assert house.clock.now() == key.used


async def all_codes(house: House, client: Client) -> None:
    for _ in range(10):
        await forgot(house, client)
    with pytest.raises(errors.LimitExceeded):
        await forgot(house, client)


async def forgot(house: House, client: Client) -> None:
    await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)


async def set_new(house: House, client: Client, code: str) -> None:
    await house.services.recovery.confirm(client, "jane", code, "An0ther-Horse!", metadata={}, secret_hash=None)
