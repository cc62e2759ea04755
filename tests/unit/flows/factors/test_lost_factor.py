"""A factor that its user has lost is taken away by an administrator, whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poolhouse import errors
from poolhouse.flows.protection.lockout import lock_seconds
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.factors import (
    EMAIL,
    TOTP,
    asked,
    associated,
    begun_in_sign_in,
    confirmed_in_sign_in,
    enrolled,
    preferring,
    with_app,
    with_factors,
)
from tests.support.house import House
from tests.support.sign_in import SignedIn


@pytest.fixture
async def pool(house: House, pool: Pool) -> Pool:
    return await with_factors(house, pool)


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    client = await house.client(pool)
    await house.user(client)
    return client


async def test_an_app_that_is_taken_away_is_neither_asked_for_nor_kept(
    house: House, client: Client, pool: Pool
) -> None:
    await with_app(house, client)
    asked(await house.begin(client))

    await house.services.preferences.take_away(pool, "jane", TOTP)

    assert isinstance(await house.begin(client), SignedIn)
    user = await house.services.users.require(pool, "jane")
    assert ((), (), None) == (user.factors, user.mfa, user.preferred_mfa)


async def test_a_question_that_was_asked_before_is_answered_by_no_code_of_it(
    house: House, client: Client, pool: Pool
) -> None:
    app = await with_app(house, client)
    asking = asked(await house.begin(client))
    await house.services.preferences.take_away(pool, "jane", TOTP)

    with pytest.raises(errors.CodeMismatch):
        await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code())


async def test_a_set_up_that_was_begun_ends_with_it(house: House, client: Client, pool: Pool) -> None:
    begun = await house.begin(client)
    assert isinstance(begun, SignedIn)
    app = await associated(house, begun.tokens)
    await house.services.preferences.take_away(pool, "jane", TOTP)

    with pytest.raises(errors.InvalidParameter):
        await house.services.enrolments.confirm(begun.tokens.access, TOTP, app.code(), None)


async def test_wrong_codes_of_it_are_none_of_the_app_that_is_set_up_then(
    house: House, client: Client, pool: Pool
) -> None:
    app = await with_app(house, client)
    for failures in range(12):
        house.clock.advance(lock_seconds(failures))
        asking = asked(await house.begin(client))
        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.wrong())
    await with_factors(house, pool, "ON")

    await house.services.preferences.take_away(pool, "jane", TOTP)

    asking = asked(await house.begin(client))
    assert "MFA_SETUP" == asking.challenge
    another, session = await begun_in_sign_in(house, asking)
    session = await confirmed_in_sign_in(house, session, another.code())
    assert isinstance(await house.answer(client, replace(asking, handle=session)), SignedIn)
    house.clock.advance(30)
    asking = asked(await house.begin(client))
    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=another.code()), SignedIn)


async def test_other_factors_stay_when_one_is_taken_away(house: House, pool: Pool) -> None:
    pool = await with_factors(house, pool, "OPTIONAL", TOTP, EMAIL)
    client = await house.client(pool)
    await house.user(client)
    tokens = await house.sign_in(client)
    await enrolled(house, tokens)
    await preferring(house, tokens, TOTP, EMAIL, preferred=TOTP)

    await house.services.preferences.take_away(pool, "jane", TOTP)

    assert EMAIL == asked(await house.begin(client)).challenge


async def test_who_has_none_loses_none_and_nobody_else_does(house: House, client: Client, pool: Pool) -> None:
    await with_app(house, client)
    await house.user(client, "jim")

    await house.services.preferences.take_away(pool, "jim", TOTP)

    assert "SOFTWARE_TOKEN_MFA" == asked(await house.begin(client)).challenge
    with pytest.raises(errors.UserNotFound):
        await house.services.preferences.take_away(pool, "nobody", TOTP)
