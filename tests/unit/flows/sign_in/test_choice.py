"""USER_AUTH: the client asks what it may offer, or says what it would like best."""

from __future__ import annotations

import asyncio

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House
from tests.support.sign_in import Answer, Asking, Opening, Reply, SignedIn, initiate, respond
from tests.support.srp_client import SrpClient

WRONG = "Wr0ng-Horse!"


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    client = await house.client(pool, flows=("ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"))
    await house.user(client)
    return client


async def begin(house: House, client: Client, username: str = "jane", **parameters: str) -> Reply:
    opening = Opening(flow="USER_AUTH", parameters={"USERNAME": username, **parameters})
    return await initiate(house.services, client, opening)


async def asked(house: House, client: Client, username: str = "jane", **parameters: str) -> Asking:
    asking = await begin(house, client, username, **parameters)
    assert isinstance(asking, Asking)
    return asking


async def test_without_a_preference_the_client_learns_what_it_may_offer(house: House, client: Client) -> None:
    asking = await asked(house, client)

    assert "SELECT_CHALLENGE" == asking.challenge
    assert ("PASSWORD", "PASSWORD_SRP") == asking.available


async def test_a_preference_that_is_not_available_is_no_error(house: House, client: Client) -> None:
    assert "SELECT_CHALLENGE" == (await asked(house, client, PREFERRED_CHALLENGE="WEB_AUTHN")).challenge


async def test_a_preferred_password_that_came_along_ends_the_sign_in(house: House, client: Client) -> None:
    assert isinstance(await begin(house, client, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD), SignedIn)


async def test_a_preferred_password_can_come_later(house: House, client: Client) -> None:
    asking = await asked(house, client, PREFERRED_CHALLENGE="PASSWORD")

    assert "PASSWORD" == asking.challenge
    assert isinstance(await house.answer(client, asking, PASSWORD=PASSWORD), SignedIn)


async def test_a_chosen_password_can_come_along_or_later(house: House, client: Client) -> None:
    at_once = await house.answer(client, await asked(house, client), ANSWER="PASSWORD", PASSWORD=PASSWORD)
    later = await house.answer(client, await asked(house, client), ANSWER="PASSWORD")

    assert isinstance(at_once, SignedIn)
    assert isinstance(await house.answer(client, later, PASSWORD=PASSWORD), SignedIn)


@pytest.mark.parametrize("steps", ["preferred", "preferred, then asked", "chosen", "chosen, then asked"])
async def test_the_password_can_be_proven_without_being_sent(house: House, client: Client, steps: str) -> None:
    srp = SrpClient(house, client)
    big_a = {"SRP_A": srp.big_a}
    if steps == "preferred":
        asking: Reply = await begin(house, client, PREFERRED_CHALLENGE="PASSWORD_SRP", **big_a)
    elif steps == "preferred, then asked":
        asking = await house.answer(client, await asked(house, client, PREFERRED_CHALLENGE="PASSWORD_SRP"), **big_a)
    elif steps == "chosen":
        asking = await house.answer(client, await asked(house, client), ANSWER="PASSWORD_SRP", **big_a)
    else:
        asking = await house.answer(client, await asked(house, client), ANSWER="PASSWORD_SRP")
        assert isinstance(asking, Asking)
        assert "PASSWORD_SRP" == asking.challenge
        asking = await house.answer(client, asking, **big_a)

    assert isinstance(asking, Asking)
    assert "PASSWORD_VERIFIER" == asking.challenge
    assert isinstance(await srp.answer(asking, PASSWORD), SignedIn)


async def test_wrong_passwords_share_one_count_however_they_were_given(house: House, client: Client) -> None:
    for _ in range(2):
        asking = await asked(house, client)
        later = await asked(house, client, PREFERRED_CHALLENGE="PASSWORD")
        with pytest.raises(errors.WrongCredentials):
            await house.answer(client, asking, ANSWER="PASSWORD", PASSWORD=WRONG)
        with pytest.raises(errors.WrongCredentials):
            await house.answer(client, later, PASSWORD=WRONG)
    with pytest.raises(errors.WrongCredentials):
        await begin(house, client, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=WRONG)

    with pytest.raises(errors.AttemptsExceeded):
        await begin(house, client, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)


async def test_what_was_not_offered_costs_nothing(house: House, client: Client) -> None:
    asking = await asked(house, client)

    for odd in ("SMS_OTP", "NEW_PASSWORD_REQUIRED", "x" * 500):
        with pytest.raises(errors.InvalidParameter):
            await house.answer(client, asking, ANSWER=odd)

    assert isinstance(await house.answer(client, asking, ANSWER="PASSWORD", PASSWORD=PASSWORD), SignedIn)


async def test_a_choice_is_made_once(house: House, client: Client) -> None:
    asking = await asked(house, client)

    results = await asyncio.gather(
        *(house.answer(client, asking, ANSWER="PASSWORD", PASSWORD=PASSWORD) for _ in range(20)),
        return_exceptions=True,
    )

    assert 1 == sum(isinstance(result, SignedIn) for result in results)
    assert 19 == sum(isinstance(result, errors.InvalidSession) for result in results)


async def test_stages_apply_after_a_choice_as_after_any_first_proof(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.invite(pool, Invitation(username="john", password=PASSWORD, silent=True))

    asking = await asked(house, client, "john", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)

    assert "NEW_PASSWORD_REQUIRED" == asking.challenge


async def test_an_unknown_name_is_offered_the_same_and_never_signs_in(house: House, pool: Pool) -> None:
    hiding = await house.client(pool, flows=("ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"), hides_users=True)
    await house.user(hiding)

    real, made_up = await asked(house, hiding), await asked(house, hiding, "nobody")

    assert (real.challenge, real.available) == (made_up.challenge, made_up.available)
    for name in ("jane", "nobody"):
        asking = await asked(house, hiding, name)
        answer = Answer(
            challenge="SELECT_CHALLENGE",
            handle=asking.handle,
            answers={"USERNAME": name, "ANSWER": "PASSWORD", "PASSWORD": WRONG},
        )
        with pytest.raises(errors.WrongCredentials, match=r"Incorrect username or password\."):
            await respond(house.services, hiding, answer)


async def test_a_client_that_may_learn_who_exists_is_told(house: House, client: Client) -> None:
    with pytest.raises(errors.UserNotFound):
        await begin(house, client, "nobody")
