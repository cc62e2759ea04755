"""Row 26, for second factors: no path guesses a factor more often than its count allows, and no factor's count is
another's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from poolhouse import errors
from poolhouse.config.settings import Limits
from poolhouse.flows.factors.message_code import SENDS
from poolhouse.flows.factors.preferences import Wish
from poolhouse.hooks.answers.factors import Enrolling, Factor, Fits, Holder
from poolhouse.hooks.answers.sign_in import Asked
from poolhouse.hooks.kinds import hookimpl
from poolhouse.ports.origin import Origin
from poolhouse.ports.origin import begin as begin_at
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.server.cognito.user_pools import challenges
from tests.support.factors import (
    EMAIL,
    SMS,
    TOTP,
    App,
    asked,
    begun_in_sign_in,
    confirmed_in_sign_in,
    enrolled,
    with_factors,
)
from tests.support.house import FLOWS, House, opened_house
from tests.support.sign_in import Asking, Opening, initiate

PHONE = "+14155550123"
Begin = Callable[[House, Client], Awaitable[Asking]]


@pytest.fixture
async def pool(house: House) -> Pool:
    pool = await house.pool(first_factors=("PASSWORD", "EMAIL_OTP", "SMS_OTP"))
    return await with_factors(house, pool, "OPTIONAL", SMS, TOTP, EMAIL)


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    client = await house.client(pool, flows=(*FLOWS, "ALLOW_USER_AUTH"))
    await house.user(client, email="jane@example.com", phone_number=PHONE)
    await house.services.users.update(pool, "jane", {"phone_number": PHONE, "phone_number_verified": "true"}, {})
    return client


async def after_password(house: House, client: Client) -> Asking:
    return asked(await house.begin(client))


def first(challenge: str) -> Begin:
    async def begin(house: House, client: Client) -> Asking:
        parameters = {"USERNAME": "jane", "PREFERRED_CHALLENGE": challenge}
        return asked(await initiate(house.services, client, Opening(flow="USER_AUTH", parameters=parameters)))

    return begin


async def prepared(house: House, client: Client, pool: Pool, challenge: str, begin: Begin = after_password) -> None:
    if challenge == TOTP:
        await enrolled(house, await house.sign_in(client))
    if begin is after_password:
        await house.services.preferences.set_for(pool, "jane", [Wish(challenge, enabled=True)])


PATHS = pytest.mark.parametrize(
    ("challenge", "begin"),
    [
        (TOTP, after_password),
        (SMS, after_password),
        (EMAIL, after_password),
        ("EMAIL_OTP", first("EMAIL_OTP")),
        ("SMS_OTP", first("SMS_OTP")),
    ],
    ids=["app", "telephone", "e-mail", "e-mail first", "telephone first"],
)


async def guessed(house: House, client: Client, askings: list[Asking], challenge: str) -> list[object]:
    """Wrong codes, all at once, and none of them the right one by accident."""
    right = {message.code for message in house.messages}
    guesses = [f"{n:06}" for n in range(10, 500) if f"{n:06}" not in right][: len(askings)]
    return await asyncio.gather(
        *(
            house.answer(client, asking, **{f"{challenge}_CODE": guess})
            for asking, guess in zip(askings, guesses, strict=True)
        ),
        return_exceptions=True,
    )


@PATHS
async def test_of_many_guesses_at_once_five_are_looked_at(
    house: House, client: Client, pool: Pool, challenge: str, begin: Begin
) -> None:
    await prepared(house, client, pool, challenge, begin)
    askings = [await begin(house, client) for _ in range(12)]

    results = await guessed(house, client, askings, challenge)

    assert 5 == sum(isinstance(result, errors.CodeMismatch) for result in results)
    assert 7 == sum(isinstance(result, errors.AttemptsExceeded) for result in results)


@PATHS
async def test_the_lock_grows_over_the_sessions(
    house: House, client: Client, pool: Pool, challenge: str, begin: Begin
) -> None:
    await prepared(house, client, pool, challenge, begin)
    await guessed(house, client, [await begin(house, client) for _ in range(5)], challenge)
    house.clock.advance(1.5)
    await guessed(house, client, [await begin(house, client)], challenge)
    house.clock.advance(1.5)

    (result,) = await guessed(house, client, [await begin(house, client)], challenge)

    assert isinstance(result, errors.AttemptsExceeded)


async def test_the_password_and_other_factors_wash_nothing_away(house: House, client: Client, pool: Pool) -> None:
    app = await enrolled(house, await house.sign_in(client))
    await house.services.preferences.set_for(pool, "jane", [Wish(TOTP, enabled=True), Wish(SMS, enabled=True)])

    async def by(factor: str) -> Asking:
        return asked(await house.answer(client, await house.begin(client), ANSWER=factor))

    for _ in range(4):
        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, await by(TOTP), SOFTWARE_TOKEN_MFA_CODE=app.wrong())
        await house.answer(client, await by(SMS), SMS_MFA_CODE=house.last_code())
    with pytest.raises(errors.CodeMismatch):
        await house.answer(client, await by(TOTP), SOFTWARE_TOKEN_MFA_CODE=app.wrong())

    with pytest.raises(errors.AttemptsExceeded):
        await house.answer(client, await by(TOTP), SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert await house.answer(client, await by(SMS), SMS_MFA_CODE=house.last_code())


async def test_setting_an_app_up_is_counted_and_locks_nobody_out_of_the_one_before(
    house: House, client: Client, pool: Pool
) -> None:
    tokens = await house.sign_in(client)
    before = await enrolled(house, tokens)
    await house.services.preferences.set_for(pool, "jane", [Wish(TOTP, enabled=True)])
    shown = await house.services.enrolments.begin(tokens.access, TOTP)
    new = App(house, shown["secret"])
    for _ in range(5):
        with pytest.raises(errors.EnrolmentMismatch):
            await house.services.enrolments.confirm(tokens.access, TOTP, new.wrong(), None)

    with pytest.raises(errors.AttemptsExceeded):
        await house.services.enrolments.confirm(tokens.access, TOTP, new.code(), None)
    assert await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=before.code())


async def test_setting_an_app_up_in_a_sign_in_has_the_same_count(house: House, client: Client, pool: Pool) -> None:
    await with_factors(house, pool, "ON", TOTP)
    for _ in range(5):
        app, session = await begun_in_sign_in(house, asked(await house.begin(client)))
        with pytest.raises(errors.EnrolmentMismatch):
            await confirmed_in_sign_in(house, session, app.wrong())

    app, session = await begun_in_sign_in(house, asked(await house.begin(client)))
    with pytest.raises(errors.AttemptsExceeded):
        await confirmed_in_sign_in(house, session, app.code())


async def test_the_count_is_raised_before_the_factor_sees_the_guess() -> None:
    """By a factor that looks at its own count: nothing is patched."""
    seen: list[int] = []

    class Counting:
        name = "COUNTING"
        proof = "counting"
        house: House

        @hookimpl
        def register_factors(self) -> list[Factor]:
            return [self]

        async def offer(self, holder: Holder) -> bool:
            return True

        async def enrol(self, holder: Holder) -> Enrolling:
            return Enrolling()

        async def ask(self, holder: Holder, kept: object) -> Asked:
            return Asked()

        async def check(self, holder: Holder, kept: object, private: object, answers: Mapping[str, str]) -> Fits:
            counters = self.house.built.ports.counters
            seen.append((await counters.read(holder.pool.id, "failures:COUNTING", holder.user.sub)).count)
            if answers.get("ANSWER") != "right":
                raise errors.CodeMismatch
            return Fits()

    factor = Counting()
    async with opened_house(plugins=[("counting", factor)]) as house:
        factor.house = house
        pool = await with_factors(house, await house.pool(), "ON", "COUNTING")
        client = await house.client(pool)
        await house.user(client)
        asking = asked(await house.begin(client))
        handle, pool_id = challenges.session(asking.handle)
        begun = await house.services.factor_set_ups.begin(pool_id, handle, "COUNTING")
        handle = await house.services.factor_set_ups.confirm(pool_id, begun.handle, "COUNTING", "right", None)
        await house.answer(client, replace(asking, handle=challenges.session_text(handle, pool_id)))
        asking = asked(await house.begin(client))
        seen.clear()

        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, ANSWER="wrong")

    assert [1] == seen


async def test_codes_that_anybody_can_have_sent_are_limited_like_all_others() -> None:
    """By a name alone somebody makes a message go out: as often as by a forgotten password, and no more."""
    limits = Limits(source_codes=3, source_sign_ins=0, source_answers=0)
    async with opened_house(limits=limits) as house:
        pool = await house.pool(first_factors=("PASSWORD", "EMAIL_OTP"))
        client = await house.client(pool, flows=(*FLOWS, "ALLOW_USER_AUTH"))
        await house.user(client)
        house.clock.advance(60)
        begin_at(Origin(source="192.0.2.1"))
        before = len(house.messages)
        for _ in range(3):
            await first("EMAIL_OTP")(house, client)

        with pytest.raises(errors.TooManyRequests):
            await first("EMAIL_OTP")(house, client)

        assert 3 == len(house.messages) - before
        await house.sign_in(client)


async def test_by_a_name_alone_nobody_takes_codes_or_tries_from_a_second_factor(house: House, pool: Pool) -> None:
    """An e-mail is a first proof and a second factor: who has proven nothing uses up what is there for the first."""
    hiding = await house.client(pool, flows=(*FLOWS, "ALLOW_USER_AUTH"), hides_users=True)
    await house.user(hiding, email="jane@example.com")
    await house.services.preferences.set_for(pool, "jane", [Wish(EMAIL, enabled=True)])
    owner = await after_password(house, hiding)
    code = house.last_code()

    strangers = [await first("EMAIL_OTP")(house, hiding) for _ in range(SENDS)]
    missed = await guessed(house, hiding, strangers, "EMAIL_OTP")

    assert 5 == sum(isinstance(each, errors.CodeMismatch) for each in missed)
    assert await house.answer(hiding, owner, EMAIL_OTP_CODE=code)
    assert await house.answer(hiding, await after_password(house, hiding), EMAIL_OTP_CODE=house.last_code())


async def test_wrong_codes_of_a_first_proof_are_forgotten_when_an_administrator_sets_what_is_asked_for(
    house: House, client: Client, pool: Pool
) -> None:
    await guessed(house, client, [await first("EMAIL_OTP")(house, client) for _ in range(5)], "EMAIL_OTP")

    await house.services.preferences.set_for(pool, "jane", [Wish(EMAIL)])

    asking = await first("EMAIL_OTP")(house, client)
    assert await house.answer(client, asking, EMAIL_OTP_CODE=house.last_code())
