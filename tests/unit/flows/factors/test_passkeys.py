"""Passkeys: registered, offered, used as a first proof or as both, listed and deleted."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.factors.passkeys import MOST
from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.clients import Client
from poolhouse.records.factors import Passkey
from poolhouse.server.passkey_options import creation_options
from poolhouse.testing import VirtualAuthenticator
from tests.support.factors import (
    SMS,
    TOTP,
    asked,
    begun_in_sign_in,
    confirmed_in_sign_in,
    enrolled,
    preferring,
    with_app,
)
from tests.support.house import House, opened_house
from tests.support.passkeys import (
    FLOWS,
    ORIGIN,
    RP_ID,
    WEB_AUTHN,
    answered,
    begun,
    by_passkey,
    options_of,
    registered,
    with_passkey,
    with_passkeys,
)
from tests.support.sign_in import SignedIn


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house() as house:
        yield house


def copies(passkey: Passkey, number: int) -> list[Passkey]:
    return [replace(passkey, id=f"id{n}", version=0) for n in range(number)]


async def test_the_options_of_a_registration_are_those_of_the_pool(house: House) -> None:
    _, client = await with_passkeys(house, verification="required")
    user = await house.user(client)
    tokens = await house.sign_in(client)
    key = await registered(house, tokens)

    options = creation_options(await house.services.passkeys.start(tokens.access))

    assert {"id": RP_ID, "name": RP_ID} == options["rp"]
    assert "jane" == options["user"]["name"]
    assert 32 == len(base64.urlsafe_b64decode(options["challenge"] + "="))
    assert [key.ids[0]] == [base64.urlsafe_b64decode(each["id"] + "=") for each in options["excludeCredentials"]]
    assert "required" == options["authenticatorSelection"]["userVerification"]
    assert "none" == options["attestation"]
    assert "jane" not in base64.urlsafe_b64decode(options["user"]["id"] + "==").decode()
    again = creation_options(await house.services.passkeys.start(tokens.access))
    assert options["user"] == again["user"]
    assert options["challenge"] != again["challenge"]
    assert user.sub == base64.urlsafe_b64decode(options["user"]["id"] + "==").decode()


async def test_a_pool_says_whether_there_are_passkeys_and_for_which_domain(house: House) -> None:
    client = await house.client(await house.pool())
    await house.user(client)
    with pytest.raises(errors.PasskeysNotEnabled):
        await house.services.passkeys.start((await house.sign_in(client)).access)

    pool = await house.pool(first_factors=("PASSWORD", WEB_AUTHN))
    client = await house.client(pool)
    await house.user(client)
    with pytest.raises(errors.PasskeysNotConfigured):
        await house.services.passkeys.start((await house.sign_in(client)).access)


async def test_a_user_has_twenty_passkeys_at_most(house: House) -> None:
    pool, client = await with_passkeys(house)
    user = await house.user(client)
    tokens = await house.sign_in(client)
    await registered(house, tokens)
    passkeys = house.built.ports.passkeys
    (first,) = await passkeys.of(pool.id, user.sub)
    started = [creation_options(await house.services.passkeys.start(tokens.access)) for _ in range(3)]
    for passkey in copies(first, MOST - 2):
        await passkeys.add(passkey)

    done = await asyncio.gather(
        *(
            house.services.passkeys.complete(tokens.access, VirtualAuthenticator().create(options, ORIGIN))
            for options in started
        ),
        return_exceptions=True,
    )

    assert MOST >= len(await passkeys.of(pool.id, user.sub))
    assert 2 <= sum(isinstance(each, errors.LimitExceeded) for each in done)
    await passkeys.delete(pool.id, "id0")
    await registered(house, tokens)
    if len(await passkeys.of(pool.id, user.sub)) < MOST:
        await registered(house, tokens)
    with pytest.raises(errors.LimitExceeded):
        await house.services.passkeys.start(tokens.access)


async def test_passkeys_are_listed_page_by_page_and_deleted_one_by_one(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    tokens = await house.sign_in(client)
    await registered(house, tokens, key)
    passkeys = house.services.passkeys

    first = await passkeys.page(tokens.access, 1, None)
    second = await passkeys.page(tokens.access, 1, first.cursor)

    assert 2 == len({passkey.id for passkey in (*first.items, *second.items)})
    assert second.cursor is None
    await passkeys.delete(tokens.access, first.items[0].id)
    assert [second.items[0].id] == [passkey.id for passkey in (await passkeys.page(tokens.access, 20, None)).items]
    with pytest.raises(errors.PasskeyNotFound):
        await passkeys.delete(tokens.access, first.items[0].id)


async def test_anothers_passkey_is_neither_seen_nor_deleted(house: House) -> None:
    _, client = await with_passkeys(house)
    await with_passkey(house, client)
    await house.user(client, "john")
    tokens, johns = await house.sign_in(client), await house.sign_in(client, "john")
    (held,) = (await house.services.passkeys.page(tokens.access, 20, None)).items

    with pytest.raises(errors.PasskeyNotFound):
        await house.services.passkeys.delete(johns.access, held.id)

    assert [] == (await house.services.passkeys.page(johns.access, 20, None)).items
    assert [held] == (await house.services.passkeys.page(tokens.access, 20, None)).items


async def test_the_passkeys_of_a_user_go_with_the_user(house: House) -> None:
    pool, client = await with_passkeys(house)
    await with_passkey(house, client)
    user = (await house.bearer(await house.sign_in(client))).user
    assert 1 == len(await house.built.ports.passkeys.of(pool.id, user.sub))

    await house.services.users.delete(pool, "jane")

    assert [] == await house.built.ports.passkeys.of(pool.id, user.sub)


async def test_an_authenticator_that_says_what_it_is_gives_its_passkey_a_name(house: House) -> None:
    _, client = await with_passkeys(house)
    provider = bytes.fromhex("fbfc3007154e4ecc8c0b6e020557d7bd")
    await with_passkey(house, client, provider=provider)
    tokens = await house.sign_in(client)
    await registered(house, tokens)

    names = {passkey.name for passkey in (await house.services.passkeys.page(tokens.access, 20, None)).items}

    assert {"iCloud Keychain", "Passkey"} == names


# --- offered ---------------------------------------------------------------------------------------------------------


async def test_passkeys_are_offered_to_those_who_have_one(house: House) -> None:
    _, client = await with_passkeys(house)
    await with_passkey(house, client)
    await house.user(client, "john")

    with_one = asked(await house.begin(client, "jane", flow="USER_AUTH"))
    without = asked(await house.begin(client, "john", flow="USER_AUTH", PREFERRED_CHALLENGE=WEB_AUTHN))

    assert ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", WEB_AUTHN) == with_one.available
    assert ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP") == without.available
    shown = await house.services.preferences.show((await house.sign_in(client)).access)
    assert WEB_AUTHN in shown.configured
    shown = await house.services.preferences.show((await house.sign_in(client, "john")).access)
    assert WEB_AUTHN not in shown.configured


async def test_a_choice_leads_to_the_passkey(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    choice = asked(await house.begin(client, "jane", flow="USER_AUTH"))

    asking = asked(await house.answer(client, choice, ANSWER=WEB_AUTHN))

    assert WEB_AUTHN == asking.challenge
    assert {"CREDENTIAL_REQUEST_OPTIONS"} == asking.public.keys()
    assert isinstance(await answered(house, client, asking, key.get(options_of(asking), ORIGIN)), SignedIn)


async def test_a_choice_may_bring_the_answer_to_what_was_asked_before_it(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    credential = json.dumps(key.get(options_of(asking), ORIGIN))
    chosen = type(asking)("SELECT_CHALLENGE", asking.handle)

    assert isinstance(await house.answer(client, chosen, ANSWER=WEB_AUTHN, CREDENTIAL=credential), SignedIn)


async def test_an_answer_to_nothing_that_was_asked_leads_to_the_question(house: House) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    credential = json.dumps(key.get(options_of(await begun(house, client)), ORIGIN))
    choice = asked(await house.begin(client, "jane", flow="USER_AUTH"))

    asking = asked(await house.answer(client, choice, ANSWER=WEB_AUTHN, CREDENTIAL=credential))

    assert WEB_AUTHN == asking.challenge


@pytest.mark.parametrize(
    "credential",
    ["", "{", "[]", "null", '{"id": "a"}', '{"id": 1, "response": {}}', '{"id": "/", "response": {}}', "[" * 9000],
)
async def test_what_cannot_be_an_answer_loses_nothing(house: House, credential: str) -> None:
    _, client = await with_passkeys(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    for _ in range(7):
        with pytest.raises(errors.InvalidParameter):
            await house.answer(client, asking, CREDENTIAL=credential)

    assert isinstance(await answered(house, client, asking, key.get(options_of(asking), ORIGIN)), SignedIn)


# --- both factors in one ---------------------------------------------------------------------------------------------


async def both(house: House, mode: str, *, enabled: bool = True) -> tuple[Client, VirtualAuthenticator]:
    """A pool in which a verified passkey stands for both, and jane, who has an app too."""
    _, client = await with_passkeys(house, mode=mode, factors=(TOTP,), instead=True)
    await house.user(client)
    reply = asked(await house.begin(client)) if mode == "ON" else None
    if reply is not None:
        app, session = await begun_in_sign_in(house, reply)
        session = await confirmed_in_sign_in(house, session, app.code())
        done = await house.answer(client, type(reply)("MFA_SETUP", session))
        assert isinstance(done, SignedIn)
        tokens = done.tokens
    else:
        tokens = await house.sign_in(client)
        await enrolled(house, tokens)
        await preferring(house, tokens, TOTP)
    key = await registered(house, tokens, VirtualAuthenticator())
    if enabled:
        await house.services.preferences.set(tokens.access, [Wish(WEB_AUTHN, enabled=True)])
    return client, key


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
async def test_a_verified_passkey_stands_for_both_factors_where_pool_and_user_say_so(house: House, mode: str) -> None:
    client, key = await both(house, mode)

    assert isinstance(await by_passkey(house, client, key), SignedIn)


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
async def test_who_did_not_say_so_is_not_offered_a_passkey(house: House, mode: str) -> None:
    client, _ = await both(house, mode, enabled=False)

    reply = asked(await house.begin(client, flow="USER_AUTH", PREFERRED_CHALLENGE=WEB_AUTHN))

    assert "SELECT_CHALLENGE" == reply.challenge
    assert WEB_AUTHN not in reply.available


async def test_a_factor_that_is_asked_for_since_is_not_passed_by_a_passkey_alone(house: House) -> None:
    _, client = await with_passkeys(house, mode="OPTIONAL", factors=(TOTP,))
    key = await with_passkey(house, client)
    asking = await begun(house, client)
    await with_app(house, client)

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.get(options_of(asking), ORIGIN))


async def test_a_passkey_for_both_is_not_the_only_second_factor_of_a_user(house: House) -> None:
    _, client = await with_passkeys(house, mode="OPTIONAL", factors=(TOTP, SMS), instead=True)
    await with_passkey(house, client)
    tokens = await house.sign_in(client)
    with pytest.raises(errors.InvalidParameter, match="another MFA method"):
        await house.services.preferences.set(tokens.access, [Wish(WEB_AUTHN, enabled=True)])
    await enrolled(house, tokens)
    await house.services.preferences.set(tokens.access, [Wish(TOTP, enabled=True), Wish(WEB_AUTHN, enabled=True)])
    assert (await house.bearer(tokens)).user.passkey_mfa

    await house.services.preferences.set(tokens.access, [Wish(TOTP, enabled=False)])

    assert not (await house.bearer(tokens)).user.passkey_mfa


async def test_a_pool_in_which_passkeys_are_one_factor_does_not_take_them_for_two(house: House) -> None:
    _, client = await with_passkeys(house, mode="OPTIONAL", factors=(TOTP,))
    await with_passkey(house, client)
    await with_app(house, client)
    pool = await house.services.pools.get(client.pool_id)

    with pytest.raises(errors.InvalidParameter, match="MULTI_FACTOR_WITH_USER_VERIFICATION"):
        await house.services.preferences.set_for(pool, "jane", [Wish(WEB_AUTHN, enabled=True)])


# --- who exists ------------------------------------------------------------------------------------------------------


async def hiding(house: House) -> Client:
    pool, _ = await with_passkeys(house)
    return await house.client(pool, flows=FLOWS, hides_users=True)


async def test_a_name_that_nobody_has_is_asked_for_a_passkey_that_stays_the_same(house: House) -> None:
    client = await hiding(house)
    await house.user(client, "john")
    await with_passkey(house, client)

    known, nobody, again, other, without = [
        options_of(await begun(house, client, name)) for name in ("jane", "nobody", "nobody", "no-one", "john")
    ]

    shapes = {json.dumps([sorted(each), sorted(each["allowCredentials"][0])]) for each in (known, nobody, without)}
    assert 1 == len(shapes)
    assert nobody["allowCredentials"] == again["allowCredentials"] != other["allowCredentials"]
    assert nobody["challenge"] != again["challenge"]
    assert nobody["allowCredentials"][0]["id"] != without["allowCredentials"][0]["id"]


async def test_an_answer_for_a_name_that_nobody_has_fails_as_a_wrong_one_does(house: House) -> None:
    client = await hiding(house)
    key = await with_passkey(house, client)
    asking = await begun(house, client, "nobody")
    credential = key.sign(key.ids[0], options_of(asking), ORIGIN)

    with pytest.raises(errors.WrongCredentials) as nobodys:
        await answered(house, client, asking, credential, "nobody")
    asking = await begun(house, client)
    with pytest.raises(errors.WrongCredentials) as janes:
        await answered(house, client, asking, key.get(options_of(asking), "https://example.org"))

    assert str(nobodys.value) == str(janes.value)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rp_id",
    [
        "com",
        "https://example.com",
        "example.com:443",
        "192.0.2.1",
        "[2001:db8::1]",
        "Example.com",
        ".example.com",
        "example..com",
        "-a.com",
        "a_b.com",
        "*.example.com",
        "example.com.",
    ],
)
async def test_what_is_no_domain_is_refused(house: House, rp_id: str) -> None:
    with pytest.raises(errors.InvalidParameter, match="RelyingPartyId"):
        await with_passkeys(house, rp_id=rp_id)


async def test_where_everybody_needs_two_a_passkey_has_to_be_both(house: House) -> None:
    pool, _ = await with_passkeys(house)
    with pytest.raises(errors.InvalidParameter, match="Cannot set WebAuthn factor configuration to SINGLE_FACTOR"):
        await house.services.pools.set_mfa(pool.id, MfaSettings(mode="ON", factors=(TOTP,)))

    await with_passkeys(house, mode="ON", factors=(TOTP,), instead=True)


async def test_passkeys_are_not_the_only_way_in(house: House) -> None:
    with pytest.raises(errors.InvalidParameter, match="only allowed first auth factor"):
        await house.pool(first_factors=(WEB_AUTHN,))


async def test_a_second_factor_that_is_set_leaves_what_was_said_of_passkeys(house: House) -> None:
    pool, _ = await with_passkeys(house)

    changed = await house.services.pools.set_mfa(pool.id, MfaSettings(mode="OPTIONAL", factors=(TOTP,)))

    assert changed.passkeys is not None
    assert RP_ID == changed.passkeys.rp_id
