"""Who is signed in, but for less than a client wants to be sure of, proves what is missing (oidc.md A10; security row
22)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.support.factors import EMAIL, TOTP, App, preferring, with_app, with_factors
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, site
from tests.support.robot import Screen

ESSENTIAL = json.dumps({"id_token": {"acr": {"essential": True, "values": ["mfa"]}}})


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as served:
        yield served


async def signed_in(at: Site) -> Screen:
    """Jane has signed in by her password, before she had anything else."""
    return await at.robot.send(await at.start(), username="jane", password=PASSWORD)


async def app_of(at: Site) -> App:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    return await with_app(at.house, at.oauth.app)


def handles(at: Site) -> tuple[str, ...]:
    return tuple(at.robot.cookies[f"__Host-poolhouse-sessions-{at.oauth.pool.id}"].split("."))


@pytest.mark.parametrize("wanted", [{"acr_values": "mfa"}, {"claims": ESSENTIAL}])
async def test_a10_only_what_is_missing_is_asked_for(wanted: dict[str, str], at: Site) -> None:
    before = claims_of((await at.redeem(await signed_in(at))).json["id_token"])
    old = handles(at)
    app = await app_of(at)

    asked = await at.start(**wanted)
    assert "code" in asked.form.inputs
    assert "password" not in asked.form.inputs
    arrived = await at.robot.send(asked, code=app.code())

    after = claims_of((await at.redeem(arrived)).json["id_token"])
    assert ("1fa", "mfa") == (before["acr"], after["acr"])
    assert ["pwd", "otp", "mfa"] == after["amr"]
    # The whole was not proven anew, and the session is the same.
    assert (before["auth_time"], before["sid"]) == (after["auth_time"], after["sid"])
    assert set(old).isdisjoint(handles(at))
    assert () == await at.house.services.sessions.live(at.oauth.pool, old)


async def test_a10_once_it_was_proven_it_is_asked_for_no_more(at: Site) -> None:
    await signed_in(at)
    app = await app_of(at)
    await at.robot.send(await at.start(acr_values="mfa"), code=app.code())

    assert "code" in (await at.start(acr_values="mfa", prompt="none")).answer


async def test_a10_a_wrong_code_raises_nothing(at: Site) -> None:
    await signed_in(at)
    app = await app_of(at)
    old = handles(at)

    told = await at.robot.send(await at.start(acr_values="mfa"), code=app.wrong())

    assert 422 == told.status
    assert old == handles(at)
    (one,) = await at.house.services.sessions.live(at.oauth.pool, old)
    assert "1fa" == one.acr


async def test_a10_a_session_that_ended_meanwhile_is_not_raised(at: Site) -> None:
    await signed_in(at)
    app = await app_of(at)
    asked = await at.start(acr_values="mfa")
    await at.house.services.sessions.end(at.oauth.pool, handles(at))

    told = await at.robot.send(asked, code=app.code())

    assert told.left is None
    assert () == await at.house.services.sessions.live(at.oauth.pool, handles(at))


async def test_a10_where_a_message_would_go_out_the_user_does_something_first(at: Site) -> None:
    await signed_in(at)
    tokens = await at.house.sign_in(at.oauth.app)
    await with_factors(at.house, at.oauth.pool, "OPTIONAL", EMAIL)
    await preferring(at.house, tokens, EMAIL)
    sent = len(at.house.messages)

    page = await at.start(acr_values="mfa")

    assert "password" in page.form.inputs
    assert sent == len(at.house.messages)


async def test_a10_who_has_nothing_to_prove_more_by_signs_in_once_and_that_has_to_do(at: Site) -> None:
    await signed_in(at)

    page = await at.start(acr_values="mfa")
    assert "password" in page.form.inputs
    arrived = await at.robot.send(page, username="jane", password=PASSWORD)

    assert "1fa" == claims_of((await at.redeem(arrived)).json["id_token"])["acr"]


async def test_a10_a_sign_in_that_is_too_old_is_done_anew_as_a_whole(at: Site) -> None:
    await signed_in(at)
    await app_of(at)
    at.house.clock.advance(100)

    assert "password" in (await at.start(acr_values="mfa", max_age="50")).form.inputs
    assert "password" in (await at.start(acr_values="mfa", prompt="login")).form.inputs


async def test_a10_somebody_else_may_sign_in_instead(at: Site) -> None:
    await signed_in(at)
    await app_of(at)
    await with_factors(at.house, at.oauth.pool, "OPTIONAL", TOTP)

    other = await at.robot.follow(await at.start(acr_values="mfa"), "restart")

    assert "password" in other.form.inputs
