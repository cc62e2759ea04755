"""Row 16: a client of two servers is told which one answers, and what one of them gave is nothing to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.support.oauth import OAuth, claims_of, code_settings, oauth_served


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


@pytest.fixture
async def other(at: OAuth) -> OAuth:
    """Another pool of the same server, with the same callback address."""
    pool = await at.house.pool()
    client = await at.house.client(pool, **code_settings(oauth_scopes=("openid", "email")))
    user = await at.house.user(client, "jane")
    return replace(at, pool=pool, app=client, user=user)


async def issuer_of(at: OAuth) -> str:
    async with at.api.session.get(f"{at.api.url}{at.pool.id}/.well-known/openid-configuration") as answer:
        issuer: str = (await answer.json())["issuer"]
        return issuer


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
@pytest.mark.parametrize("wrong", [{}, {"scope": "odd"}, {"prompt": "none", "max_age": "0"}, {"request": "x"}])
async def test_every_answer_says_whose_it_is(at: OAuth, other: OAuth, mode: str, wrong: dict[str, str]) -> None:
    for one in (at, other):
        arrived = await one.authorize(one.request(one.app, response_mode=mode, **wrong), await one.signed_in())

        assert await issuer_of(one) == arrived.fields["iss"]
        assert ("error" in arrived.fields) == bool(wrong)
    assert await issuer_of(at) != await issuer_of(other)


async def test_a_code_that_was_carried_to_the_other_server_is_nothing_there(at: OAuth, other: OAuth) -> None:
    code = await at.code(at.app)

    # Neither the client of there, nor that of here, under that address.
    theirs = await other.redeemed(other.app, code)
    ours = await other.redeemed(at.app, code)
    kept = await at.redeemed(at.app, code)

    assert (400, "invalid_grant") == theirs.error
    assert (401, "invalid_client") == ours.error
    assert await issuer_of(at) == claims_of(kept.json["id_token"])["iss"]


async def test_a_token_of_one_opens_nothing_at_the_other(at: OAuth, other: OAuth) -> None:
    tokens = await at.tokens(at.app)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}

    assert 401 == (await other.ask("userInfo", None, bearer, method="GET")).status
    assert (400, "invalid_grant") == (
        await other.token(other.app, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    ).error
    assert 200 == (await at.ask("userInfo", None, bearer, method="GET")).status
