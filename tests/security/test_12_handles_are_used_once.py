"""Row 12: what is handed over to go on with is random, taken once, short-lived, and good for one client, user, step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from dataclasses import replace as with_fields

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import Answer, Asking, SignedIn, respond
from tests.support.srp_client import SrpClient

NEW = "An0ther-Horse!"


@dataclass
class Asks:
    """A custom sign-in of two right answers."""

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        if sum(result.passed for result in event.session) == 2:
            return ChallengeDecision(issue_tokens=True)
        return ChallengeDecision(challenge="CUSTOM_CHALLENGE")

    @hookimpl
    def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(private={"answer": "7"})

    @hookimpl
    def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == str(event.private["answer"])


async def invited(house: House, pool: Pool, client: Client) -> Asking:
    await house.services.users.invite(pool, Invitation(username="jane", password=PASSWORD, silent=True))
    asking = await house.begin(client)
    assert isinstance(asking, Asking)
    return asking


async def test_of_many_answers_to_one_question_at_once_one_is_taken(house: House, pool: Pool, client: Client) -> None:
    asking = await invited(house, pool, client)

    results = await asyncio.gather(
        *(house.answer(client, asking, NEW_PASSWORD=f"{NEW}{n}") for n in range(50)), return_exceptions=True
    )

    assert 1 == sum(isinstance(result, SignedIn) for result in results)
    assert 49 == sum(isinstance(result, errors.InvalidSession) for result in results)


async def test_a_proof_is_not_taken_twice(house: House, client: Client) -> None:
    await house.user(client)
    srp = SrpClient(house, client)
    asking = await srp.begin("jane")
    assert isinstance(await srp.answer(asking, PASSWORD), SignedIn)

    with pytest.raises(errors.InvalidSession):
        await srp.answer(asking, PASSWORD)


async def test_a_wrong_proof_ends_the_attempt(house: House, client: Client) -> None:
    await house.user(client)
    srp = SrpClient(house, client)
    asking = await srp.begin("jane")
    with pytest.raises(errors.WrongCredentials):
        await srp.answer(asking, "Wr0ng-Horse!")

    with pytest.raises(errors.InvalidSession):
        await srp.answer(asking, PASSWORD)


async def test_every_step_has_a_handle_of_its_own() -> None:
    async with opened_house(plugins=[("asks", Asks())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        first = await house.begin(client, flow="CUSTOM_AUTH")
        second = await house.answer(client, first, ANSWER="7")
        assert isinstance(first, Asking)
        assert isinstance(second, Asking)

        assert first.handle != second.handle
        with pytest.raises(errors.InvalidSession):
            await house.answer(client, first, ANSWER="7")
        assert isinstance(await house.answer(client, second, ANSWER="7"), SignedIn)


async def test_a_handle_is_not_good_for_another_client(house: House, pool: Pool, client: Client) -> None:
    asking = await invited(house, pool, client)
    others = [await house.client(pool), await house.client(await house.pool())]

    for other in others:
        with pytest.raises(errors.InvalidSession):
            await house.answer(other, asking, NEW_PASSWORD=NEW)


async def test_a_handle_is_not_good_for_another_user(house: House, pool: Pool, client: Client) -> None:
    await house.user(client, "mallory")
    asking = await invited(house, pool, client)

    with pytest.raises(errors.InvalidSession):
        await house.answer(client, asking, "mallory", NEW_PASSWORD=NEW)


@pytest.mark.parametrize("challenge", ["PASSWORD_VERIFIER", "CUSTOM_CHALLENGE", "SOFTWARE_TOKEN_MFA", ""])
async def test_a_handle_is_not_good_for_another_question(
    challenge: str, house: House, pool: Pool, client: Client
) -> None:
    asking = with_fields(await invited(house, pool, client), challenge=challenge)
    proof = {
        "PASSWORD_CLAIM_SECRET_BLOCK": asking.handle,
        "PASSWORD_CLAIM_SIGNATURE": "AAAA",
        "TIMESTAMP": "Tue Sep 5 02:05:06 UTC 2023",
    }
    answers = {"USERNAME": "jane", "NEW_PASSWORD": NEW, "ANSWER": "1", "SOFTWARE_TOKEN_MFA_CODE": "123456", **proof}

    with pytest.raises(errors.InvalidSession):
        await respond(house.services, client, Answer(challenge=challenge, handle=asking.handle, answers=answers))


async def test_a_handle_has_its_time(house: House, pool: Pool, client: Client) -> None:
    asking = await invited(house, pool, client)
    house.clock.advance(client.session_validity)

    with pytest.raises(errors.InvalidSession, match="session is expired"):
        await house.answer(client, asking, NEW_PASSWORD=NEW)


async def test_a_confirmation_code_is_used_once(house: House, client: Client) -> None:
    await house.sign_up(client)
    code = house.last_code()

    results = await asyncio.gather(*(house.confirm(client, code=code) for _ in range(8)), return_exceptions=True)

    assert 1 == results.count(None)
