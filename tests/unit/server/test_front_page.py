"""What a browser finds at the address of a server for development."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from poolhouse.config.settings import OFFERED, Development, Server
from tests.security.served import served

DEVELOPMENT = Development(enabled=True, demo=False)


async def shown(dev: Development, *parts: str) -> tuple[int, str, str]:
    """The status, the page, and the policy that goes with it. ``parts`` are what the server offers: not said, all."""
    server = Server(base_url="https://auth.example.com", parts=parts or OFFERED)
    async with served(dev=dev, server=server) as (_, api), api.session.get(api.url) as answer:
        return answer.status, await answer.text(), answer.headers.get("Content-Security-Policy", "")


async def test_the_page_names_what_is_there() -> None:
    _, page, _ = await shown(DEVELOPMENT)

    assert ["/_dev/outbox", "/readyz", "/metrics"] == re.findall(r'href="([^"]+)"', page)


async def test_an_outbox_that_is_not_there_has_no_link() -> None:
    _, page, _ = await shown(Development(enabled=True, demo=False, outbox_page=False))

    assert ["/readyz", "/metrics"] == re.findall(r'href="([^"]+)"', page)


async def test_the_demo_is_there_where_user_pools_are() -> None:
    with_demo = Development(enabled=True)

    for parts, is_there in ((("user_pools",), True), (("identities",), False)):
        _, page, _ = await shown(with_demo, *parts)
        assert is_there is ('href="/_dev/demo"' in page)


async def test_a_browser_is_allowed_the_style_of_the_page_and_nothing_else() -> None:
    _, page, policy = await shown(DEVELOPMENT)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)

    assert f"default-src 'none'; style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert "<script" not in page


async def test_outside_development_there_is_no_such_page() -> None:
    status, _, _ = await shown(Development())

    assert 404 == status
