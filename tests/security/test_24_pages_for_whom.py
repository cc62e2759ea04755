"""Row 24: what a page shows and asks is for whoever it was made for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.factors import App, with_factors
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, site
from tests.support.robot import Screen


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def sees_new_codes(at: Site) -> Screen:
    """Jane had to set up a second factor, and is shown her recovery codes."""
    await with_factors(at.house, at.oauth.pool, "ON")
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    key = asked.text.partition('id="secret" dir="ltr">')[2].partition("<")[0].replace(" ", "")
    codes = await at.robot.send(asked, code=App(at.house, key).code())
    assert "saved" in codes.forms
    return codes


async def test_recovery_codes_are_not_shown_after_a_sign_out(at: Site) -> None:
    codes = await sees_new_codes(at)
    assert "saved" in (await at.robot.again(codes)).forms
    question = await at.robot.open(f"{at.oauth.pool.id}/oauth2/end_session")
    await at.robot.send(question)

    after = await at.robot.again(codes)

    assert "saved" not in after.forms
    assert "login" == after.page
    assert "password" in after.form.inputs


async def test_recovery_codes_are_not_shown_to_whoever_signs_in_after_that(at: Site) -> None:
    codes = await sees_new_codes(at)
    await with_factors(at.house, at.oauth.pool, "OFF")
    await at.house.user(at.oauth.app, "john")
    at.robot.cookies.pop(f"__Host-poolhouse-sessions-{at.oauth.pool.id}")
    await at.robot.send(await at.start(), username="john", password=PASSWORD)

    after = await at.robot.again(codes)

    assert "saved" not in after.forms


async def test_a_yes_is_that_of_whoever_was_asked(at: Site) -> None:
    await at.house.user(at.oauth.app, "john")
    await at.asks_consent(at.oauth.app)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    # In another tab John signs in meanwhile, and says nothing.
    await at.robot.send(await at.start(prompt="login"), username="john", password=PASSWORD)

    told = await at.robot.send(asked, press="allow")

    assert told.left is None
    assert "consent" in told.forms
    assert "john" in told.text
    arrived = await at.robot.send(told, press="allow")
    assert "john" == claims_of((await at.redeem(arrived)).json["id_token"])["cognito:username"]
