"""Row 27: a hundred failures in a row and no more, over whatever time (NIST SP 800-63B-4, section 3.2.2), with a way
back for the owner."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.messages.codes import HOUR
from poolhouse.flows.protection.lockout import FREE_FAILURES, LONGEST_LOCK, MOST_FAILURES
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import FLOWS, PASSWORD, House, opened_house
from tests.support.sign_in import SignedIn

WRONG = "Wr0ng-Horse!"
NEW = "An0ther-Horse!"


async def guess(house: House, client: Client, times: int, name: str = "jane") -> None:
    """As fast as the locks let one, with a pause that ends each series of locks."""
    for n in range(times):
        if n % FREE_FAILURES == 0:
            house.clock.advance(LONGEST_LOCK + 60)
        with pytest.raises(errors.WrongCredentials):
            await house.begin(client, name, WRONG)
    house.clock.advance(LONGEST_LOCK + 60)


@pytest.mark.parametrize("name", ["jane", "nobody"])
async def test_patience_buys_a_hundred_guesses_in_all(name: str, house: House) -> None:
    client = await house.client(await house.pool(), hides_users=True)
    await house.user(client)
    await guess(house, client, MOST_FAILURES, name)

    for _ in range(3):
        house.clock.advance(30 * 86400)
        with pytest.raises(errors.AttemptsExceeded):
            await house.begin(client, name, PASSWORD)


async def test_one_success_before_the_hundredth_failure_begins_anew(house: House, client: Client) -> None:
    await house.user(client)
    await guess(house, client, MOST_FAILURES - 1)
    await house.sign_in(client)

    await guess(house, client, MOST_FAILURES - 1)

    assert (await house.sign_in(client)).access


async def test_a_recovery_is_the_owners_way_back(house: House, client: Client) -> None:
    await house.user(client)
    await guess(house, client, MOST_FAILURES)

    await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
    await house.services.recovery.confirm(client, "jane", house.last_code(), NEW, metadata={}, secret_hash=None)

    assert (await house.sign_in(client, "jane", NEW)).access


async def test_a_password_set_by_an_administrator_is_another(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    await guess(house, client, MOST_FAILURES)

    await house.services.users.set_password(pool, "jane", NEW, permanent=True)

    assert (await house.sign_in(client, "jane", NEW)).access


async def test_after_a_pause_the_locks_begin_at_the_shortest_again(house: House, client: Client) -> None:
    await house.user(client)
    await guess(house, client, 3 * FREE_FAILURES)
    for _ in range(FREE_FAILURES):
        with pytest.raises(errors.WrongCredentials):
            await house.begin(client, "jane", WRONG)
    with pytest.raises(errors.AttemptsExceeded):
        await house.begin(client, "jane", PASSWORD)

    house.clock.advance(1.1)

    assert (await house.sign_in(client)).access


# --- of what a sign-in can begin by without a password: a name is all that it takes to guess there --------------------


class Riddle:
    """A custom sign-in with one question."""

    @hookimpl
    async def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        if not event.session:
            return ChallengeDecision(challenge="CUSTOM_CHALLENGE")
        return ChallengeDecision(issue_tokens=True) if event.session[-1].passed else ChallengeDecision(fail=True)

    @hookimpl
    async def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked()

    @hookimpl
    async def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == "right"


FIRST_CODES = ("EMAIL_OTP", "SMS_OTP")


async def by(way: str, house: House, client: Client, answer: str | None = None) -> object:
    """A sign-in that begins so, with this answer, or with the code that went out."""
    if way == "CUSTOM_CHALLENGE":
        asking = await house.begin(client, flow="CUSTOM_AUTH")
        return await house.answer(client, asking, ANSWER=answer or "right")
    asking = await house.begin(client, flow="USER_AUTH", PREFERRED_CHALLENGE=way)
    return await house.answer(client, asking, **{f"{way}_CODE": answer or house.last_code()})


@pytest.mark.parametrize("back", ["recovery", "an administrator"])
@pytest.mark.parametrize("way", [*FIRST_CODES, "CUSTOM_CHALLENGE"])
async def test_there_is_a_way_back_from_a_hundred_guesses_at_whatever_a_sign_in_begins_by(way: str, back: str) -> None:
    async with opened_house(plugins=[("riddle", Riddle())]) as house:
        pool = await house.pool(first_factors=("PASSWORD", *FIRST_CODES))
        client = await house.client(pool, flows=(*FLOWS, "ALLOW_USER_AUTH"))
        phone = {"phone_number": "+14155550123"}
        await house.user(client, email="jane@example.com", **phone)
        await house.services.users.update(pool, "jane", {**phone, "phone_number_verified": "true"}, {})
        for n in range(MOST_FAILURES):
            if n % 4 == 0:
                house.clock.advance(HOUR + LONGEST_LOCK)
            with pytest.raises((errors.CodeMismatch, errors.WrongCredentials)):
                await by(way, house, client, "wrong")
        house.clock.advance(HOUR + LONGEST_LOCK)
        with pytest.raises(errors.AttemptsExceeded):
            await by(way, house, client)
        assert (await house.sign_in(client)).access

        if back == "recovery":
            await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
            await house.services.recovery.confirm(client, "jane", house.last_code(), NEW, metadata={}, secret_hash=None)
        else:
            await house.services.users.set_password(pool, "jane", NEW, permanent=True)

        assert isinstance(await by(way, house, client), SignedIn)
