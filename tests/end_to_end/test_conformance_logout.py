"""The modules of the conformance suite's plans for RP-initiated, Back-channel and Front-channel logout.

Each test has the name of its module. Afterwards the suite asks by ``prompt=none`` whether somebody is signed in.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from poolhouse.config.settings import Server
from poolhouse.flows.clients.own import OwnSettings
from tests.support.conformance import Signed, Suite, suite
from tests.support.logout import BASE_URL, GOODBYE, hearing
from tests.support.robot import Screen

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
async def at() -> AsyncIterator[Suite]:
    async with suite() as opened:
        yield opened


async def end_session(at: Suite, **query: str) -> Screen:
    endpoint = at.here((await at.metadata())["end_session_endpoint"])
    return await at.robot.open(f"{endpoint}?{urlencode(query)}" if query else endpoint)


async def is_signed_in(at: Suite) -> bool:
    told = await at.silent()
    assert told.fields.get("error") in (None, "login_required")
    return "code" in told.fields


async def is_refused(at: Suite, screen: Screen) -> bool:
    """Neither has the browser gone on, nor has anything of the page said where to."""
    assert screen.left is None
    assert GOODBYE not in screen.text
    assert screen.status in (200, 400)
    # An error, or the question.
    assert ("signout" in screen.forms) == (screen.status == 200)
    return await is_signed_in(at)


def is_over(screen: Screen) -> bool:
    return (
        200 == screen.status
        and screen.left is None
        and "signout" not in screen.forms
        and "signed out" in screen.heading.lower()
    )


async def answered(at: Suite, screen: Screen) -> Screen:
    """The user, if asked, says yes."""
    return await at.robot.send(screen, "signout", press="signout") if "signout" in screen.forms else screen


async def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(at: Suite) -> None:
    said = await at.metadata()

    assert said["end_session_endpoint"].startswith(f"{at.issuer}/")


async def test_oidcc_rp_initiated_logout(at: Suite) -> None:
    signed = await at.sign_in()
    assert await is_signed_in(at)

    told = await end_session(at, id_token_hint=signed.tokens["id_token"], post_logout_redirect_uri=GOODBYE, state="bye")

    assert f"{GOODBYE}?state=bye" == told.left
    assert not await is_signed_in(at)


async def test_oidcc_rp_initiated_logout_no_state(at: Suite) -> None:
    signed = await at.sign_in()

    told = await end_session(at, id_token_hint=signed.tokens["id_token"], post_logout_redirect_uri=GOODBYE)

    assert GOODBYE == told.left
    assert not await is_signed_in(at)


async def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(at: Suite) -> None:
    signed = await at.sign_in()

    told = await end_session(
        at,
        id_token_hint=signed.tokens["id_token"],
        post_logout_redirect_uri="https://app.example.com/elsewhere",
        state="bye",
    )

    assert "elsewhere" not in told.text
    assert await is_refused(at, told)


async def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(at: Suite) -> None:
    signed = await at.sign_in()

    told = await end_session(
        at, id_token_hint=signed.tokens["id_token"], post_logout_redirect_uri=f"{GOODBYE}?foo=bar", state="bye"
    )

    assert await is_refused(at, told)


def forged(signed: Signed) -> Mapping[str, Any]:
    return jwt.decode(signed.tokens["id_token"], options={"verify_signature": False})


async def test_oidcc_rp_initiated_logout_modified_id_token_hint(at: Suite) -> None:
    signed = await at.sign_in()
    hint = jwt.encode(dict(forged(signed)), "", "none")

    told = await end_session(at, id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="bye")

    assert await is_refused(at, told)


async def test_oidcc_rp_initiated_logout_bad_id_token_hint(at: Suite) -> None:
    signed = await at.sign_in()
    head = jwt.get_unverified_header(signed.tokens["id_token"])
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    hint = jwt.encode(dict(forged(signed)), key, "RS256", headers={"kid": head["kid"]})

    told = await end_session(at, id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="bye")

    assert await is_refused(at, told)


async def test_oidcc_rp_initiated_logout_no_id_token_hint(at: Suite) -> None:
    await at.sign_in()

    told = await end_session(at, post_logout_redirect_uri=GOODBYE, state="bye")

    assert await is_refused(at, told)


@pytest.mark.parametrize("query", [{}, {"state": "bye"}])
async def test_oidcc_rp_initiated_logout_no_params(at: Suite, query: dict[str, str]) -> None:
    """oidcc-rp-initiated-logout-no-params and oidcc-rp-initiated-logout-only-state."""
    await at.sign_in()

    told = await answered(at, await end_session(at, **query))

    assert is_over(told)
    assert not await is_signed_in(at)


async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(at: Suite) -> None:
    signed = await at.sign_in()

    told = await answered(at, await end_session(at, id_token_hint=signed.tokens["id_token"], state="bye"))

    assert is_over(told)
    assert not await is_signed_in(at)


async def test_oidcc_backchannel_logout_discovery_endpoint_verification(at: Suite) -> None:
    said = await at.metadata()

    assert said["backchannel_logout_supported"] is True
    assert said["backchannel_logout_session_supported"] is True
    assert "end_session_endpoint" in said


async def test_oidcc_backchannel_rp_initiated_logout() -> None:
    async with (
        hearing() as server,
        suite(server=Server(base_url=BASE_URL, outbound_hosts=(server.origin,))) as at,
    ):
        own = OwnSettings(backchannel_logout_uri=server.url)
        await at.site.house.services.clients.update_own(at.first.id, own)
        signed = await at.sign_in()

        told = await end_session(
            at, id_token_hint=signed.tokens["id_token"], post_logout_redirect_uri=GOODBYE, state="bye"
        )
        await server.hears(1)

        ((headers, form),) = server.heard
        assert "application/x-www-form-urlencoded" == headers["Content-Type"]
        assert ["logout_token"] == list(form)
        head = jwt.get_unverified_header(form["logout_token"])
        assert ("RS256", "logout+jwt") == (head["alg"], head["typ"])
        claims = await at.verified(form["logout_token"], at.first)
        assert {EVENT: {}} == claims["events"]
        assert (signed.claims["sid"], signed.claims["sub"]) == (claims["sid"], claims["sub"])
        assert claims["jti"]
        assert claims["iat"] <= at.now < claims["exp"] <= claims["iat"] + 120
        assert "nonce" not in claims
        assert f"{GOODBYE}?state=bye" == told.left
        assert not await is_signed_in(at)


async def test_oidcc_frontchannel_logout_discovery_endpoint_verification(at: Suite) -> None:
    said = await at.metadata()

    assert said["frontchannel_logout_supported"] is True
    assert said["frontchannel_logout_session_supported"] is True
    assert "end_session_endpoint" in said


async def test_oidcc_frontchannel_rp_initiated_logout(at: Suite) -> None:
    uri = "https://app.example.com/frontchannel_logout"
    own = OwnSettings(frontchannel_logout_uri=uri, frontchannel_session=True)
    await at.site.house.services.clients.update_own(at.first.id, own)
    signed = await at.sign_in()

    told = await end_session(at, id_token_hint=signed.tokens["id_token"], post_logout_redirect_uri=GOODBYE, state="bye")

    assert told.left is None
    (source,) = re.findall(r'<iframe[^>]*\bsrc="([^"]*)"', told.text)
    frame = urlsplit(html.unescape(source))
    assert uri == frame._replace(query="").geturl()
    assert {"iss": [at.issuer], "sid": [signed.claims["sid"]]} == parse_qs(frame.query)
    assert f"{GOODBYE}?state=bye" in [html.unescape(link) for link in told.links.values()]
    assert "frame-src https://app.example.com" in told.headers["Content-Security-Policy"]
    assert not await is_signed_in(at)


async def test_oidcc_session_management_is_not_advertised(at: Suite) -> None:
    """The plan for session management by iframe is left out (rule LO9)."""
    assert "check_session_iframe" not in await at.metadata()
