"""Pools at their domains, over a socket: whatever Host says, it chooses a pool and is never repeated."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest

from poolhouse.config.settings import Server
from poolhouse.flows.pools.domains import DomainSettings
from tests.support.oauth import OAuth, Told, oauth_served

OWN = "auth.example.com"
SUFFIX = "pools.example.com"
CUSTOM = "login.example.org"
AT_PREFIX = f"people.{SUFFIX}"
ARN = "arn:aws:acm:us-east-1:000000000000:certificate/one"
MACHINE = {"grant_type": "client_credentials"}
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/.well-known/jwks.json"
"""Of pools alone: the server's own issuer has its keys at another address."""


def settings(**changes: Any) -> Server:
    return Server(base_url=f"https://{OWN}", domain_suffix=SUFFIX, **changes)


async def with_domains(served: OAuth) -> OAuth:
    domains = served.house.services.domains
    await domains.create(served.pool.id, "people", DomainSettings())
    await domains.create(served.pool.id, CUSTOM, DomainSettings(certificate=ARN))
    return served


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served(server=settings()) as served:
        yield await with_domains(served)


async def ask(
    at: OAuth, path: str, host: str, form: dict[str, str] | None = None, method: str = "GET", **headers: str
) -> Told:
    url = at.api.url.rstrip("/") + path
    async with at.api.session.request(method, url, data=form, headers={"Host": host, **headers}) as answer:
        return Told(answer.status, answer.headers, await answer.read())


@pytest.mark.parametrize(
    ("host", "root"),
    [
        (CUSTOM, ""),
        (AT_PREFIX, ""),
        (OWN, "/people"),
        ("127.0.0.1:8080", "/people"),
        (CUSTOM, "/people"),
        (AT_PREFIX, "/people"),
        (CUSTOM.upper(), ""),
        (f"{CUSTOM}.", ""),
        (f"{CUSTOM}:8443", ""),
    ],
)
async def test_all_endpoints_of_a_pool_answer_at_its_domains(at: OAuth, host: str, root: str) -> None:
    document = await ask(at, root + DISCOVERY, host)
    keys = await ask(at, f"{root}/.well-known/jwks.json", host)
    given = await ask(at, f"{root}/oauth2/token", host, MACHINE, "POST", **at.basic(at.machine))
    token = {"token": given.json["access_token"]}
    looked = await ask(at, f"{root}/oauth2/introspect", host, token, "POST", **at.basic(at.machine))
    refresh = {"token": (await at.granted(at.web, "openid")).refresh or ""}
    revoked = await ask(at, f"{root}/oauth2/revoke", host, refresh, "POST", **at.basic(at.web))
    access = (await at.granted(at.app, "openid")).access
    user = await ask(at, f"{root}/oauth2/userInfo", host, Authorization=f"Bearer {access}")

    assert [200] * 6 == [told.status for told in (document, keys, given, looked, revoked, user)]
    assert f"https://{OWN}/{at.pool.id}" == document.json["issuer"]
    assert looked.json["active"]
    assert at.user.sub == user.json["sub"]
    assert 405 == (await ask(at, f"{root}/oauth2/token", host)).status
    assert 404 == (await ask(at, f"{root}/oauth2/nothing", host)).status


async def test_what_is_answered_at_a_domain_is_what_is_answered_at_the_issuer(at: OAuth) -> None:
    documents = [
        await ask(at, path, host)
        for path, host in (
            (f"/{at.pool.id}{DISCOVERY}", OWN),
            (f"/people{DISCOVERY}", OWN),
            (DISCOVERY, CUSTOM),
            (DISCOVERY, AT_PREFIX),
        )
    ]

    assert 1 == len({told.body for told in documents})
    assert not any(name in documents[0].body.decode() for name in (CUSTOM, SUFFIX, "people"))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.{CUSTOM}",
        f"{CUSTOM}.evil.example",
        f"x.people.{SUFFIX}",
        f"nobodys.{SUFFIX}",
        SUFFIX,
        f"people{SUFFIX}",
        "people",
        OWN,
        "127.0.0.1",
        "[::1]:8080",
        f"{CUSTOM}/x",
        f"a@{CUSTOM}",
        f"{CUSTOM},{CUSTOM}",
        f"{CUSTOM}:443:80",
        "",
        "x" * 2000,
    ],
)
async def test_a_host_that_is_no_domain_chooses_no_pool_and_is_not_repeated(at: OAuth, host: str) -> None:
    for told in (
        await ask(at, KEYS, host),
        await ask(at, "/oauth2/token", host, MACHINE, "POST", **at.basic(at.machine)),
    ):
        assert told.status in (400, 404)
        assert not host or host not in told.body.decode()
    if len(host) < 1000 and "/" not in host:
        assert 200 == (await ask(at, f"/{at.pool.id}{DISCOVERY}", host)).status


@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-Host": CUSTOM},
        {"Forwarded": f"host={CUSTOM}"},
        {"X-Original-Host": CUSTOM},
        {"X-Host": CUSTOM},
        {"X-Forwarded-Server": CUSTOM},
        {"X-Rewrite-URL": f"/people{DISCOVERY}"},
    ],
)
async def test_a_header_of_a_stranger_chooses_no_pool(at: OAuth, header: dict[str, str]) -> None:
    assert 404 == (await ask(at, KEYS, OWN, **header)).status
    assert 200 == (await ask(at, KEYS, CUSTOM, **dict.fromkeys(header, "evil.example"))).status


async def test_a_proxy_that_is_trusted_says_which_host_was_asked() -> None:
    async with oauth_served(server=settings(trusted_proxies=(ip_network("127.0.0.0/8"),))) as served:
        at = await with_domains(served)
        for header in ({"X-Forwarded-Host": CUSTOM}, {"Forwarded": f'for=192.0.2.1;host="{CUSTOM}:443"'}):
            assert 200 == (await ask(at, KEYS, "inside:8080", **header)).status
        assert 200 == (await ask(at, KEYS, CUSTOM)).status
        # The entry of the nearest proxy counts; of two headers that differ none does.
        assert 404 == (await ask(at, KEYS, "inside", **{"X-Forwarded-Host": f"{CUSTOM}, evil.example"})).status
        both = {"X-Forwarded-Host": CUSTOM, "Forwarded": f"host={AT_PREFIX}"}
        assert 404 == (await ask(at, KEYS, "inside", **both)).status


async def test_a_clients_header_behind_a_trusted_proxy_changes_nothing_where_the_host_leads_somewhere() -> None:
    """Proxies that pass Host on often let X-Forwarded-Host through, and caches know nothing of it."""
    async with oauth_served(server=settings(trusted_proxies=(ip_network("127.0.0.0/8"),))) as served:
        at = await with_domains(served)
        other = await at.house.pool()
        await at.house.services.domains.create(other.id, "others", DomainSettings())
        spoofed = {"X-Forwarded-Host": f"others.{SUFFIX}", "Forwarded": f"host=others.{SUFFIX}"}

        at_domain = await ask(at, DISCOVERY, CUSTOM, **spoofed)
        at_own = await ask(at, KEYS, OWN, **spoofed)
        at_issuer = await ask(at, f"/{at.pool.id}{DISCOVERY}", OWN, **spoofed)

        assert f"https://{OWN}/{at.pool.id}" == at_domain.json["issuer"]
        assert 404 == at_own.status
        assert 200 == at_issuer.status


async def test_at_the_domain_of_one_pool_there_is_no_other(at: OAuth) -> None:
    other = await at.house.pool()
    await at.house.services.domains.create(other.id, "others", DomainSettings())

    for host in (CUSTOM, AT_PREFIX):
        assert 200 == (await ask(at, f"/{at.pool.id}{DISCOVERY}", host)).status
        assert 404 == (await ask(at, f"/{other.id}{DISCOVERY}", host)).status
        assert 404 == (await ask(at, f"/others{DISCOVERY}", host)).status
    assert 200 == (await ask(at, f"/others{DISCOVERY}", OWN)).status
    assert 200 == (await ask(at, KEYS, f"others.{SUFFIX}")).status
    told = await ask(at, "/oauth2/token", f"others.{SUFFIX}", MACHINE, "POST", **at.basic(at.machine))
    assert (401, "invalid_client") == told.error


async def test_a_domain_that_is_deleted_ends_at_once(at: OAuth) -> None:
    assert 200 == (await ask(at, KEYS, CUSTOM)).status

    await at.house.services.domains.delete(at.pool.id, CUSTOM)

    assert 404 == (await ask(at, KEYS, CUSTOM)).status


async def test_pages_of_the_clients_origins_read_answers_at_a_domain_and_no_others_do(at: OAuth) -> None:
    """Rule H3 and security row 43, at the domain as at the issuer."""
    form = {"client_id": at.app.id, "grant_type": "refresh_token", "refresh_token": "x"}
    for origin, allowed in (
        ("https://app.example.com", "https://app.example.com"),
        (f"https://{CUSTOM}", None),
        (f"https://{OWN}", None),
        ("null", None),
    ):
        told = await ask(at, "/oauth2/token", CUSTOM, form, "POST", Origin=origin)
        assert allowed == told.headers.get("Access-Control-Allow-Origin")
        assert None is told.headers.get("Access-Control-Allow-Credentials")
        before = await ask(at, "/oauth2/token", CUSTOM, method="OPTIONS", Origin=origin)
        assert "*" == before.headers["Access-Control-Allow-Origin"]


async def test_the_usual_hosts_are_told_from_domains_without_a_look_into_the_store(at: OAuth) -> None:
    store = at.house.built.store
    await ask(at, f"/{at.pool.id}{DISCOVERY}", OWN)
    reads: list[Any] = []
    get = store.get

    async def counted(collection: Any, key: Any) -> Any:
        reads.append((collection.name, key))
        return await get(collection, key)

    at.house.built.ports.domains._store.get = counted  # type: ignore[attr-defined]
    for host in (OWN, f"{OWN}:443", "127.0.0.1:8080", "[::1]", "localhost", "poolhouse:8080"):
        assert 200 == (await ask(at, f"/{at.pool.id}{DISCOVERY}", host)).status

    assert [] == [key for name, key in reads if name.startswith("domain")]


async def test_the_json_api_answers_at_a_domain_as_everywhere(at: OAuth) -> None:
    told = await ask(
        at,
        "/",
        CUSTOM,
        method="POST",
        **{
            "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools",
            "Content-Type": "application/x-amz-json-1.1",
        },
    )

    assert 400 == told.status
    assert "MissingAuthenticationTokenException" in json.dumps(told.json)


@pytest.mark.parametrize("host", [OWN, "127.0.0.1:8080", "elsewhere.example.com"])
async def test_at_no_domain_of_a_pool_the_servers_own_issuer_is_discovered(at: OAuth, host: str) -> None:
    own = await ask(at, DISCOVERY, host)
    of_pool = await ask(at, DISCOVERY, CUSTOM)

    assert (200, f"https://{OWN}") == (own.status, own.json["issuer"])
    assert f"https://{OWN}/{at.pool.id}" == of_pool.json["issuer"]
