"""Rules that are kept below the endpoints of OAuth, as clients see them: ids as in ``docs/oidc.md``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from poolhouse.config.settings import Tokens
from poolhouse.errors import InvalidParameter
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.records.keys import Algorithm
from tests.support.house import PASSWORD
from tests.support.oauth import CALLBACK, OAuth, claims_of, code_settings, oauth_served
from tests.support.pages import Site
from tests.support.robot import Robot

VSCHAR = re.compile(r"[\x20-\x7e]+")


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


async def test_g1_the_issuer_is_one_address_everywhere(at: OAuth) -> None:
    async with at.api.session.get(f"{at.api.url}{at.pool.id}/.well-known/openid-configuration") as answer:
        issuer = (await answer.json())["issuer"]
    arrived = await at.authorize(at.request(at.app), await at.signed_in())
    tokens = (await at.redeemed(at.app, arrived.fields["code"])).json

    assert f"https://auth.example.com/{at.pool.id}" == issuer == arrived.fields["iss"]
    assert issuer == claims_of(tokens["id_token"])["iss"] == claims_of(tokens["access_token"])["iss"]
    machine = await at.machine_token()
    assert issuer == claims_of(machine)["iss"]


@pytest.mark.parametrize(
    "uri",
    [
        *("/callback", "app.example.com/callback", "//app.example.com/callback", "https://", "https:callback"),
        *("https://app.example.com/#", "https://app.example.com/#part", "https://user@app.example.com/"),
        *(
            "https://app.example.com/\r\nx",
            "https://app.example.com\\evil",
            "https://*.example.com/",
            "http://a.example/",
        ),
        *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "blob:https://a.example/x", "vbscript:x"),
    ],
)
async def test_r3_what_is_no_address_of_an_app_is_not_registered(at: OAuth, uri: str) -> None:
    with pytest.raises(InvalidParameter):
        await at.house.services.clients.update(
            at.pool.id, at.app.id, ClientSettings(**code_settings(callback_urls=(CALLBACK, uri)))
        )

    assert 400 == (await at.authorize(at.request(at.app, redirect_uri=uri))).status


async def test_rt1_a_refresh_token_is_opaque_and_its_clients(at: OAuth) -> None:
    token = (await at.tokens(at.web))["refresh_token"]

    assert 3 != len(token.split("."))
    assert at.user.sub not in token
    others = await at.house.client(at.pool, generates_secret=True, **code_settings())
    told = await at.token(others, grant_type="refresh_token", refresh_token=token)
    assert (400, "invalid_grant") == told.error
    assert 200 == (await at.token(at.web, grant_type="refresh_token", refresh_token=token)).status


async def test_rt9_tokens_and_codes_are_of_characters_that_forms_can_carry(at: OAuth) -> None:
    code = await at.code(at.app)
    tokens = (await at.redeemed(at.app, code)).json
    again = (await at.token(at.app, grant_type="refresh_token", refresh_token=tokens["refresh_token"])).json

    for text in (code, tokens["refresh_token"], tokens["access_token"], tokens["id_token"], again["refresh_token"]):
        assert VSCHAR.fullmatch(text)


DOCUMENTS = ("openid-configuration", "oauth-authorization-server", "jwks.json")


@pytest.mark.parametrize(
    ("lead", "fresh", "kept"), [(300, 60, 240), (3600, 60, 300), (90, 60, 30), (30, 60, 0), (0, 1, 0)]
)
async def test_h2_what_clients_may_keep_ends_before_a_new_key_signs(lead: int, fresh: int, kept: int) -> None:
    """What a process has read may be as old as ``fresh`` when it is sent."""
    async with oauth_served(tokens=Tokens(rotation_lead=lead, keys_fresh=fresh)) as at:
        for name in DOCUMENTS:
            async with at.api.session.get(f"{at.api.url}{at.pool.id}/.well-known/{name}") as answer:
                assert f"public, max-age={kept}" == answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_h2_who_has_a_document_is_told_that_it_is_the_same(at: OAuth, name: str) -> None:
    url = f"{at.api.url}{at.pool.id}/.well-known/{name}"
    async with at.api.session.get(url) as first:
        tag, body = first.headers["ETag"], await first.read()

    for known in (tag, f"W/{tag}", f'"of another", {tag}', "*"):
        async with at.api.session.get(url, headers={"If-None-Match": known}) as answer:
            assert (304, b"") == (answer.status, await answer.read())
            same = ("ETag", "Cache-Control", "Access-Control-Allow-Origin")
            assert [first.headers[field] for field in same] == [answer.headers[field] for field in same]
    for known in ('"of another"', tag.strip('"'), f'"{tag[1:9]}"', ""):
        async with at.api.session.get(url, headers={"If-None-Match": known}) as answer:
            assert (200, body, tag) == (answer.status, await answer.read(), answer.headers["ETag"])


async def test_h2_a_document_that_changed_has_another_tag(at: OAuth) -> None:
    seen: dict[str, list[tuple[str, bytes]]] = {}

    async def look() -> None:
        for name in DOCUMENTS:
            async with at.api.session.get(f"{at.api.url}{at.pool.id}/.well-known/{name}") as answer:
                seen.setdefault(name, []).append((answer.headers["ETag"], await answer.read()))

    await look()
    await at.house.built.keys.rotate(at.pool.id, 60, Algorithm.ES256)
    await look()

    for before, after in seen.values():
        assert before[0] != after[0]
        assert before[1] != after[1]


async def test_h4_cookies_are_handles_for_this_host_and_are_taken_back_as_they_were_given(at: OAuth) -> None:
    site = Site(at, Robot(at.api.session, at.api.url))
    await site.robot.send(await site.start(), username="jane", password=PASSWORD)
    given = list(site.robot.set)

    question = await site.robot.open(f"{at.pool.id}/oauth2/end_session")
    await site.robot.send(question, "signout", press="signout")

    taken = [line for line in site.robot.set[len(given) :] if "Max-Age=0" in line]
    assert taken
    for line in (*given, *taken):
        assert line.startswith("__Host-poolhouse-")
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= {part.strip() for part in line.split(";")}
        assert "domain" not in line.lower()
    for line in given:
        value = line.partition("=")[2].partition(";")[0].strip('"')
        assert re.fullmatch(r"[\w-]{43,}(\.[\w-]{43,})*", value), line
        assert at.user.sub not in line
