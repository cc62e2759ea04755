"""A sign-up that dies at any write is finished by the same request once more, and by no other."""

from __future__ import annotations

import pytest

from poolhouse.errors import UsernameTaken
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.accounts.unfinished import REMEMBERED, SETTLED
from poolhouse.flows.protection.lockout import FREE_FAILURES
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.crashing import Crash, CrashingStore
from tests.support.house import PASSWORD, opened_house

USER_STANDS = 3
"""Writes: the claim of the name, the user and the census."""


async def test_the_same_request_once_more_finishes_what_the_first_began() -> None:
    finished = []
    crash_after = 0
    while True:
        clock = FakeClock()
        store = CrashingStore(MemoryStore(collections.ALL, clock))
        async with opened_house(store, clock) as house:
            client = await house.client(await house.pool())
            store.restart()
            store.crash_after(crash_after)
            try:
                await house.sign_up(client)
                break
            except Crash:
                store.restart()
            was_sent = bool(house.messages)
            clock.advance(SETTLED)
            if was_sent:
                with pytest.raises(UsernameTaken):
                    await house.sign_up(client)
            else:
                signed_up = await house.sign_up(client)
                assert signed_up.delivery is not None
                finished.append(crash_after)
            assert 1 == len(house.messages)
            await house.confirm(client)
            assert (await house.sign_in(client)).access
            crash_after += 1

    # After the claims, the user, the trail, the count and the code, at least.
    assert len(finished) >= 5


@pytest.mark.parametrize(
    ("password", "email", "later"),
    [
        ("0ther-Horse!", "jane@example.com", SETTLED),
        (PASSWORD, "john@example.com", SETTLED),
        (PASSWORD, "jane@example.com", SETTLED - 1),
        (PASSWORD, "jane@example.com", REMEMBERED + 1),
    ],
    ids=["another password", "another address", "at the same moment", "long after"],
)
async def test_another_request_is_told_that_the_name_is_taken(password: str, email: str, later: float) -> None:
    clock = FakeClock()
    store = CrashingStore(MemoryStore(collections.ALL, clock))
    async with opened_house(store, clock) as house:
        client = await house.client(await house.pool())
        store.restart()
        store.crash_after(USER_STANDS)
        with pytest.raises(Crash):
            await house.sign_up(client)
        store.restart()
        clock.advance(later)
        request = SignUpRequest(username="jane", password=password, attributes={"email": email})
        with pytest.raises(UsernameTaken):
            await house.services.sign_up.sign_up(client, request)

        assert [] == house.messages


async def test_guesses_at_the_password_count() -> None:
    clock = FakeClock()
    store = CrashingStore(MemoryStore(collections.ALL, clock))
    async with opened_house(store, clock) as house:
        client = await house.client(await house.pool())
        store.restart()
        store.crash_after(USER_STANDS)
        with pytest.raises(Crash):
            await house.sign_up(client)
        store.restart()
        clock.advance(SETTLED)
        attributes = {"email": "jane@example.com"}
        for number in range(FREE_FAILURES):
            guess = SignUpRequest(username="jane", password=f"Wr0ng-Horse-{number}!", attributes=attributes)
            with pytest.raises(UsernameTaken):
                await house.services.sign_up.sign_up(client, guess)
        # Now the right one is not looked at.
        with pytest.raises(UsernameTaken):
            await house.sign_up(client)
