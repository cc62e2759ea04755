"""Who has to have a second factor that sends codes, and has no contact, gives one in the sign-in."""

from __future__ import annotations

import pytest

from poolhouse.errors import CodeMismatch, InvalidParameter, InvalidSession, LimitExceeded
from poolhouse.flows.factors.message_code import SENDS
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from tests.support.factors import EMAIL, SMS, asked, with_factors
from tests.support.house import House
from tests.support.sign_in import SignedIn

PHONE = "+491701234567"
OTHER = "+491707654321"


async def needing(house: House, *factors: str, **settings: object) -> tuple[Pool, Client]:
    """Jane has an e-mail address and no number; everybody needs one of these factors."""
    pool = await house.pool()
    client = await house.client(pool, **settings)
    await house.user(client)
    return await with_factors(house, pool, "ON", *factors), client


async def jane(house: House, client: Client) -> User:
    return await house.services.users.require(await house.services.pools.get(client.pool_id), "jane")


async def test_a_number_is_given_and_a_code_is_sent_there_and_the_code_is_the_second_factor(house: House) -> None:
    _, client = await needing(house, SMS)

    set_up = asked(await house.begin(client))
    assert "MFA_SETUP" == set_up.challenge
    code = asked(await house.answer(client, set_up, PHONE_NUMBER=PHONE))
    assert (SMS, "+*******4567") == (code.challenge, code.public["CODE_DELIVERY_DESTINATION"])
    assert PHONE == house.messages[-1].to
    assert "phone_number" not in (await jane(house, client)).attributes
    done = await house.answer(client, code, SMS_MFA_CODE=house.last_code())

    assert isinstance(done, SignedIn)
    user = await jane(house, client)
    assert (PHONE, "true") == (user.attributes["phone_number"], user.attributes["phone_number_verified"])
    assert ((SMS,), {}) == (user.mfa, user.pending)
    assert SMS == asked(await house.begin(client)).challenge


async def test_an_address_is_given_as_clients_of_the_field_give_it(house: House) -> None:
    pool = await house.pool(auto_verified=())
    client = await house.client(pool)
    await house.sign_up(client, "jane", given_name="Jane")
    await house.services.sign_up.confirm_by_admin(pool, "jane", {})
    await with_factors(house, pool, "ON", EMAIL)

    code = asked(await house.answer(client, asked(await house.begin(client)), EMAIL="jane@example.com"))
    assert EMAIL == code.challenge
    done = await house.answer(client, code, EMAIL_OTP_CODE=house.last_code())

    assert isinstance(done, SignedIn)
    assert "jane@example.com" == (await jane(house, client)).attributes["email"]


async def test_a_mistyped_number_is_no_lock_another_one_is_given_in_the_next_sign_in(house: House) -> None:
    _, client = await needing(house, SMS)
    await house.answer(client, asked(await house.begin(client)), PHONE_NUMBER=OTHER)

    set_up = asked(await house.begin(client))
    assert "MFA_SETUP" == set_up.challenge
    code = asked(await house.answer(client, set_up, PHONE_NUMBER=PHONE))
    await house.answer(client, code, SMS_MFA_CODE=house.last_code())

    assert PHONE == (await jane(house, client)).attributes["phone_number"]


async def test_a_code_that_went_to_one_number_proves_no_other(house: House) -> None:
    _, client = await needing(house, SMS)
    first = asked(await house.answer(client, asked(await house.begin(client)), PHONE_NUMBER=OTHER))
    old = house.last_code()
    second = asked(await house.answer(client, asked(await house.begin(client)), PHONE_NUMBER=PHONE))

    for asking in (first, second):
        with pytest.raises(CodeMismatch):
            await house.answer(client, asking, SMS_MFA_CODE=old)
    assert "phone_number" not in (await jane(house, client)).attributes


async def test_the_code_is_asked_for_and_nothing_else_ends_the_sign_in(house: House) -> None:
    _, client = await needing(house, SMS)
    code = asked(await house.answer(client, asked(await house.begin(client)), PHONE_NUMBER=PHONE))

    with pytest.raises(InvalidSession):
        await house.answer(client, type(code)("MFA_SETUP", code.handle), PHONE_NUMBER=PHONE)
    again = asked(await house.answer(client, asked(await house.begin(client)), PHONE_NUMBER=PHONE))
    with pytest.raises(CodeMismatch):
        await house.answer(client, again, SMS_MFA_CODE="000000" if house.last_code() != "000000" else "000001")


async def test_what_is_no_number_is_refused_and_the_session_is_good_for_another_try(house: House) -> None:
    _, client = await needing(house, SMS)
    set_up = asked(await house.begin(client))

    for odd in ("0170", "jane@example.com", "+49", " "):
        with pytest.raises(InvalidParameter):
            await house.answer(client, set_up, PHONE_NUMBER=odd)
    assert SMS == asked(await house.answer(client, set_up, PHONE_NUMBER=PHONE)).challenge


async def test_a_factor_that_the_pool_does_not_offer_takes_no_contact(house: House) -> None:
    _, client = await needing(house, SMS)
    set_up = asked(await house.begin(client))

    with pytest.raises(InvalidParameter):
        await house.answer(client, set_up, EMAIL="another@example.com")
    assert "jane@example.com" == (await jane(house, client)).attributes["email"]


async def test_a_client_whose_users_may_not_write_numbers_takes_none(house: House) -> None:
    _, client = await needing(house, SMS, write_attributes=("email",))

    with pytest.raises(InvalidParameter):
        await house.answer(client, asked(await house.begin(client)), PHONE_NUMBER=PHONE)
    assert {} == (await jane(house, client)).pending


async def test_row_26_the_codes_that_go_out_are_counted_and_the_session_outlasts_it(house: House) -> None:
    _, client = await needing(house, SMS)
    for n in range(SENDS):
        await house.answer(client, asked(await house.begin(client)), PHONE_NUMBER=f"+4917012345{n:02}")
    set_up = asked(await house.begin(client))

    with pytest.raises(LimitExceeded):
        await house.answer(client, set_up, PHONE_NUMBER=PHONE)
    house.clock.advance(170)
    with pytest.raises(LimitExceeded):
        await house.answer(client, set_up, PHONE_NUMBER=PHONE)
