"""Rows 29 and 30: in a sign-in that begins without a name, the passkey's own record says who it is, the authenticator
has to mean the same user, and the pool's policy counts as elsewhere. Rows 26 and 12: it is counted, and answered
once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.protection.lockout import FREE_FAILURES
from poolhouse.flows.sign_in.machine import Asking, Finished, Reply
from poolhouse.flows.sign_in.questions import Chosen, CodeGiven, Given, UsePasskey
from poolhouse.hooks.events.sign_in import PreAuthentication
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.server.passkey_options import request_options
from poolhouse.testing import VirtualAuthenticator
from tests.support.factors import TOTP, with_app
from tests.support.house import House, opened_house
from tests.support.passkeys import FLOWS, ORIGIN, WEB_AUTHN, by_passkey, with_passkey, with_passkeys
from tests.support.sign_in import Asking as Shown
from tests.support.sign_in import SignedIn


async def with_pages(house: House, **policy: Any) -> tuple[Pool, Client]:
    """A pool whose users begin by passkeys, and a client that sends them to the hosted pages."""
    pool, _ = await with_passkeys(house, **policy)
    return pool, await house.services.clients.create(
        pool.id,
        "web",
        ClientSettings(
            flows=FLOWS,
            oauth_enabled=True,
            oauth_flows=("code",),
            oauth_scopes=("openid", "aws.cognito.signin.user.admin"),
            callback_urls=("https://app.example.com/callback",),
            identity_providers=("COGNITO",),
        ),
        generates_secret=False,
    )


async def begun(house: House, client: Client) -> tuple[Asking, dict[str, Any]]:
    """The question, and what the browser is told of it."""
    asking = await house.services.hosted.begin_by_passkey(client)
    assert isinstance(asking, Asking)
    assert isinstance(asking.question, UsePasskey)
    return asking, request_options(asking.question)


async def answered(house: House, client: Client, asking: Asking, credential: Mapping[str, Any]) -> Reply:
    given = Chosen(WEB_AUTHN, credential=json.dumps(credential))
    return await house.services.hosted.answer(client, "", WEB_AUTHN, asking.handle, given)


async def signed_in(house: House, client: Client, key: VirtualAuthenticator) -> Reply:
    asking, options = await begun(house, client)
    return await answered(house, client, asking, key.get(options, ORIGIN))


async def test_whose_passkey_it_is_is_signed_in(house: House) -> None:
    _, client = await with_pages(house)
    keys = {name: await with_passkey(house, client, name) for name in ("jane", "john")}

    for name, key in keys.items():
        reply = await signed_in(house, client, key)
        assert isinstance(reply, Finished)
        assert (name, ("verified-passkey",)) == (reply.user.username, reply.proofs)


async def test_the_question_names_no_passkey_and_nobody(house: House) -> None:
    _, client = await with_pages(house)
    before, _ = await begun(house, client)
    await with_passkey(house, client)

    after, options = await begun(house, client)

    assert isinstance(before.question, UsePasskey)
    assert isinstance(after.question, UsePasskey)
    assert replace(before.question, challenge="") == replace(after.question, challenge="")
    assert [] == options["allowCredentials"]


@pytest.mark.parametrize("handle", [None, "", "johns"])
async def test_an_authenticator_that_does_not_mean_the_owner_proves_nothing(house: House, handle: str | None) -> None:
    _, client = await with_pages(house)
    key = await with_passkey(house, client)
    johns = await with_passkey(house, client, "john")
    asking, options = await begun(house, client)
    credential = key.get(options, ORIGIN)
    whom = johns.get(options, ORIGIN)["response"]["userHandle"] if handle == "johns" else handle

    credential["response"]["userHandle"] = whom
    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, credential)


async def test_the_id_of_anothers_passkey_signs_nobody_in(house: House) -> None:
    """John's signature over the challenge, under the id of jane's passkey and with her handle."""
    _, client = await with_pages(house)
    janes = await with_passkey(house, client)
    johns = await with_passkey(house, client, "john")
    asking, options = await begun(house, client)
    credential, meant = johns.get(options, ORIGIN), janes.get(options, ORIGIN)

    credential["id"] = credential["rawId"] = meant["id"]
    credential["response"]["userHandle"] = meant["response"]["userHandle"]
    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, credential)


async def test_a_passkey_that_was_deleted_is_nobodys(house: House) -> None:
    pool, client = await with_pages(house)
    key = await with_passkey(house, client)
    await house.services.users.delete(pool, "jane")

    with pytest.raises(errors.WrongCredentials):
        await signed_in(house, client, key)


async def test_a_passkey_of_another_pool_is_nobodys(house: House) -> None:
    _, client = await with_pages(house)
    _, other = await with_pages(house)
    key = await with_passkey(house, other)

    with pytest.raises(errors.WrongCredentials):
        await signed_in(house, client, key)


async def test_who_is_disabled_is_answered_as_somebody_unknown(house: House) -> None:
    pool, client = await with_pages(house)
    key = await with_passkey(house, client)
    await house.services.users.disable(pool, "jane")

    with pytest.raises(errors.WrongCredentials):
        await signed_in(house, client, key)


async def test_who_has_a_second_factor_begins_otherwise(house: House) -> None:
    """One factor of two: unless pool and user take a passkey for both."""
    _, client = await with_pages(house, mode="OPTIONAL", factors=(TOTP,))
    key = await with_passkey(house, client)
    assert isinstance(await signed_in(house, client, key), Finished)
    await with_app(house, client)

    with pytest.raises(errors.WrongCredentials):
        await signed_in(house, client, key)


@pytest.mark.parametrize("knows_user", [True, False])
async def test_where_the_pool_wants_the_user_known_the_authenticator_has_to(house: House, knows_user: bool) -> None:
    _, client = await with_pages(house, verification="required")
    key = await with_passkey(house, client)
    key.knows_user = knows_user

    if knows_user:
        assert isinstance(await signed_in(house, client, key), Finished)
    else:
        with pytest.raises(errors.WrongCredentials):
            await signed_in(house, client, key)


async def test_a_page_of_somebody_else_gets_nobody_in(house: House) -> None:
    _, client = await with_pages(house)
    key = await with_passkey(house, client)
    asking, options = await begun(house, client)

    with pytest.raises(errors.WrongCredentials):
        await answered(house, client, asking, key.get(options, "https://evil.example.org"))


async def test_a_copy_is_found_by_its_count(house: House) -> None:
    _, client = await with_pages(house)
    key = await with_passkey(house, client, counts=True)
    assert isinstance(await signed_in(house, client, key), Finished)
    key.sign_count -= 1

    with pytest.raises(errors.WrongCredentials):
        await signed_in(house, client, key)


# --- how often -------------------------------------------------------------------------------------------------------


async def test_wrong_answers_are_counted_with_those_that_began_with_a_name(house: House) -> None:
    _, client = await with_pages(house)
    key = await with_passkey(house, client)
    for _ in range(FREE_FAILURES):
        asking, options = await begun(house, client)
        with pytest.raises(errors.WrongCredentials):
            await answered(house, client, asking, key.get(options, "https://evil.example.org"))

    with pytest.raises(errors.AttemptsExceeded):
        await signed_in(house, client, key)
    with pytest.raises(errors.AttemptsExceeded):
        await by_passkey(house, client, key)


async def test_wrong_answers_by_a_passkey_that_nobody_has_are_counted_too(house: House) -> None:
    _, client = await with_pages(house)
    _, other = await with_pages(house)
    key = await with_passkey(house, other)
    for _ in range(FREE_FAILURES):
        with pytest.raises(errors.WrongCredentials):
            await signed_in(house, client, key)

    with pytest.raises(errors.AttemptsExceeded):
        await signed_in(house, client, key)


async def test_of_a_hundred_answers_at_once_one_is_taken(house: House) -> None:
    _, client = await with_pages(house)
    key = await with_passkey(house, client)
    asking, options = await begun(house, client)
    credential = key.get(options, ORIGIN)

    tries = [answered(house, client, asking, credential) for _ in range(100)]
    outcomes = Counter(type(one).__name__ for one in await asyncio.gather(*tries, return_exceptions=True))

    assert {"Finished": 1, "InvalidSession": 99} == outcomes


async def test_what_is_no_answer_leaves_the_question_open_to_anybody(house: House) -> None:
    _, client = await with_pages(house)
    janes = await with_passkey(house, client)
    johns = await with_passkey(house, client, "john")
    asking, options = await begun(house, client)
    broken = {"id": janes.get(options, ORIGIN)["id"]}

    for credential in ({}, broken):
        with pytest.raises(errors.InvalidParameter):
            await answered(house, client, asking, credential)
    reply = await answered(house, client, asking, johns.get(options, ORIGIN))

    assert isinstance(reply, Finished)
    assert "john" == reply.user.username


@pytest.mark.parametrize("given", [Chosen("PASSWORD", password="x"), CodeGiven("1"), Chosen(WEB_AUTHN)])
async def test_no_other_answer_will_do(house: House, given: Given) -> None:
    _, client = await with_pages(house)
    await with_passkey(house, client)
    asking, _ = await begun(house, client)

    with pytest.raises((errors.InvalidParameter, errors.InvalidSession)):
        await house.services.hosted.answer(client, "", WEB_AUTHN, asking.handle, given)


# --- where it begins -------------------------------------------------------------------------------------------------


async def test_it_is_asked_where_the_pool_has_passkeys_and_the_client_pages(house: House) -> None:
    pool, without_pages = await with_passkeys(house)
    other, _ = await with_pages(house)
    _, with_them = await with_pages(house)
    await house.built.ports.pools.save(replace(other, first_factors=("PASSWORD",)))

    with pytest.raises(errors.InvalidParameter):
        await house.services.hosted.begin_by_passkey(without_pages)
    with pytest.raises(errors.InvalidParameter):
        await house.services.hosted.begin_by_passkey(replace(with_them, pool_id=other.id))
    assert pool.passkeys is not None


async def test_an_answer_by_the_json_api_is_none(house: House) -> None:
    _, client = await with_pages(house)
    key = await with_passkey(house, client)
    asking, options = await begun(house, client)
    shown = Shown(WEB_AUTHN, asking.handle)
    with pytest.raises(errors.InvalidParameter):
        await house.answer(client, shown, "", CREDENTIAL=json.dumps(key.get(options, ORIGIN)))
    with pytest.raises(errors.InvalidSession):
        await house.answer(client, shown, "jane", CREDENTIAL=json.dumps(key.get(options, ORIGIN)))


class Doorman:
    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    @hookimpl
    def pre_authentication(self, event: PreAuthentication) -> None:
        self.asked.append((event.username, event.user_not_found))


async def test_plugins_hear_of_it_when_it_is_known_who_it_is() -> None:
    doorman = Doorman()
    async with opened_house(plugins=[("doorman", doorman)]) as house:
        _, client = await with_pages(house)
        key = await with_passkey(house, client)
        doorman.asked.clear()
        asking, options = await begun(house, client)
        before = list(doorman.asked)
        await answered(house, client, asking, key.get(options, ORIGIN))

        assert ([], [("jane", False)]) == (before, doorman.asked)


async def test_a_passkey_that_stands_for_both_factors_needs_no_name_either(house: House) -> None:
    _, client = await with_pages(house, mode="OPTIONAL", factors=(TOTP,), instead=True)
    key = await with_passkey(house, client)
    app = await with_app(house, client)
    tokens = await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert isinstance(tokens, SignedIn)
    await house.services.preferences.set(tokens.tokens.access, [Wish(WEB_AUTHN, enabled=True)])

    assert isinstance(await signed_in(house, client, key), Finished)
