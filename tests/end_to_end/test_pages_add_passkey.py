"""A passkey that is added on the hosted pages, where a client sends its user."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from poolhouse.flows.oauth.errands import RECENT
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.factors import Passkey
from poolhouse.records.pools import PasskeyPolicy
from poolhouse.records.users import User
from poolhouse.testing import VirtualAuthenticator
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, first_factors, site
from tests.support.passkeys import ORIGIN, RP_ID, WEB_AUTHN
from tests.support.robot import Screen


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        pool = await first_factors(opened, "PASSWORD", WEB_AUTHN)
        await opened.house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(rp_id=RP_ID)))
        yield opened


def address(at: Site, **changes: str | None) -> str:
    said = {"client_id": at.oauth.app.id, "redirect_uri": at.oauth.app.callback_urls[0], **changes}
    return f"{at.oauth.pool.id}/passkeys/add?{urlencode({name: text for name, text in said.items() if text})}"


async def signed_in(at: Site, name: str, screen: Screen | None = None) -> Screen:
    """By a password."""
    ways = await at.robot.send(screen or await at.start(prompt="login"), username=name)
    asked = await at.robot.send(ways, press="PASSWORD")
    return await at.robot.send(asked, password=PASSWORD)


async def passkeys(at: Site, user: User) -> list[Passkey]:
    return list(await at.house.built.ports.passkeys.of(user.pool_id, user.sub))


def made(at: Site, screen: Screen, key: VirtualAuthenticator, origin: str = ORIGIN) -> str:
    return json.dumps(key.create(at.options(screen), origin))


async def test_who_is_signed_in_adds_a_passkey_and_goes_back_with_nothing_and_signs_in_by_it(at: Site) -> None:
    key = VirtualAuthenticator()
    await signed_in(at, "jane")

    page = await at.robot.open(address(at))
    assert (200, "add") == (page.status, page.page)
    before = dict(at.robot.cookies)
    back = await at.robot.send(page, credential=made(at, page, key), without=("do",))

    assert at.oauth.app.callback_urls[0] == back.left
    assert 1 == len(await passkeys(at, at.oauth.user))
    assert before != at.robot.cookies, "the session has the handle that it had before (row 22)"
    assert "code" in (await at.start()).answer
    first = await at.start(robot=(other := at.another()))
    arrived = await other.send(first, credential=json.dumps(key.get(at.options(first), ORIGIN)))
    assert at.oauth.user.sub == claims_of((await at.redeem(arrived)).json["id_token"])["sub"]
    assert 400 == (await at.robot.again(page)).status


async def test_who_is_not_signed_in_signs_in_first(at: Site) -> None:
    first = await at.robot.open(address(at))
    assert "login" == first.page

    page = await signed_in(at, "jane", first)

    assert "add" == page.page


async def test_who_did_not_sign_in_lately_does_so_again(at: Site) -> None:
    await signed_in(at, "jane")
    at.house.clock.advance(RECENT - 5)
    page = await at.robot.open(address(at))
    assert "add" == page.page
    credential = made(at, page, VirtualAuthenticator())
    at.house.clock.advance(10)

    late = await at.robot.send(page, credential=credential, without=("do",))

    assert "login" == late.page
    assert "login" == (await at.robot.open(address(at))).page
    assert [] == await passkeys(at, at.oauth.user)


async def test_not_now_leads_back_and_adds_nothing(at: Site) -> None:
    await signed_in(at, "jane")

    back = await at.robot.send(await at.robot.open(address(at)), press="later")

    assert at.oauth.app.callback_urls[0] == back.left
    assert [] == await passkeys(at, at.oauth.user)


async def test_row_29_a_passkey_is_for_who_was_shown_and_not_for_whom_another_tab_changed_to(at: Site) -> None:
    bob = await at.house.user(at.oauth.app, "bob")
    await signed_in(at, "jane")
    page = await at.robot.open(address(at))
    assert "jane" in page.text
    await signed_in(at, "bob")

    told = await at.robot.send(page, credential=made(at, page, VirtualAuthenticator()), without=("do",))

    assert (422, "add") == (told.status, told.page)
    assert "another account" in " ".join(told.problems)
    assert "bob" in told.text
    assert [[], []] == [await passkeys(at, user) for user in (bob, at.oauth.user)]


@pytest.mark.parametrize("sent", ["", "null", "[]", "{}", "[" * 5000, json.dumps({"response": 1})])
async def test_row_30_what_is_no_passkey_is_none(at: Site, sent: str) -> None:
    await signed_in(at, "jane")
    page = await at.robot.open(address(at))

    told = await at.robot.send(page, credential=sent, without=("do",))

    assert (422, "add") == (told.status, told.page)
    assert [] == await passkeys(at, at.oauth.user)


async def test_row_30_a_passkey_of_another_site_or_one_asked_for_twice_is_none(at: Site) -> None:
    await signed_in(at, "jane")
    page = await at.robot.open(address(at))
    evil = made(at, page, VirtualAuthenticator(), "https://evil.example.net")

    told = await at.robot.send(page, credential=evil, without=("do",))
    again = await at.robot.send(page, credential=made(at, page, VirtualAuthenticator()), without=("do",))

    assert [422, 422] == [told.status, again.status]
    assert [] == await passkeys(at, at.oauth.user)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example.net/"},
        {"client_id": "nobody"},
        {"client_id": None},
    ],
)
async def test_row_19_nobody_is_sent_where_the_client_has_no_address(at: Site, changes: dict[str, str | None]) -> None:
    await signed_in(at, "jane")

    told = await at.robot.open(address(at, **changes))

    assert (400, None) == (told.status, told.left)


async def test_a_request_for_a_code_is_no_errand_and_an_errand_gives_no_code(at: Site) -> None:
    first = await at.start()
    told = await at.robot.open(first.address.replace("/login?", "/passkeys/add?"))
    assert 400 == told.status
    await signed_in(at, "jane")
    page = await at.robot.open(address(at))

    for other in ("consent", "accounts"):
        sent = {"_csrf": page.form.fields["_csrf"], "do": "allow", "account": at.oauth.user.sub}
        told = await at.robot.post(page.address.replace("/passkeys/add?", f"/{other}?"), sent)
        assert told.left is None
    assert await at.house.built.ports.consents.get(at.oauth.pool.id, at.oauth.user.sub, at.oauth.app.id) is None


async def test_a_pool_without_passkeys_has_no_such_page(at: Site) -> None:
    await first_factors(at, "PASSWORD")

    assert 400 == (await at.robot.open(address(at))).status
