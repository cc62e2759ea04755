"""Row 18: the browser is sent to an address that the client has registered, byte by byte, and to no other."""

from __future__ import annotations

import string
from collections.abc import AsyncIterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from poolhouse.flows.oauth.checks.addressed import is_registered
from poolhouse.records.clients import Client, ClientSecret
from tests.support.oauth import CALLBACK, OAuth, code_settings, oauth_served

REGISTERED = ("https://app.example.com/callback", "https://app.example.com/cb?a=1", "com.example.app:/back")
LOOPBACK = "http://127.0.0.1/back"
ODD = string.printable + "\\\u2044\uff0e\u3002\u0000\u00e9"


def client(*urls: str, secret: bool = False) -> Client:
    secrets = (ClientSecret(id="s", sealed="s", created=0.0),) if secret else ()
    return Client(
        id="c", pool_id="p", name="c", created=0.0, modified=0.0, callback_urls=urls or REGISTERED, secrets=secrets
    )


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A registered address with something put in, taken out or exchanged."""
    uri = draw(st.sampled_from((*REGISTERED, LOOPBACK)))
    place = draw(st.integers(0, len(uri)))
    end = draw(st.integers(place, min(len(uri), place + 3)))
    return uri[:place] + draw(st.text(ODD, max_size=4)) + uri[end:]


@given(changed())
def test_nothing_that_was_changed_is_registered(uri: str) -> None:
    if uri not in REGISTERED:
        assert not is_registered(uri, client())


@given(changed())
@example("http://127.0.0.1:51004/back")
@example("http://127.0.0.1:0/back")
@example("http://127.0.0.1:65536/back")
@example("http://127.0.0.1:000001/back")
def test_of_a_loopback_address_nothing_but_the_port_may_change(uri: str) -> None:
    head, _, rest = LOOPBACK.partition("/back")
    port = uri.removeprefix(head).removesuffix("/back")
    is_port = port.startswith(":") and port[1:].isascii() and port[1:].isdigit() and 0 < int(port[1:]) < 65536
    may = uri == LOOPBACK or (uri == f"{head}{port}/back{rest}" and is_port and len(port) <= 6)

    assert may == is_registered(uri, client(LOOPBACK))
    assert (uri == LOOPBACK) == is_registered(uri, client(LOOPBACK, secret=True))


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


TRICKS = [
    "https://app.example.com.evil.example/callback",
    "https://app.example.com%2eevil.example/callback",
    "https://evil.example/https://app.example.com/callback",
    "https://app.example.com/callback/../../evil",
    "https://app.example.com/callback%2f..%2fevil",
    "https://app.example.com/callback#@evil.example",
    "https://app.example.com/callback?next=https://evil.example",
    "https://app.example.com:@evil.example/callback",
    "https://evil.example\\.app.example.com/callback",
    "https://*.example.com/callback",
    "https://app.example.com/*",
    "https://app.example.com/callback\t",
    "https://app.example.com/callback\r\nSet-Cookie: a=b",
    "javascript:alert(1)//https://app.example.com/callback",
    "data:text/html,https://app.example.com/callback",
    "http://127.0.0.1@evil.example/callback",
    "/callback",
    "*",
]


@pytest.mark.parametrize("uri", TRICKS)
@pytest.mark.parametrize("parameters", [{}, {"prompt": "none"}, {"scope": "odd"}, {"response_type": "odd"}], ids=str)
async def test_neither_a_code_nor_an_error_goes_to_an_address_that_only_looks_right(
    at: OAuth, uri: str, parameters: dict[str, str]
) -> None:
    arrived = await at.authorize(at.request(at.app, redirect_uri=uri, **parameters), await at.signed_in())

    assert (400, "") == (arrived.status, arrived.location)
    assert b"evil" not in arrived.body


async def test_an_address_that_is_registered_no_more_is_sent_nothing_that_is_under_way(at: OAuth) -> None:
    from poolhouse.flows.oauth.interaction import Show

    arrived = await at.authorize(at.request(at.app))
    pending = await at.pending(arrived)
    await at.updated(at.app, **code_settings(callback_urls=("https://app.example.com/new",)))

    from poolhouse.flows.oauth.interaction import Browser

    outcome = await at.authorization.go_on(pending, Browser(arrived.secret, await at.signed_in()))

    assert isinstance(outcome, Show)
    assert CALLBACK not in str(outcome.error)
