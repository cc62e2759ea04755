"""How often a call waits for the store: what does not depend on each other is asked together."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse.errors import UserNotFound, WrongCredentials
from poolhouse.hooks.events.sign_in import PostAuthentication
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.counting import CountingStore
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import SignedIn
from tests.support.srp_client import SrpClient


@pytest.fixture
def counting() -> CountingStore:
    return CountingStore(MemoryStore(collections.ALL, FakeClock()))


@pytest.fixture
async def house(counting: CountingStore) -> AsyncIterator[House]:
    async with opened_house(counting) as house:
        yield house


@pytest.fixture
async def client(house: House, counting: CountingStore) -> Client:
    """Pool, client and keys are known to the process, as they are after the first request."""
    client = await house.client(await house.pool())
    await house.user(client)
    await house.bearer(await house.sign_in(client))
    counting.rounds.clear()
    return client


CLAIM = ["get names"]
USER_AND_COUNT = ["get users", "increment counters"]
USER, COUNT = USER_AND_COUNT[:1], USER_AND_COUNT[1:]
AGAIN = ["delete counters", "find memberships", "get pools", "get users"]
"""What was counted is forgotten, and what takes time to prove is looked at once more."""
GRANT = ["insert audit", "insert grants"]


def rounds(counting: CountingStore) -> list[list[str]]:
    """Those since the last time."""
    seen = [sorted(calls) for calls in counting.rounds]
    counting.rounds.clear()
    return seen


async def test_a_sign_in_by_password_takes_four_rounds(house: House, counting: CountingStore, client: Client) -> None:
    """The claim says who it is, and for whom a guess is counted, and the count comes before the check; what is looked
    at after it comes before what is granted."""
    await house.sign_in(client)

    assert [CLAIM, USER_AND_COUNT, AGAIN, GRANT] == rounds(counting)


async def test_a_sign_in_of_nobody_takes_as_many_rounds_up_to_the_check(
    house: House, counting: CountingStore, client: Client
) -> None:
    with pytest.raises(UserNotFound):
        await house.sign_in(client, "nobody")

    assert [CLAIM, USER_AND_COUNT] == rounds(counting)[:2]


async def test_who_failed_before_is_looked_at_before_the_count(
    house: House, counting: CountingStore, client: Client
) -> None:
    with pytest.raises(WrongCredentials):
        await house.sign_in(client, password="Wr0ng-Horse!")
    counting.rounds.clear()

    await house.sign_in(client)

    assert [CLAIM, USER_AND_COUNT, ["get counters"], COUNT, AGAIN, GRANT] == rounds(counting)


async def test_a_sign_in_by_srp_takes_three_rounds_and_four(
    house: House, counting: CountingStore, client: Client
) -> None:
    srp = SrpClient(house, client)
    asking = await srp.begin("jane")
    first = rounds(counting)
    assert isinstance(await srp.answer(asking, PASSWORD), SignedIn)

    assert [CLAIM, USER, ["insert attempts"]] == first
    assert [["take attempts"], USER_AND_COUNT, AGAIN, GRANT] == rounds(counting)


async def test_what_a_plugin_may_change_is_looked_at_after_it(counting: CountingStore) -> None:
    class Welcome:
        @hookimpl
        async def post_authentication(self, event: PostAuthentication) -> None:
            """Could put the user into a group."""

    async with opened_house(counting, plugins=[("welcome", Welcome())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        counting.rounds.clear()
        await house.sign_in(client)

    looked = [["delete counters", "get users"], ["find memberships", "get pools"], GRANT]
    assert looked == [sorted(calls) for calls in counting.rounds[2:5]]


async def test_a_refresh_takes_three_rounds_and_a_token_two(
    house: House, counting: CountingStore, client: Client
) -> None:
    tokens = await house.sign_in(client)
    counting.rounds.clear()
    refreshed = await house.refresh(client, tokens.refresh)
    first = rounds(counting)
    await house.bearer(refreshed)

    assert [["get grants"], USER, ["find memberships"]] == first
    assert [USER, ["get grants"]] == rounds(counting)
