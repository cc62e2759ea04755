"""A factor that its user has lost is taken away by an administrator, whole."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.factors import TOTP, asked, associated, begun_in_sign_in, with_app, with_factors
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


async def test_wrong_codes_are_forgotten_with_it_and_another_app_can_be_set_up(
    house: House, client: Client, pool: Pool
) -> None:
    app = await with_app(house, client)
    asking = asked(await house.begin(client))
    for _ in range(5):
        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.wrong())
    pool = await with_factors(house, pool, "ON")

    await house.services.preferences.take_away(pool, "jane", TOTP)

    asking = asked(await house.begin(client))
    assert "MFA_SETUP" == asking.challenge
    another, _ = await begun_in_sign_in(house, asking)
    assert app.secret != another.secret


async def test_who_has_none_loses_none_and_nobody_else_does(house: House, client: Client, pool: Pool) -> None:
    await with_app(house, client)
    await house.user(client, "jim")

    await house.services.preferences.take_away(pool, "jim", TOTP)

    assert "SOFTWARE_TOKEN_MFA" == asked(await house.begin(client)).challenge
    with pytest.raises(errors.UserNotFound):
        await house.services.preferences.take_away(pool, "nobody", TOTP)
