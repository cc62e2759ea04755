"""How often a call waits for the store: what does not depend on each other is asked together."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse.errors import NotAuthorized, Refused, UserDisabled, UserNotFound, WrongCredentials
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.hooks.events.sign_in import PostAuthentication, PreAuthentication
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client, Rotation
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.counting import CountingStore
from tests.support.factors import with_app, with_factors
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


async def test_a_refresh_that_rotates_takes_four_rounds(house: House, counting: CountingStore, client: Client) -> None:
    rotating = await house.client(
        await house.built.ports.pools.get(client.pool_id),
        rotation=Rotation(enabled=True, grace=10),
        flows=("ALLOW_USER_PASSWORD_AUTH",),
    )
    tokens = await house.sign_in(rotating)
    counting.rounds.clear()
    await house.refresh(rotating, tokens.refresh)

    assert [["get grants"], USER, ["find memberships"], ["replace grants"]] == rounds(counting)


async def test_a_sign_in_with_an_authenticator_app_takes_four_rounds_and_four(
    house: House, counting: CountingStore, client: Client
) -> None:
    """The code is used up beside what is looked at after it, and wrong ones are forgotten only then."""
    await with_factors(house, await house.built.ports.pools.get(client.pool_id))
    app = await with_app(house, client)
    counting.rounds.clear()
    asking = await house.begin(client)
    first = rounds(counting)
    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)

    assert [CLAIM, USER_AND_COUNT, AGAIN, ["insert attempts"]] == first
    spent = ["find memberships", "get pools", "get users", "increment counters"]
    granted = ["delete counters", "insert audit", "insert grants"]
    assert [["take attempts"], USER_AND_COUNT, spent, granted] == rounds(counting)


async def test_a_sign_in_by_an_alias_takes_no_round_more(house: House, counting: CountingStore) -> None:
    pool = await house.pool(foundation=PoolFoundation(alias_attributes=("email", "preferred_username")))
    client = await house.client(pool)
    await house.user(client)
    counting.rounds.clear()
    await house.sign_in(client, "jane@example.com")

    assert [["get names", "get names"], USER_AND_COUNT, AGAIN, GRANT] == rounds(counting)


async def test_a_sign_in_by_an_id_takes_no_round_more(house: House, counting: CountingStore, client: Client) -> None:
    user = await house.user(client, "joe")
    counting.rounds.clear()
    await house.sign_in(client, user.sub)

    assert [["get names", "get users"], COUNT, AGAIN, GRANT] == rounds(counting)


async def test_a_guess_is_counted_ahead_for_a_client_that_has_proven_itself_and_for_no_other(
    house: House, counting: CountingStore, client: Client
) -> None:
    """Else anybody could lock anybody out."""
    pool = await house.built.ports.pools.get(client.pool_id)
    secretive = await house.client(pool, generates_secret=True)
    right = house.services.on_pages.secret_hash(secretive, "jane")
    counting.rounds.clear()
    await house.begin(secretive, SECRET_HASH=right or "")
    proven = rounds(counting)
    with pytest.raises(NotAuthorized):
        await house.begin(secretive, SECRET_HASH="wrong")

    assert [CLAIM, USER_AND_COUNT, AGAIN, GRANT] == proven
    assert [CLAIM, USER] == rounds(counting)[:2]


async def test_nothing_is_counted_ahead_of_a_plugin_that_is_asked_before() -> None:
    class Doorman:
        @hookimpl
        async def pre_authentication(self, event: PreAuthentication) -> None:
            raise Refused("Not today.")

    counting = CountingStore(MemoryStore(collections.ALL, FakeClock()))
    async with opened_house(counting, plugins=[("doorman", Doorman())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        counting.rounds.clear()
        with pytest.raises(Refused):
            await house.sign_in(client)

    assert [CLAIM, USER] == [sorted(calls) for calls in counting.rounds[:2]]


async def test_what_was_counted_ahead_of_a_refusal_is_counted_no_longer(
    house: House, counting: CountingStore, client: Client
) -> None:
    await house.services.users.disable(await house.built.ports.pools.get(client.pool_id), "jane")
    counting.rounds.clear()
    for _ in range(10):
        with pytest.raises(UserDisabled):
            await house.sign_in(client)
    first = rounds(counting)
    await house.services.users.enable(await house.built.ports.pools.get(client.pool_id), "jane")

    assert [CLAIM, USER_AND_COUNT] == first[:2]
    assert (await house.sign_in(client)).access
