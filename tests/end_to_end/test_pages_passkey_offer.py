"""A passkey is offered after a sign-in by password, once, to who has none, in a pool that has passkeys."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.factors import Passkey
from poolhouse.records.pools import PasskeyPolicy
from poolhouse.records.users import User
from poolhouse.server.pages.offer import NEVER, NOT_NOW
from poolhouse.testing import VirtualAuthenticator
from tests.support.factors import TOTP, with_app
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, first_factors, site_for_browsers
from tests.support.passkeys import WEB_AUTHN
from tests.support.robot import Robot, Screen

OFFER = "Sign in faster with a passkey"


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site_for_browsers() as opened:
        pool = await first_factors(opened, "PASSWORD", WEB_AUTHN)
        await opened.house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(rp_id="localhost")))
        yield opened


async def by_password(at: Site, name: str = "jane", robot: Robot | None = None, **changes: str | None) -> Screen:
    robot = robot or at.robot
    ways = await robot.send(await at.start(robot=robot, **{"prompt": "login", **changes}), username=name)
    return await robot.send(await robot.send(ways, press="PASSWORD"), password=PASSWORD)


async def passkeys(at: Site, user: User | None = None) -> list[Passkey]:
    return list(await at.house.built.ports.passkeys.of(at.oauth.pool.id, (user or at.oauth.user).sub))


def made(at: Site, screen: Screen) -> str:
    return json.dumps(VirtualAuthenticator().create(at.options(screen), at.robot.origin))


async def test_who_has_no_passkey_is_offered_one_and_goes_on_with_it(at: Site) -> None:
    offer = await by_password(at)
    assert (OFFER, 200) == (offer.heading, offer.status)
    assert OFFER == (await at.robot.again(offer)).heading
    before = dict(at.robot.cookies)

    arrived = await at.robot.send(offer, credential=made(at, offer), without=("do",))

    assert ["pwd"] == claims_of((await at.redeem(arrived)).json["id_token"])["amr"]
    assert 1 == len(await passkeys(at))
    assert before != at.robot.cookies, "the session has the handle that it had before (row 22)"
    assert "code" in (await at.start()).answer


@pytest.mark.parametrize(("button", "seconds"), [("later", NOT_NOW), ("never", NEVER)])
async def test_who_does_not_want_one_goes_on_and_is_not_asked_again_in_this_browser(
    at: Site, button: str, seconds: int
) -> None:
    arrived = await at.robot.send(await by_password(at), press=button)
    assert "code" in arrived.answer

    assert "code" in (await by_password(at)).answer
    assert f"Max-Age={seconds}" in [line for line in at.robot.set if "offered" in line][-1]
    assert OFFER == (await by_password(at, robot=at.another())).heading
    assert [] == await passkeys(at)


async def test_what_was_offered_once_is_not_offered_again_whatever_was_said_to_it(at: Site) -> None:
    await by_password(at)

    assert "code" in (await by_password(at)).answer


async def test_nobody_is_offered_what_they_have_or_what_the_pool_has_not(at: Site) -> None:
    await at.robot.send(offer := await by_password(at), credential=made(at, offer), without=("do",))
    assert "code" in (await by_password(at, robot=at.another())).answer

    await at.house.user(at.oauth.app, "bob")
    pool = await first_factors(at, "PASSWORD")
    assert (
        "code"
        in (await (other := at.another()).send(await at.start(robot=other), username="bob", password=PASSWORD)).answer
    )
    assert () != pool.first_factors


async def test_where_passkeys_of_the_pool_cannot_be_made_none_is_offered(at: Site) -> None:
    policy = MfaSettings(passkeys=PasskeyPolicy(rp_id="people.example.com"))
    await at.house.services.pools.set_mfa(at.oauth.pool.id, policy)

    assert "code" in (await by_password(at)).answer


async def test_whom_a_passkey_could_not_sign_in_is_offered_none(at: Site) -> None:
    settings = MfaSettings(mode="OPTIONAL", factors=(TOTP,), passkeys=PasskeyPolicy(rp_id="localhost"))
    await at.house.services.pools.set_mfa(at.oauth.pool.id, settings)
    app = await with_app(at.house, at.oauth.app)

    assert "code" in (await at.robot.send(await by_password(at), code=app.code())).answer
    assert [] == [line for line in at.robot.set if "offered" in line]


async def test_who_signs_in_to_run_an_errand_is_offered_nothing(at: Site) -> None:
    start = f"{at.oauth.pool.id}/passkeys/add?client_id={at.oauth.app.id}&redirect_uri={at.oauth.app.callback_urls[0]}"
    ways = await at.robot.send(await at.robot.open(start), username="jane")

    page = await at.robot.send(await at.robot.send(ways, press="PASSWORD"), password=PASSWORD)

    assert ("add", []) == (page.page, [line for line in at.robot.set if "offered" in line])


async def test_who_only_shows_a_second_factor_is_offered_nothing(at: Site) -> None:
    settings = MfaSettings(mode="OPTIONAL", factors=(TOTP,), passkeys=PasskeyPolicy(rp_id="localhost"))
    await at.house.services.pools.set_mfa(at.oauth.pool.id, settings)
    await at.robot.send(await by_password(at), press="later")
    app = await with_app(at.house, at.oauth.app)
    at.robot.cookies = {name: value for name, value in at.robot.cookies.items() if "offered" not in name}

    asked = await at.start(acr_values="mfa")

    assert "code" in (await at.robot.send(asked, code=app.code())).answer


async def test_what_is_no_passkey_is_none_and_the_offer_stands(at: Site) -> None:
    offer = await by_password(at)

    for sent in ("", "null", "{}", made(at, offer)[:-3]):
        told = await at.robot.send(offer, credential=sent, without=("do",))
        assert (422, OFFER) == (told.status, told.heading)
    assert [] == await passkeys(at)
    assert "code" in (await at.robot.send(told, press="later")).answer


async def test_row_29_it_is_for_whom_it_was_offered_to_whoever_came_after(at: Site) -> None:
    bob = await at.house.user(at.oauth.app, "bob")
    offer = await by_password(at)
    before = made(at, offer)
    assert "code" in (await by_password(at, "bob")).answer

    again = await at.robot.again(offer)
    assert "jane" in again.text
    await at.robot.send(again, credential=before, without=("do",))

    assert [0, 1] == [len(await passkeys(at, user)) for user in (bob, at.oauth.user)]


async def test_row_29_it_ends_with_the_session_of_its_user(at: Site) -> None:
    bob = await at.house.user(at.oauth.app, "bob")
    offer = await by_password(at)
    await at.house.services.sessions.end_all(at.oauth.user)
    assert "code" in (await by_password(at, "bob")).answer

    told = await at.robot.send(offer, credential=made(at, offer), without=("do",))

    assert OFFER != told.heading
    assert [[], []] == [await passkeys(at, user) for user in (bob, at.oauth.user)]
    assert OFFER != (await at.robot.again(offer)).heading
