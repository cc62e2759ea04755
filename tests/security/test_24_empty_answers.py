"""Row 24: an empty or odd answer passes no stage of a sign-in: each needs a proof, and its absence is a no."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.sign_in import begin
from poolhouse.flows.sign_in.questions import Fields, Given, PasswordChosen, PasswordGiven
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import Answer, Asking, Opening, initiate, respond
from tests.support.srp_client import SrpClient

ODD: list[dict[str, str]] = [
    {},
    {"ANSWER": ""},
    {"NEW_PASSWORD": ""},
    {"NEW_PASSWORD": " "},
    {"SMS_MFA_CODE": "000000"},
    {"PASSWORD_CLAIM_SIGNATURE": "", "PASSWORD_CLAIM_SECRET_BLOCK": "", "TIMESTAMP": ""},
    {"PASSWORD_CLAIM_SIGNATURE": "AAAA", "PASSWORD_CLAIM_SECRET_BLOCK": "AAAA", "TIMESTAMP": "now"},
    {"ANSWER": "true", "answerCorrect": "true", "PASSWORD": PASSWORD},
]


class Custom:
    """Gives tokens for one right answer; and for nothing else."""

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        if event.session and event.session[-1].passed:
            return ChallengeDecision(issue_tokens=True)
        return ChallengeDecision(fail=True) if event.session else ChallengeDecision(challenge="CUSTOM_CHALLENGE")

    @hookimpl
    def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(private={"answer": "7"})

    @hookimpl
    def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == str(event.private["answer"])


async def asked_for_a_password(house: House, client: Client) -> Asking:
    pool = await house.services.pools.get(client.pool_id)
    await house.services.users.invite(pool, Invitation(username="jane", password=PASSWORD, silent=True))
    asking = await house.begin(client)
    assert isinstance(asking, Asking)
    return asking


async def asked_by_a_plugin(house: House, client: Client) -> Asking:
    await house.user(client)
    asking = await house.begin(client, flow="CUSTOM_AUTH")
    assert isinstance(asking, Asking)
    return asking


async def asked_for_a_proof(house: House, client: Client) -> Asking:
    await house.user(client)
    return await SrpClient(house, client).begin("jane")


ASKED: dict[str, Any] = {
    "NEW_PASSWORD_REQUIRED": asked_for_a_password,
    "CUSTOM_CHALLENGE": asked_by_a_plugin,
    "PASSWORD_VERIFIER": asked_for_a_proof,
}


@pytest.mark.parametrize("given", ODD, ids=str)
@pytest.mark.parametrize("challenge", ASKED)
async def test_an_odd_answer_passes_no_challenge(challenge: str, given: dict[str, str]) -> None:
    async with opened_house(plugins=[("custom", Custom())]) as house:
        client = await house.client(await house.pool())
        asking = await ASKED[challenge](house, client)

        with pytest.raises((errors.Invalid, errors.Denied)):
            await respond(
                house.services,
                client,
                Answer(challenge=challenge, handle=asking.handle, answers={"USERNAME": "jane", **given}),
            )


@pytest.mark.parametrize("name", ["", "jane ", "j\u0430ne", "john"])
async def test_an_answer_has_to_name_the_user(name: str, house: House, client: Client) -> None:
    asking = await asked_for_a_password(house, client)

    with pytest.raises((errors.InvalidParameter, errors.InvalidSession)):
        await house.answer(client, asking, name, NEW_PASSWORD="An0ther-Horse!")


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"USERNAME": "jane"},
        {"USERNAME": "", "PASSWORD": ""},
        {"USERNAME": "jane", "PASSWORD": ""},
        {"PASSWORD": PASSWORD},
        {"username": "jane", "password": PASSWORD},
        {"USERNAME": "x" * 5000, "PASSWORD": PASSWORD},
    ],
    ids=str,
)
@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "USER_SRP_AUTH", "CUSTOM_AUTH"])
async def test_an_odd_opening_signs_nobody_in(flow: str, parameters: dict[str, str], house: House) -> None:
    client = await house.client(await house.pool(), hides_users=True)
    await house.user(client)
    opening = Opening(flow=flow, parameters=parameters, by_admin=flow.startswith("ADMIN"))

    with pytest.raises((errors.Invalid, errors.Denied)):
        await initiate(house.services, client, opening)


@pytest.mark.parametrize("big_a", ["", "0", "00", "-1", "0x2", " 2", "2 ", "é", "f" * 771, "g"])
async def test_an_odd_public_value_opens_nothing(big_a: str, house: House, client: Client) -> None:
    await house.user(client)

    with pytest.raises(errors.InvalidParameter):
        await house.begin(client, flow="USER_SRP_AUTH", SRP_A=big_a)


async def test_a_multiple_of_the_modulus_is_no_public_value(house: House, client: Client) -> None:
    """With A = 0 mod N the shared secret would be 0 for everybody."""
    from tests.support.srp_client import N

    await house.user(client)

    for times in range(3):
        with pytest.raises(errors.InvalidParameter):
            await house.begin(client, flow="USER_SRP_AUTH", SRP_A=f"{times * N:x}")


@pytest.mark.parametrize("given", [Fields({}), PasswordGiven(PASSWORD), PasswordChosen("An0ther-Horse!", {}), Given()])
async def test_an_answer_of_another_kind_is_none_whatever_it_says(given: Given, house: House, client: Client) -> None:
    """As a face could make of it that confuses two challenges."""
    await house.user(client)
    asking = await SrpClient(house, client).begin("jane")
    assert isinstance(asking, Asking)
    answer = begin.Answer(meant=lambda name: True, handle=asking.handle, username="jane", given=given)

    with pytest.raises(errors.InvalidSession):
        await house.services.sign_in.respond(client, answer)
