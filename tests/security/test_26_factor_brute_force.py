"""Row 26: every factor of every user has a count of its own, raised before the guess is looked at."""

from __future__ import annotations

import asyncio

import pytest

from poolhouse import errors
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision, Passed, SignInState, Stage
from poolhouse.hooks.events.server import Register
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import Asking
from tests.support.srp_client import SrpClient

WRONG = "Wr0ng-Horse!"


class Code:
    """A second factor of four digits after the password, as a plugin would bring it."""

    name = "FOUR_DIGITS"
    public_name = "CUSTOM_CHALLENGE"

    def __init__(self) -> None:
        self.checked = 0

    async def ask(self, state: SignInState) -> Asked:
        return Asked()

    async def check(self, state: SignInState, private: object, answers: dict[str, str]) -> Passed:
        self.checked += 1
        if answers.get("ANSWER") != "7777":
            raise errors.CodeMismatch
        return Passed(self.name)

    async def applies(self, state: SignInState) -> str:
        return self.name

    @hookimpl
    def register_challenges(self, event: Register) -> list[Code]:
        return [self]

    @hookimpl
    def register_stages(self, event: Register) -> list[Stage]:
        return [Stage("four-digits", self.applies)]


class Riddle:
    """A custom sign-in that begins with a riddle anybody can solve."""

    def __init__(self) -> None:
        self.checked = 0

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        return ChallengeDecision(challenge="CUSTOM_CHALLENGE")

    @hookimpl
    def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(public={"sum": "1 + 1"}, private={"answer": "2"})

    @hookimpl
    def verify_challenge(self, event: VerifyChallenge) -> bool:
        self.checked += 1
        return event.answer == str(event.private["answer"])


async def wrong_password(house: House, client: Client) -> None:
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password=WRONG)


async def test_of_many_guesses_at_once_five_are_looked_at() -> None:
    code = Code()
    async with opened_house(plugins=[("code", code)]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        asked = [await house.begin(client) for _ in range(60)]

        await asyncio.gather(
            *(house.answer(client, asking, ANSWER=f"{n:04}") for n, asking in enumerate(asked)), return_exceptions=True
        )

    assert 5 == code.checked


async def test_the_right_password_does_not_wash_away_wrong_codes() -> None:
    """Whoever has stolen the password would guess the second factor for ever."""
    code = Code()
    async with opened_house(plugins=[("code", code)]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        for _ in range(20):
            asking = await house.begin(client)
            for n in range(4):
                try:
                    await house.answer(client, asking, ANSWER=f"{n:04}")
                except errors.CodeMismatch:
                    continue
                except errors.NotAuthorized:
                    break

    assert 5 == code.checked


async def test_a_solved_riddle_does_not_wash_away_wrong_passwords() -> None:
    async with opened_house(plugins=[("riddle", Riddle())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        for _ in range(4):
            await wrong_password(house, client)

        asking = await house.begin(client, flow="CUSTOM_AUTH")
        assert isinstance(await house.answer(client, asking, ANSWER="2"), Asking)
        await wrong_password(house, client)

        with pytest.raises(errors.AttemptsExceeded):
            await house.sign_in(client)


@pytest.mark.parametrize("at_once", [False, True])
async def test_wrong_answers_to_a_riddle_are_counted_over_all_sign_ins(*, at_once: bool) -> None:
    riddle = Riddle()
    async with opened_house(plugins=[("riddle", riddle)]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        asked = [await house.begin(client, flow="CUSTOM_AUTH") for _ in range(20)]

        answers = [house.answer(client, asking, ANSWER="3") for asking in asked]
        if at_once:
            replies = await asyncio.gather(*answers, return_exceptions=True)
        else:
            replies = [(await asyncio.gather(answer, return_exceptions=True))[0] for answer in answers]

        assert 5 == riddle.checked
        assert 15 == sum(isinstance(reply, errors.AttemptsExceeded) for reply in replies)
        assert await house.sign_in(client)


async def test_one_handle_takes_five_wrong_codes() -> None:
    code = Code()
    async with opened_house(plugins=[("code", code)]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        asking = await house.begin(client)
        for _ in range(5):
            with pytest.raises(errors.CodeMismatch):
                await house.answer(client, asking, ANSWER="0000")
        house.clock.advance(2)

        with pytest.raises(errors.InvalidSession):
            await house.answer(client, asking, ANSWER="7777")


async def test_a_count_is_kept_over_the_processes(house: House, client: Client) -> None:
    await house.user(client)
    for _ in range(5):
        await wrong_password(house, client)

    async with opened_house(house.built.store, house.clock) as other:
        with pytest.raises(errors.AttemptsExceeded):
            await other.sign_in(client)


async def test_what_cannot_be_meant_does_not_shorten_a_lock(house: House, client: Client) -> None:
    await house.user(client)
    odd = [await SrpClient(house, client).begin("jane") for _ in range(3)]
    for _ in range(5):
        await wrong_password(house, client)

    for asking in odd:
        with pytest.raises(errors.InvalidParameter):
            await house.answer(
                client,
                asking,
                PASSWORD_CLAIM_SECRET_BLOCK=asking.handle,
                PASSWORD_CLAIM_SIGNATURE="AAAA",
                TIMESTAMP="never",
            )

    with pytest.raises(errors.AttemptsExceeded):
        await house.sign_in(client, password=PASSWORD)


async def test_a_timestamp_that_cannot_be_meant_costs_no_arithmetic_and_no_attempt(
    house: House, client: Client
) -> None:
    await house.user(client)
    for _ in range(10):
        asking = await SrpClient(house, client).begin("jane")
        with pytest.raises(errors.InvalidParameter, match="Timestamp"):
            await house.answer(
                client,
                asking,
                PASSWORD_CLAIM_SECRET_BLOCK=asking.handle,
                PASSWORD_CLAIM_SIGNATURE="AAAA",
                TIMESTAMP="never",
            )

    assert (await house.sign_in(client)).access


async def test_guessing_confirmation_codes_ends_after_fifteen(house: House, client: Client) -> None:
    await house.sign_up(client)
    code = house.last_code()
    guesses = [f"{n:06}" for n in range(60) if f"{n:06}" != code]

    results = await asyncio.gather(*(house.confirm(client, code=guess) for guess in guesses), return_exceptions=True)

    assert 15 == sum(isinstance(result, errors.CodeMismatch) for result in results)
    with pytest.raises(errors.LimitExceeded):
        await house.confirm(client, code=code)
