"""SOFTWARE_TOKEN_MFA: an authenticator app is set up, asked for, and its codes are good once."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from poolhouse import errors
from poolhouse.errors.reasons import Reason
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.hooks.answers.factors import Holder
from poolhouse.plugins.totp import Totp
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.testing import plugin_context
from poolhouse.testing.challenge_suite import sign_in_state
from poolhouse.testing.clock import FakeClock
from tests.support.factors import (
    EMAIL,
    SMS,
    TOTP,
    App,
    asked,
    associated,
    begun_in_sign_in,
    confirmed_in_sign_in,
    enrolled,
    preferring,
    totp,
    with_app,
    with_factors,
)
from tests.support.house import PASSWORD, House
from tests.support.sign_in import SignedIn
from tests.support.srp_client import SrpClient


@pytest.fixture
async def pool(house: House, pool: Pool) -> Pool:
    return await with_factors(house, pool)


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    client = await house.client(pool)
    await house.user(client)
    return client


def said(error: pytest.ExceptionInfo[errors.PoolhouseError]) -> Reason | None:
    return error.value.statement.reason if error.value.statement else None


# --- set up by an access token ---------------------------------------------------------------------------------------


async def test_what_is_set_up_is_asked_for_once_the_user_says_so(house: House, client: Client) -> None:
    tokens = await house.sign_in(client)
    app = await enrolled(house, tokens, label="phone")
    assert isinstance(await house.begin(client), SignedIn)

    await preferring(house, tokens, TOTP)
    asking = asked(await house.begin(client))

    assert TOTP == asking.challenge
    assert {"USER_ID_FOR_SRP": "jane", "FRIENDLY_DEVICE_NAME": "phone"} == asking.public
    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


async def test_the_secret_has_256_bits_in_base32_and_an_address_for_the_app(house: House, client: Client) -> None:
    tokens = await house.sign_in(client)

    shown = await house.services.enrolments.begin(tokens.access, TOTP)

    assert 52 == len(shown["secret"])
    assert shown["address"].startswith("otpauth://totp/test:jane?secret=" + shown["secret"])
    again = await house.services.enrolments.begin(tokens.access, TOTP)
    assert again["secret"] != shown["secret"]


async def test_what_is_not_confirmed_is_asked_of_nobody_and_cannot_be_enabled(house: House, client: Client) -> None:
    tokens = await house.sign_in(client)
    await associated(house, tokens)

    with pytest.raises(errors.InvalidParameter, match="delivery config set to turn on SOFTWARE_TOKEN_MFA"):
        await preferring(house, tokens, TOTP)

    assert isinstance(await house.begin(client), SignedIn)


async def test_a_wrong_code_sets_nothing_up_and_the_right_one_still_does(house: House, client: Client) -> None:
    tokens = await house.sign_in(client)
    app = await associated(house, tokens)

    with pytest.raises(errors.EnrolmentMismatch, match="Code mismatch and fail enable Software Token MFA"):
        await house.services.enrolments.confirm(tokens.access, TOTP, app.wrong(), None)

    await house.services.enrolments.confirm(tokens.access, TOTP, app.code(), None)
    await preferring(house, tokens, TOTP)


async def test_the_app_of_before_is_good_until_the_new_one_is_confirmed(house: House, client: Client) -> None:
    before = await with_app(house, client)
    reply = await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=before.code())
    assert isinstance(reply, SignedIn)
    new = await associated(house, reply.tokens)
    house.clock.advance(30)

    still = await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=before.code())
    await house.services.enrolments.confirm(reply.tokens.access, TOTP, new.code(), None)
    house.clock.advance(30)

    assert isinstance(still, SignedIn)
    asking = asked(await house.begin(client))
    with pytest.raises(errors.CodeMismatch):
        await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=before.code())
    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=new.code()), SignedIn)


async def test_a_pool_without_it_sets_none_up(house: House) -> None:
    client = await house.client(await house.pool())
    await house.user(client)
    tokens = await house.sign_in(client)

    with pytest.raises(errors.FactorNotOffered, match="Software Token MFA has not been enabled by the userPool"):
        await house.services.enrolments.begin(tokens.access, TOTP)


async def test_nothing_is_confirmed_that_was_not_begun(house: House, client: Client) -> None:
    tokens = await house.sign_in(client)

    with pytest.raises(errors.InvalidParameter) as refused:
        await house.services.enrolments.confirm(tokens.access, TOTP, "123456", None)

    assert Reason.FACTOR_NOT_BEGUN == said(refused)


# --- its codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
async def test_the_vectors_of_rfc_6238_pass(at: int, code: str) -> None:
    """Appendix B, SHA-1: the app of the tests makes them, and the server takes their last six digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    state = sign_in_state()
    assert state.user is not None
    holder = Holder(pool=state.pool, client=state.client, user=state.user)
    factor = Totp(plugin_context(clock=FakeClock(float(at))))

    fits = await factor.check(holder, {"secret": secret}, {}, {"ANSWER": code[-6:]})

    assert code == totp(secret, at, digits=8)
    assert str(at // 30) == fits.once


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_step_either_way_is_good(house: House, client: Client, steps: int, good: bool) -> None:
    app = await with_app(house, client)
    house.clock.advance(90)
    asking = asked(await house.begin(client))

    if good:
        assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code(steps)), SignedIn)
    else:
        with pytest.raises(errors.CodeMismatch, match=r"^Invalid code received for user$"):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code(steps))


async def test_a_code_is_good_once_also_where_many_bring_it_at_once(house: House, client: Client) -> None:
    app = await with_app(house, client)
    askings = [asked(await house.begin(client)) for _ in range(5)]

    results = await asyncio.gather(
        *(house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()) for asking in askings),
        return_exceptions=True,
    )

    assert 1 == sum(isinstance(result, SignedIn) for result in results)
    refused = [result for result in results if isinstance(result, errors.CodeExpired)]
    assert {"Your software token has already been used once."} == {str(error) for error in refused}
    assert 4 == len(refused)


async def test_who_was_too_fast_waits_for_the_next_code_in_the_same_session(house: House, client: Client) -> None:
    app = await with_app(house, client)
    await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=app.code())
    asking = asked(await house.begin(client))
    with pytest.raises(errors.CodeExpired):
        await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code())

    house.clock.advance(30)

    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


async def test_the_code_that_set_the_app_up_signs_nobody_in(house: House, client: Client) -> None:
    tokens = await house.sign_in(client)
    app = await associated(house, tokens)
    code = app.code()
    await house.services.enrolments.confirm(tokens.access, TOTP, code, None)
    await preferring(house, tokens, TOTP)

    with pytest.raises(errors.CodeExpired):
        await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=code)


@pytest.mark.parametrize("odd", ["", " ", "12345", "1234567", "ANSWER", "１２３４５６", "\ud800", "0" * 5000])
async def test_what_is_no_code_is_a_wrong_one(house: House, client: Client, odd: str) -> None:
    await with_app(house, client)
    asking = asked(await house.begin(client))

    with pytest.raises((errors.CodeMismatch, errors.MissingParameter)):
        await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=odd)


async def test_a_session_takes_five_wrong_codes(house: House, client: Client) -> None:
    app = await with_app(house, client)
    asking = asked(await house.begin(client))
    for _ in range(5):
        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.wrong())
    house.clock.advance(2)

    with pytest.raises(errors.InvalidSession):
        await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code())


async def test_an_app_works_after_a_proof_by_srp_and_after_a_new_password(
    house: House, pool: Pool, client: Client
) -> None:
    app = await with_app(house, client)
    srp = SrpClient(house, client)
    asking = asked(await srp.answer(await srp.begin("jane"), PASSWORD))
    assert TOTP == asking.challenge
    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)

    await house.services.users.set_password(pool, "jane", PASSWORD, permanent=False)
    house.clock.advance(30)
    asking = asked(await house.begin(client))
    assert "NEW_PASSWORD_REQUIRED" == asking.challenge
    asking = asked(await house.answer(client, asking, NEW_PASSWORD="An0ther-Horse!"))
    assert TOTP == asking.challenge
    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


async def test_new_tokens_for_a_refresh_token_ask_for_nothing(house: House, client: Client) -> None:
    app = await with_app(house, client)
    reply = await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert isinstance(reply, SignedIn)

    assert (await house.refresh(client, reply.tokens.refresh)).access


# --- set up in a sign-in ---------------------------------------------------------------------------------------------


@pytest.fixture
async def strict(house: House, client: Client, pool: Pool) -> Client:
    """A client of a pool in which everybody needs a second factor, and Jane has none."""
    await with_factors(house, pool, "ON")
    return client


async def test_who_needs_a_factor_and_has_none_sets_one_up_before_there_are_tokens(
    house: House, strict: Client
) -> None:
    asking = asked(await house.begin(strict))
    assert "MFA_SETUP" == asking.challenge
    assert {"USER_ID_FOR_SRP": "jane", "MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]'} == asking.public

    app, session = await begun_in_sign_in(house, asking)
    session = await confirmed_in_sign_in(house, session, app.code(), "phone")
    reply = await house.answer(strict, replace(asking, handle=session))

    assert isinstance(reply, SignedIn)
    user = (await house.bearer(reply.tokens)).user
    assert ((TOTP,), None) == (user.mfa, user.preferred_mfa)
    assert [(TOTP, True, "phone")] == [(one.factor, one.confirmed, one.label) for one in user.factors]
    house.clock.advance(30)
    asking = asked(await house.begin(strict))
    assert TOTP == asking.challenge
    assert isinstance(await house.answer(strict, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


async def test_each_step_of_setting_up_spends_its_session(house: House, strict: Client) -> None:
    asking = asked(await house.begin(strict))
    app, second = await begun_in_sign_in(house, asking)
    third = await confirmed_in_sign_in(house, second, app.code())

    for spent in (asking.handle, second):
        with pytest.raises(errors.InvalidSession):
            await begun_in_sign_in(house, replace(asking, handle=spent))
        with pytest.raises(errors.InvalidSession):
            await confirmed_in_sign_in(house, spent, app.code())
        with pytest.raises(errors.InvalidSession):
            await house.answer(strict, replace(asking, handle=spent))

    assert isinstance(await house.answer(strict, replace(asking, handle=third)), SignedIn)


async def test_nobody_gets_through_by_answering_without_having_set_anything_up(house: House, strict: Client) -> None:
    asking = asked(await house.begin(strict))
    with pytest.raises(errors.InvalidParameter):
        await house.answer(strict, asking)
    app, session = await begun_in_sign_in(house, asking)
    with pytest.raises(errors.InvalidParameter):
        await house.answer(strict, replace(asking, handle=session))
    with pytest.raises(errors.EnrolmentMismatch):
        await confirmed_in_sign_in(house, session, app.wrong())
    with pytest.raises(errors.InvalidParameter):
        await house.answer(strict, replace(asking, handle=session))

    session = await confirmed_in_sign_in(house, session, app.code())
    assert isinstance(await house.answer(strict, replace(asking, handle=session)), SignedIn)


async def test_five_wrong_codes_end_the_setting_up(house: House, strict: Client) -> None:
    app, session = await begun_in_sign_in(house, asked(await house.begin(strict)))
    for _ in range(5):
        with pytest.raises(errors.EnrolmentMismatch):
            await confirmed_in_sign_in(house, session, app.wrong())
    house.clock.advance(2)

    with pytest.raises(errors.InvalidSession):
        await confirmed_in_sign_in(house, session, app.code())


async def test_a_session_of_another_challenge_or_pool_sets_nothing_up(house: House, strict: Client, pool: Pool) -> None:
    await house.services.users.invite(pool, Invitation(username="john", password=PASSWORD, silent=True))
    other = asked(await house.begin(strict, "john"))
    assert "NEW_PASSWORD_REQUIRED" == other.challenge
    elsewhere = await house.pool()
    asking = asked(await house.begin(strict))
    handle = asking.handle.partition(".")[0]

    for session in (other.handle, f"{other.handle}.{pool.id}", f"{handle}.{elsewhere.id}", handle, f"{handle}.", "."):
        with pytest.raises(errors.InvalidSession):
            await begun_in_sign_in(house, replace(asking, handle=session))

    await begun_in_sign_in(house, asking)


async def test_what_was_begun_before_a_sign_out_everywhere_is_over(house: House, strict: Client, pool: Pool) -> None:
    asking = asked(await house.begin(strict))
    app, session = await begun_in_sign_in(house, asking)
    await house.services.users.sign_out_everywhere(pool, "jane")

    with pytest.raises(errors.InvalidSession):
        await confirmed_in_sign_in(house, session, app.code())


# --- what is asked for -----------------------------------------------------------------------------------------------


async def test_an_administrator_switches_a_lost_app_off_and_forgets_wrong_codes(
    house: House, client: Client, pool: Pool
) -> None:
    app = await with_app(house, client)
    asking = asked(await house.begin(client))
    for _ in range(5):
        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.wrong())
    with pytest.raises(errors.AttemptsExceeded):
        await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=app.code())

    await house.services.preferences.set_for(pool, "jane", [Wish(TOTP)])
    assert isinstance(await house.begin(client), SignedIn)

    await house.services.preferences.set_for(pool, "jane", [Wish(TOTP, enabled=True)])
    reply = await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert isinstance(reply, SignedIn)


async def test_a_factor_that_is_not_offered_any_more_costs_no_session(house: House, client: Client, pool: Pool) -> None:
    pool = await with_factors(house, pool, "ON")
    asking = asked(await house.begin(client))
    await with_factors(house, pool, "ON", SMS)
    with pytest.raises(errors.FactorNotOffered):
        await begun_in_sign_in(house, asking)
    await with_factors(house, pool, "ON")

    app, session = await begun_in_sign_in(house, asking)

    assert await confirmed_in_sign_in(house, session, app.code())


async def test_where_everybody_needs_a_factor_a_lost_app_that_is_switched_off_is_set_up_anew(
    house: House, client: Client, pool: Pool
) -> None:
    await with_app(house, client)
    pool = await with_factors(house, pool, "ON")
    assert "SOFTWARE_TOKEN_MFA" == asked(await house.begin(client)).challenge

    await house.services.preferences.set_for(pool, "jane", [Wish(TOTP)])

    assert "MFA_SETUP" == asked(await house.begin(client)).challenge


async def test_a_user_who_needs_a_factor_cannot_give_up_the_last_one(house: House, client: Client, pool: Pool) -> None:
    app = await with_app(house, client)
    reply = await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert isinstance(reply, SignedIn)
    await with_factors(house, pool, "ON")

    with pytest.raises(errors.InvalidParameter) as refused:
        await house.services.preferences.set(reply.tokens.access, [Wish(TOTP)])

    assert Reason.LAST_FACTOR_NEEDED == said(refused)
    await with_factors(house, pool, "OPTIONAL")
    await house.services.preferences.set(reply.tokens.access, [Wish(TOTP)])
    assert isinstance(await house.begin(client), SignedIn)


async def test_who_prefers_a_factor_has_it_asked_for(house: House, client: Client) -> None:
    tokens = await house.sign_in(client)
    await enrolled(house, tokens)

    await house.services.preferences.set(tokens.access, [Wish(TOTP, preferred=True)])

    user = (await house.bearer(tokens)).user
    assert ((TOTP,), TOTP) == (user.mfa, user.preferred_mfa)
    await house.services.preferences.set(tokens.access, [Wish(TOTP, enabled=True)])
    assert (await house.bearer(tokens)).user.preferred_mfa is None


async def test_two_preferred_factors_are_none(house: House, client: Client) -> None:
    tokens = await house.sign_in(client)

    with pytest.raises(errors.InvalidParameter) as refused:
        await house.services.preferences.set(tokens.access, [Wish(SMS, preferred=True), Wish(EMAIL, preferred=True)])

    assert Reason.FACTORS_PREFERRED == said(refused)


async def test_a_pool_that_offers_the_app_no_more_still_asks_those_who_have_it(
    house: House, client: Client, pool: Pool
) -> None:
    """Contract: section 9.1. Where the pool has second factors at all."""
    app = await with_app(house, client)
    stored = await house.services.pools.get(pool.id)
    await house.built.ports.pools.save(changed(stored, mfa=changed(stored.mfa, factors=(SMS,))))
    asking = asked(await house.begin(client))
    assert TOTP == asking.challenge
    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)

    await house.services.pools.set_mfa(pool.id, MfaSettings(mode="OFF"))
    assert isinstance(await house.begin(client), SignedIn)


async def test_the_secret_is_sealed_for_its_user_and_stands_in_no_text(house: House, client: Client) -> None:
    app: App = await with_app(house, client)
    stored = [
        json.dumps(entry.value)
        for collection in collections.ALL
        for entry in (await house.built.store.find(collection, Query(limit=1000))).entries
    ]
    user = await house.services.users.require(await house.services.pools.get(client.pool_id), "jane")

    assert [] == [text for text in stored if app.secret in text]
    (enrolment,) = user.factors
    assert enrolment.sealed not in repr(user) + repr(enrolment)
