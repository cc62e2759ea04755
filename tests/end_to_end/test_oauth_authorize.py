"""The authorization endpoint over a socket: requests, and what comes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse.flows.oauth.interaction import Send, Step
from tests.support.oauth import CALLBACK, OAuth, claims_of, oauth_served


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


async def test_a_code_flow_from_the_request_to_the_claims(at: OAuth) -> None:
    held = await at.signed_in()

    arrived = await at.authorize(at.request(at.app), held)
    told = await at.redeemed(at.app, arrived.fields["code"])
    info = await at.ask("userInfo", None, {"Authorization": f"Bearer {told.json['access_token']}"}, method="GET")

    assert 302 == arrived.status
    assert arrived.location.startswith(f"{CALLBACK}?")
    assert {"code", "state", "iss"} == arrived.fields.keys()
    assert 200 == told.status, told.body
    assert {"access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token"} == told.json.keys()
    assert at.user.sub == claims_of(told.json["id_token"])["sub"] == info.json["sub"]
    refreshed = await at.token(at.app, grant_type="refresh_token", refresh_token=told.json["refresh_token"])
    assert 200 == refreshed.status


async def test_a_user_who_is_not_signed_in_goes_to_the_sign_in_page_and_comes_back(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.web))

    outcome = await at.after(arrived, await at.signed_in(), Step.SIGN_IN)

    assert (302, "login") == (arrived.status, arrived.page)
    assert isinstance(outcome, Send)
    assert 200 == (await at.redeemed(at.web, outcome.fields["code"])).status
