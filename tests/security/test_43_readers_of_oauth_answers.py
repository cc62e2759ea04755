"""Row 43: a page reads what is answered to a client only where the client's own record has its origin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.oauth import CALLBACK, OAuth, oauth_served

FOREIGN = (
    "https://evil.example",
    "null",
    "http://app.example.com",
    "https://app.example.com.evil.example",
    "https://app.example.com:8443",
    "https://sub.app.example.com",
    "HTTPS://APP.EXAMPLE.COM",
)


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


@pytest.mark.parametrize("origin", FOREIGN)
async def test_another_origin_reads_nothing_whatever_the_request_claims(at: OAuth, origin: str) -> None:
    tokens = await at.tokens(at.app)
    sent = {"Origin": origin}
    form = {"client_id": at.app.id, "redirect_uri": f"{origin}/", "origin": origin, "token": tokens["access_token"]}

    told = [
        await at.ask("token", {**form, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, sent),
        await at.ask("token", {**form, "client_id": "nobody"}, sent),
        await at.ask("userInfo", None, {**sent, "Authorization": f"Bearer {tokens['access_token']}"}, method="GET"),
        await at.ask("userInfo", None, {**sent, "Authorization": "Bearer x"}, method="GET"),
        await at.ask("introspect", form, sent),
        await at.ask("revoke", form, sent),
    ]

    assert 200 == told[0].status
    for one in told:
        assert "Access-Control-Allow-Origin" not in one.headers
        assert "Access-Control-Allow-Credentials" not in one.headers


async def test_the_clients_own_origin_reads_its_answers_without_a_cookie(at: OAuth) -> None:
    own = CALLBACK.removesuffix("/callback")
    tokens = await at.tokens(at.app)
    bearer = {"Origin": own, "Authorization": f"Bearer {tokens['access_token']}"}

    told = await at.ask("userInfo", None, bearer, method="GET")

    assert own == told.headers["Access-Control-Allow-Origin"]
    assert "Access-Control-Allow-Credentials" not in told.headers


@pytest.mark.parametrize("page", ["oauth2/authorize", "login", "signup", "oauth2/end_session", "logout", "accounts"])
async def test_pages_are_read_by_no_other_page_not_even_the_clients(at: OAuth, page: str) -> None:
    for method in ("GET", "OPTIONS"):
        for origin in ("https://app.example.com", "https://evil.example"):
            headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            url = f"{at.api.url}{at.pool.id}/{page}?client_id={at.app.id}"
            async with at.api.session.request(method, url, headers=headers, allow_redirects=False) as answer:
                assert "Access-Control-Allow-Origin" not in answer.headers, (method, page)
