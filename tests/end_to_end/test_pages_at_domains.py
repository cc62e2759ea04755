"""The hosted pages at the domains of their pool: a person who came there stays there."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import aiohttp
import pytest

from poolhouse.config.settings import Server
from poolhouse.flows.pools.domains import DomainSettings
from poolhouse.flows.pools.settings import PoolSettings
from poolhouse.records.pools import MessageTemplate
from tests.support.house import PASSWORD
from tests.support.oauth import CALLBACK, VERIFIER, OAuth, oauth_served
from tests.support.robot import Robot

OWN = "auth.example.com"
SUFFIX = "pools.example.com"
CUSTOM = "login.example.org"
ARN = "arn:aws:acm:us-east-1:000000000000:certificate/one"


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served(server=Server(base_url=f"https://{OWN}", domain_suffix=SUFFIX)) as served:
        domains = served.house.services.domains
        await domains.create(served.pool.id, "people", DomainSettings())
        await domains.create(served.pool.id, CUSTOM, DomainSettings(certificate=ARN))
        yield served


@pytest.mark.parametrize(("host", "root"), [(CUSTOM, ""), (f"people.{SUFFIX}", ""), (OWN, "/people")])
async def test_a_code_flow_walks_its_pages_at_the_domain_and_names_the_issuer(at: OAuth, host: str, root: str) -> None:
    async with aiohttp.ClientSession(headers={"Host": host}) as session:
        robot = Robot(session, at.api.url)
        first = await robot.open(f"{root}/oauth2/authorize?{urlencode(at.request(at.app))}")
        assert f"{root}/login" == urlsplit(first.address).path
        for asset in re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg))', first.text):
            async with session.get(urljoin(first.address, asset)) as answer:
                assert 200 == answer.status, asset
        arrived = await robot.send(first, headers={"Origin": f"https://{host}"}, username="jane", password=PASSWORD)
        form = {
            "grant_type": "authorization_code",
            "client_id": at.app.id,
            "code": arrived.answer["code"],
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        async with session.post(f"{at.api.url.rstrip('/')}{root}/oauth2/token", data=form) as answer:
            assert 200 == answer.status, await answer.text()

    assert f"https://{OWN}/{at.pool.id}" == arrived.answer["iss"]
    assert robot.set
    assert not any("Domain=" in line or host in line for line in robot.set)


@pytest.mark.parametrize("host", ["evil.example", OWN, "127.0.0.1"])
async def test_there_are_no_pages_at_the_root_of_a_host_that_is_no_domain(at: OAuth, host: str) -> None:
    async with aiohttp.ClientSession(headers={"Host": host}) as session:
        for path in ("login", "signup", "oauth2/authorize", "authorize", "logout", "forgotPassword"):
            async with session.get(f"{at.api.url}{path}?{urlencode(at.request(at.app))}") as answer:
                assert 404 == answer.status, path
                assert host not in await answer.text()


async def test_a_request_that_began_at_the_domain_of_one_pool_is_nothing_at_that_of_another(at: OAuth) -> None:
    other = await at.house.pool()
    await at.house.services.domains.create(other.id, "others", DomainSettings())
    async with aiohttp.ClientSession(headers={"Host": CUSTOM}) as session:
        robot = Robot(session, at.api.url)
        first = await robot.open(f"oauth2/authorize?{urlencode(at.request(at.app))}")
        path = urlsplit(first.address)
    async with aiohttp.ClientSession(headers={"Host": f"others.{SUFFIX}"}) as session:
        elsewhere = Robot(session, at.api.url)
        elsewhere.cookies.update(robot.cookies)
        shown = await elsewhere.open(f"{path.path}?{path.query}")

    assert dict(parse_qsl(path.query))["tx"]
    assert 400 == shown.status
    assert "jane" not in shown.text


PATHS = ("oauth2/authorize", "login", "signup", "forgotPassword", "consent", "accounts", "logout")


@pytest.mark.parametrize("host", [CUSTOM, OWN])
async def test_pages_are_open_to_no_other_origin(at: OAuth, host: str) -> None:
    """Rule H3 and security row 43: what is for people is read by no page of anybody else's, the client's included."""
    root = "" if host == CUSTOM else f"{at.pool.id}/"
    async with aiohttp.ClientSession(headers={"Host": host}) as session:
        for path in (*PATHS, "passkeys/add", "factors/add"):
            for origin in ("https://app.example.com", "https://evil.example", "null"):
                for method in ("GET", "OPTIONS", "POST"):
                    async with session.request(
                        method,
                        f"{at.api.url}{root}{path}?{urlencode(at.request(at.app))}",
                        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
                        allow_redirects=False,
                    ) as answer:
                        told = {name for name in answer.headers if name.startswith("Access-Control")}
                        assert set() == told, (path, method, origin)


@pytest.mark.parametrize("host", ["evil.example", CUSTOM, OWN])
async def test_a_link_in_a_message_leads_to_the_domain_of_the_pool_whatever_host_the_request_named(
    at: OAuth, host: str
) -> None:
    """Security row 2: a second pool's domain, or anybody's, is no part of the links of the first."""
    template = MessageTemplate(by_link=True, link_email="{##Confirm##}", link_subject="Welcome")
    await at.house.services.pools.update(at.pool.id, PoolSettings(auto_verified=("email",), verification=template))
    target = "AWSCognitoIdentityProviderService.SignUp"
    given = {
        "ClientId": at.app.id,
        "Username": "ada",
        "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}],
    }
    headers = {"Host": host, "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
    async with at.api.session.post(
        at.api.url, data=json.dumps(given), headers={**headers, "X-Forwarded-Host": "evil.example"}
    ) as answer:
        assert 200 == answer.status

    link = at.house.messages[-1].link or ""
    assert link.startswith(f"https://{CUSTOM}/confirmUser?")
    async with aiohttp.ClientSession(headers={"Host": CUSTOM}) as session:
        robot = Robot(session, at.api.url)
        done = await robot.send(await robot.open(link.removeprefix(f"https://{CUSTOM}/")))
    assert 200 == done.status
    assert "CONFIRMED" == (await at.house.services.users.require(at.pool, "ada")).status
