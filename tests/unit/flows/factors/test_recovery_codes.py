"""Recovery codes: ten of them, shown once, each good once in place of a second factor."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from poolhouse import errors
from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.factors.recovery_codes import ALPHABET, COUNT
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from tests.support.factors import EMAIL, SMS, TOTP, asked, preferring, with_app, with_factors
from tests.support.house import FLOWS, House, opened_house
from tests.support.recovery_codes import WRONG, challenged, made, recovered, with_codes
from tests.support.sign_in import SignedIn

PHONE = "+14155550123"


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house() as house:
        yield house


@pytest.fixture
async def pool(house: House) -> Pool:
    return await with_factors(house, await house.pool(), "OPTIONAL", TOTP, SMS, EMAIL)


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    client = await house.client(pool, flows=(*FLOWS, "ALLOW_USER_AUTH"))
    await house.user(client)
    return client


async def jane(house: House, pool: Pool) -> User:
    return await house.services.users.require(pool, "jane")


async def test_there_are_ten_without_look_alikes_and_the_record_has_none_of_them(
    house: House, pool: Pool, client: Client
) -> None:
    _, codes = await with_codes(house, client)

    kept = (await jane(house, pool)).recovery
    assert kept is not None
    assert COUNT == len(set(codes)) == len(set(kept.digests))
    assert all(re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", code) for code in codes)
    assert set() == set("01ILOSZU") & set(ALPHABET)
    stored = repr(house.built.store.__dict__)
    assert [] == [code for code in codes if code in stored or code.replace("-", "") in stored]


async def test_a_code_stands_in_for_the_factor_once(house: House, client: Client) -> None:
    _, codes = await with_codes(house, client)

    assert isinstance(await recovered(house, client, await challenged(house, client), codes[3]), SignedIn)
    with pytest.raises(errors.CodeMismatch):
        await recovered(house, client, await challenged(house, client), codes[3])
    assert isinstance(await recovered(house, client, await challenged(house, client), codes[4]), SignedIn)


@pytest.mark.parametrize("typed", ["{0}", "  {0} ", "{1}", "{2}", "{0}\n"])
async def test_a_code_is_taken_as_people_type_it(house: House, client: Client, typed: str) -> None:
    _, codes = await with_codes(house, client)
    text = typed.format(codes[0], codes[0].lower().replace("-", ""), codes[0].replace("-", " "))

    assert isinstance(await recovered(house, client, await challenged(house, client), text), SignedIn)


async def test_after_a_wrong_one_the_session_takes_the_factor_or_another_code(house: House, client: Client) -> None:
    app, codes = await with_codes(house, client)
    asking = await challenged(house, client)

    for wrong in (WRONG, "x", "ß" * 200, codes[0][:-1]):
        with pytest.raises(errors.CodeMismatch):
            await recovered(house, client, asking, wrong)

    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


async def test_the_question_says_that_there_are_codes(house: House, client: Client) -> None:
    app = await with_app(house, client)
    before = await challenged(house, client)
    signed_in = await house.answer(client, before, SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert isinstance(signed_in, SignedIn)
    await made(house, client, signed_in.tokens)

    after = await challenged(house, client)

    assert "CAN_USE_RECOVERY_CODE" not in before.public
    assert "true" == after.public["CAN_USE_RECOVERY_CODE"]


async def test_where_a_factor_is_chosen_a_code_can_be(house: House, pool: Pool, client: Client) -> None:
    _, codes = await with_codes(house, client)
    await house.services.users.update(pool, "jane", {"phone_number": PHONE, "phone_number_verified": "true"}, {})
    await house.services.preferences.set_for(pool, "jane", [Wish(SMS, enabled=True), Wish(TOTP, enabled=True)])

    choice = await challenged(house, client)
    asking = asked(await house.answer(client, choice, ANSWER="RECOVERY_CODE"))
    done = await house.answer(client, asking, ANSWER=codes[0])

    assert "SELECT_MFA_TYPE" == choice.challenge
    assert ("CUSTOM_CHALLENGE", "RECOVERY_CODE") == (asking.challenge, asking.public["FACTOR"])
    assert "RECOVERY_CODE" not in choice.public["MFAS_CAN_CHOOSE"]
    assert isinstance(done, SignedIn)
    assert isinstance(await recovered(house, client, await challenged(house, client), codes[1]), SignedIn)


async def test_a_new_set_ends_the_old_one(house: House, client: Client) -> None:
    _, old = await with_codes(house, client)
    done = await recovered(house, client, await challenged(house, client), old[0])
    assert isinstance(done, SignedIn)

    new = await made(house, client, done.tokens)

    with pytest.raises(errors.CodeMismatch):
        await recovered(house, client, await challenged(house, client), old[1])
    assert isinstance(await recovered(house, client, await challenged(house, client), new[0]), SignedIn)
    left = await house.services.recovery_codes.show(done.tokens.access)
    assert COUNT - 1 == left.left


async def test_who_has_no_second_factor_has_no_codes(house: House, pool: Pool, client: Client) -> None:
    tokens = await house.sign_in(client)

    with pytest.raises(errors.InvalidParameter, match="second factor"):
        await made(house, client, tokens)
    assert (await jane(house, pool)).recovery is None


@pytest.mark.parametrize("by", ["user", "administrator", "app taken away"])
async def test_codes_go_with_the_last_factor_and_not_before(house: House, pool: Pool, client: Client, by: str) -> None:
    app, _ = await with_codes(house, client)
    tokens = await house.answer(client, await challenged(house, client), SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert isinstance(tokens, SignedIn)
    await preferring(house, tokens.tokens, EMAIL)
    off = Wish(TOTP)

    async def without(wish: Wish) -> None:
        if by == "user":
            await house.services.preferences.set(tokens.tokens.access, [wish])
        elif by == "administrator" or wish.factor == EMAIL:
            await house.services.preferences.set_for(pool, "jane", [wish])
        else:
            await house.services.preferences.take_away(pool, "jane", wish.factor)

    await without(off)
    with_one = (await jane(house, pool)).recovery
    await without(Wish(EMAIL))

    assert with_one is not None
    assert (await jane(house, pool)).recovery is None


async def test_by_a_code_that_comes_first_nobody_recovers(house: House) -> None:
    """Nothing is proven yet: a recovery code would be the only thing that is."""
    client = await house.client(await house.pool(first_factors=("PASSWORD", "EMAIL_OTP")), flows=("ALLOW_USER_AUTH",))
    await house.user(client)
    asking = asked(await house.begin(client, flow="USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP"))

    with pytest.raises(errors.InvalidParameter):
        await recovered(house, client, asking, WRONG)
    assert isinstance(await house.answer(client, asking, EMAIL_OTP_CODE=house.last_code()), SignedIn)


async def test_without_codes_nobody_is_asked_for_one_and_a_guess_is_wrong(house: House, client: Client) -> None:
    await with_app(house, client)

    asking = await challenged(house, client)
    with pytest.raises(errors.CodeMismatch):
        await recovered(house, client, asking, WRONG)


async def test_the_owner_is_told_at_a_verified_contact(house: House, client: Client) -> None:
    _, codes = await with_codes(house, client)
    house.messages.clear()

    await recovered(house, client, await challenged(house, client), codes[0])

    (told,) = house.messages
    assert ("email", "jane@example.com", None) == (told.channel, told.to, told.code)
    assert "recovery code was used" in told.body.lower()
    assert codes[0] not in told.body


async def test_who_has_verified_nothing_is_told_nothing(house: House, pool: Pool, client: Client) -> None:
    _, codes = await with_codes(house, client)
    await house.services.users.update(pool, "jane", {"email": "else@example.com", "email_verified": "false"}, {})
    house.messages.clear()

    assert isinstance(await recovered(house, client, await challenged(house, client), codes[0]), SignedIn)
    assert [] == house.messages


async def test_no_text_of_a_value_tells_a_code(house: House, pool: Pool, client: Client) -> None:
    tokens = await house.sign_in(client)
    await with_app(house, client)
    new = await house.services.recovery_codes.make(tokens.access)
    kept = (await jane(house, pool)).recovery
    assert kept is not None

    text = f"{new} {kept}"

    assert [] == [secret for secret in (*new.codes, *kept.digests, kept.id) if secret in text]
