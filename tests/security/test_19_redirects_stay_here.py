"""Row 19: between a request and its answer the browser stays on this host: where it goes next is the id of a request,
and no address that somebody sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from yarl import URL

from tests.support.oauth import OAuth, oauth_served

EVIL = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "/%0d%0ax",
)
NAMES = ("next", "continue", "return_to", "redirect", "redirect_url", "url", "target", "tx", "goto", "rd")


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


@pytest.mark.parametrize("evil", EVIL)
async def test_a_request_leads_to_a_page_of_this_pool_whatever_it_says(at: OAuth, evil: str) -> None:
    for method in ("GET", "POST"):
        asked = {**dict.fromkeys(NAMES, evil), **at.request(at.app)}
        arrived = await at.authorize(asked, method=method, headers={"Referer": evil, "X-Original-URL": "//evil"})

        assert f"/{at.pool.id}/login?tx={arrived.tx}" == arrived.location
        assert arrived.tx.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "page", ["login", "signup", "accounts", "consent", "forgotPassword", "confirm", "passkeys/add"]
)
@pytest.mark.parametrize("evil", EVIL)
async def test_a_page_of_no_request_leads_nowhere(at: OAuth, page: str, evil: str) -> None:
    url = URL(f"{at.api.url}{at.pool.id}/{page}").with_query(dict.fromkeys(NAMES, evil))
    async with at.api.session.get(url, allow_redirects=False) as answer:
        location, body = answer.headers.get("Location", ""), await answer.text()

    assert 500 > answer.status
    assert location == "" or (location.startswith(f"/{at.pool.id}/") and "evil" not in location)
    assert "evil.example" not in body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:443", "a@evil.example"])
async def test_the_host_that_a_browser_names_is_no_part_of_where_it_goes(at: OAuth, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Host": host, "Forwarded": f"host={host}"}

    waiting = await at.authorize(at.request(at.app), headers=headers)
    answered = await at.authorize(at.request(at.app), await at.signed_in(), headers=headers)

    assert "evil" not in waiting.location + answered.location
    assert f"https://auth.example.com/{at.pool.id}" == answered.fields.get(
        "iss", f"https://auth.example.com/{at.pool.id}"
    )
