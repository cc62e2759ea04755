"""Two ways to the same thing count alike, and what counted while a plugin was asked stays counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from poolhouse import errors
from poolhouse.config.settings import Limits
from poolhouse.errors import Refused
from poolhouse.hooks.events.protection import OverLimit
from poolhouse.hooks.kinds import hookimpl
from poolhouse.ports.origin import Origin, begin
from poolhouse.records.clients import Client
from poolhouse.server.cognito.user_pools import challenges
from tests.support.factors import TOTP, asked, with_factors
from tests.support.house import House, opened_house

MALLORY, ADMINISTRATOR = Origin(source="198.51.100.9"), Origin(source="198.51.100.9", actor="key:AKIA")
LOW = Limits(
    source_sign_ins=10,
    source_codes=10,
    client_sign_ins=15,
    client_codes=15,
    pool_sign_ins=20,
    pool_codes=20,
)


@pytest.fixture(autouse=True)
def nobody() -> None:
    begin(Origin())


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house(limits=LOW) as opened:
        yield opened


async def begun(house: House, client: Client, flow: str, times: int) -> int:
    """How many of so many sign-ins, each of another name, were not refused for their number."""
    count = 0
    for n in range(times):
        try:
            await house.begin(client, f"nobody{n}", "Wr0ng-Horse!", flow=flow)
        except errors.TooManyRequests:
            continue
        except errors.PoolhouseError:
            pass
        count += 1
    return count


async def test_a_sign_in_by_an_administrator_counts_for_client_and_pool(house: House) -> None:
    pool = await house.pool()
    one, other = await house.client(pool), await house.client(pool)
    begin(ADMINISTRATOR)

    counts = [await begun(house, client, "ADMIN_USER_PASSWORD_AUTH", 18) for client in (one, other)]

    assert [15, 5] == counts


async def test_a_sign_in_by_an_administrator_and_one_by_the_user_count_together(house: House) -> None:
    client = await house.client(await house.pool())
    begin(ADMINISTRATOR)
    assert 9 == await begun(house, client, "ADMIN_USER_PASSWORD_AUTH", 9)
    begin(MALLORY)

    assert 6 == await begun(house, client, "USER_PASSWORD_AUTH", 9)


async def test_to_begin_a_set_up_counts_as_to_confirm_one() -> None:
    async with opened_house(limits=Limits(source_answers=3)) as house:
        pool = await with_factors(house, await house.pool())
        client = await house.client(pool)
        await house.user(client)
        tokens = await house.sign_in(client)
        begin(MALLORY)

        for _ in range(3):
            await house.services.enrolments.begin(tokens.access, TOTP)
        with pytest.raises(errors.TooManyRequests):
            await house.services.enrolments.begin(tokens.access, TOTP)


async def test_to_begin_a_set_up_in_a_sign_in_counts_too_and_loses_no_session() -> None:
    async with opened_house(limits=Limits(source_answers=3)) as house:
        pool = await with_factors(house, await house.pool(), "ON")
        client = await house.client(pool)
        await house.user(client)
        begin(MALLORY)
        handle, pool_id = challenges.session(asked(await house.begin(client)).handle)

        for _ in range(3):
            handle = (await house.services.factor_set_ups.begin(pool_id, handle, TOTP)).handle
        with pytest.raises(errors.TooManyRequests):
            await house.services.factor_set_ups.begin(pool_id, handle, TOTP)

        house.clock.advance(60)
        assert await house.services.factor_set_ups.begin(pool_id, handle, TOTP)


async def test_a_back_end_that_signs_many_people_in_is_not_refused_for_its_address() -> None:
    async with opened_house(limits=Limits(source_sign_ins=10)) as house:
        client = await house.client(await house.pool())
        begin(ADMINISTRATOR)

        assert 30 == await begun(house, client, "ADMIN_USER_PASSWORD_AUTH", 30)


async def test_a_new_contact_counts_as_the_request_for_a_code_that_it_is(house: House) -> None:
    client = await house.client(await house.pool(), hides_users=True)
    await house.user(client)
    tokens = await house.sign_in(client)
    begin(MALLORY)
    profile = house.services.profile
    for n in range(2):
        await profile.update(tokens.access, {"email": f"jane{n}@example.com"}, {})
        await profile.send_code(tokens.access, "email", {})
        for name in (f"nobody{n}", f"somebody{n}", f"anybody{n}"):
            await house.services.recovery.start(client, name, metadata={}, secret_hash=None)

    with pytest.raises(errors.TooManyRequests):
        await profile.update(tokens.access, {"email": "other@example.com"}, {})
    with pytest.raises(errors.TooManyRequests):
        await profile.send_code(tokens.access, "email", {})


async def test_a_new_contact_that_was_refused_for_its_number_changed_nothing(house: House) -> None:
    client = await house.client(await house.pool(), hides_users=True)
    await house.user(client)
    tokens = await house.sign_in(client)
    begin(MALLORY)
    for n in range(10):
        await house.services.recovery.start(client, f"nobody{n}", metadata={}, secret_hash=None)
    sent = len(house.messages)

    with pytest.raises(errors.TooManyRequests):
        await house.services.profile.update(tokens.access, {"email": "other@example.com"}, {})

    _, attributes = await house.services.profile.show(tokens.access)
    assert ("jane@example.com", sent) == (attributes["email"], len(house.messages))


async def test_each_of_two_new_contacts_counts() -> None:
    async with opened_house(limits=Limits(source_codes=3)) as house:
        client = await house.client(await house.pool(auto_verified=("email", "phone_number")))
        await house.user(client)
        tokens = await house.sign_in(client)
        begin(MALLORY)
        both = {"email": "other@example.com", "phone_number": "+4520000001"}
        await house.services.profile.update(tokens.access, both, {})

        with pytest.raises(errors.TooManyRequests):
            await house.services.profile.update(
                tokens.access, {"email": "third@example.com", "phone_number": "+4520000002"}, {}
            )


async def test_an_attribute_that_asks_for_no_code_counts_as_none(house: House) -> None:
    client = await house.client(await house.pool())
    await house.user(client)
    tokens = await house.sign_in(client)
    begin(MALLORY)
    for n in range(30):
        await house.services.profile.update(tokens.access, {"name": f"Jane {n}"}, {})

    await house.services.profile.send_code(tokens.access, "email", {})


class Slow:
    """Is asked about the client that it watches, takes its time, and says what it is told to say."""

    def __init__(self, *, lets_in: bool) -> None:
        self._lets_in = lets_in
        self.watched = ""
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()

    @hookimpl
    async def over_limit(self, event: OverLimit) -> bool | None:
        if event.client_id != self.watched:
            return None
        self.asked.set()
        await self.answer.wait()
        if self._lets_in:
            return True
        raise Refused("not today")


@pytest.mark.parametrize(("lets_in", "left"), [(True, 4), (False, 5)])
async def test_what_counted_while_a_plugin_was_asked_stays_counted(lets_in: bool, left: int) -> None:
    slow = Slow(lets_in=lets_in)
    limits = Limits(source_sign_ins=10, client_sign_ins=2)
    async with opened_house(limits=limits, plugins=[("slow", slow)]) as house:
        pool = await house.pool()
        watched, *others = [await house.client(pool) for _ in range(8)]
        slow.watched = watched.id
        begin(MALLORY)
        await begun(house, watched, "USER_PASSWORD_AUTH", 2)
        third = asyncio.create_task(begun(house, watched, "USER_PASSWORD_AUTH", 1))
        await slow.asked.wait()
        while_asked = await begun(house, others[0], "USER_PASSWORD_AUTH", 2)
        while_asked += await begun(house, others[1], "USER_PASSWORD_AUTH", 1)
        slow.answer.set()
        await third

        afterwards = [await begun(house, client, "USER_PASSWORD_AUTH", 2) for client in others[2:]]

    # Ten of one address, less the first two, the three, and the one that was let in.
    assert (3, left) == (while_asked, sum(afterwards))
