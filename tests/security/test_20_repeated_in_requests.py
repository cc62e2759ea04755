"""Row 20: what an authorization request or a redemption says twice is an error, wherever the two stand: nobody reads
the first where another reads the last."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.oauth import CALLBACK, VERIFIER, OAuth, oauth_served

NAMES = (
    "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt", "max_age",
    "code_challenge", "code_challenge_method", "claims", "login_hint", "identity_provider", "anything",
)  # fmt: skip


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_parameter_that_comes_twice_gives_no_code(at: OAuth, name: str, method: str) -> None:
    usual = at.request(at.app)
    value, held = usual.get(name, "query" if name == "response_mode" else "1"), await at.signed_in()
    others = [pair for pair in usual.items() if pair[0] != name]

    for two in ([(name, value), (name, value)], [(name, value), (name, "")], [(name, "evil"), (name, value)]):
        for request in ([*two, *others], [two[0], *others, two[1]]):
            arrived = await at.authorize(request, held, method=method)
            assert "code" not in arrived.fields
            assert "evil" not in arrived.location
            assert arrived.refusal == "invalid_request" or 400 == arrived.status


async def test_an_address_adds_nothing_to_a_form(at: OAuth) -> None:
    held = await at.signed_in()
    path = "oauth2/authorize?scope=openid+phone&redirect_uri=https://evil.example/"

    arrived = await at.authorize(at.request(at.app), held, method="POST", path=path)

    assert "openid email" == (await at.redeemed(at.app, arrived.fields["code"])).json["scope"]


@pytest.mark.parametrize("name", ["code", "redirect_uri", "code_verifier", "client_id", "grant_type"])
async def test_a_redemption_that_says_something_twice_is_none(at: OAuth, name: str) -> None:
    code = await at.code(at.app)
    form = {
        "grant_type": "authorization_code",
        "client_id": at.app.id,
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }

    told = await at.ask("token", [*form.items(), (name, form[name])])

    assert (400, "invalid_request") == told.error
    assert 200 == (await at.redeemed(at.app, code)).status
