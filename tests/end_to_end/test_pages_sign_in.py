"""Sign-in on the hosted pages, in a browser without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.factors import with_app, with_factors
from tests.support.house import PASSWORD
from tests.support.oauth import STATE, claims_of
from tests.support.pages import Site, site


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def test_a_code_flow_by_password_and_authenticator_from_the_first_page_to_the_claims(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)

    first = await at.start()
    assert "login" == first.page
    second = await at.robot.send(first, username="jane", password=PASSWORD)
    assert "Enter the code from your authenticator app" == second.heading
    arrived = await at.robot.send(second, code=app.code())

    assert STATE == arrived.answer["state"]
    told = await at.redeem(arrived)
    assert 200 == told.status, told.body
    claims = claims_of(told.json["id_token"])
    assert {"pwd", "otp", "mfa"} <= set(claims["amr"])
    info = await at.oauth.ask(
        "userInfo", None, {"Authorization": f"Bearer {told.json['access_token']}"}, method="GET"
    )
    assert at.oauth.user.sub == info.json["sub"]
