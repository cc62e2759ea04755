"""Requests that want to pass to an API behind us: by nginx's and Envoy's questions, by a plain check, and passed on by
ourselves. The AWS SDK signs them."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.end_to_end.conftest import Servers
from tests.support import server_process
from tests.support.gateway import signed
from tests.support.live import Live

TOKEN = "a token of the gateway alone"
PUBLIC = "api.example.com"


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    asked = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


@pytest.fixture(scope="module")
def gateway(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, socket.socket]]:
    """A server with an API behind it; and where that API listens."""
    folder = tmp_path_factory.mktemp("gateway")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said = {"orders": {"upstream": f"http://127.0.0.1:{listening.getsockname()[1]}"}}
        extra = {"POOLHOUSE_GATEWAY_TOKEN": TOKEN, "POOLHOUSE_GATEWAY_APIS": json.dumps(said)}
        server = server_process.start(f"sqlite:{folder / 'store.db'}", folder, "gateway", extra=extra)
        try:
            yield Live(server.base_url, server.outbox, "sqlite"), listening
        finally:
            server.end()


@pytest.fixture
async def upstream(gateway: tuple[Live, socket.socket]) -> AsyncIterator[list[web.Request]]:
    """What the API behind us was asked."""
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        seen.append(request)
        answer = web.json_response({"path": request.raw_path}, status=201, headers={"X-Made": "yes"})
        if request.path == "/cookies":
            answer.set_cookie("__Host-poolhouse-sessions-eu-west-1_a", "fixed", secure=True)
            answer.set_cookie("c", "2")
        return answer

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, gateway[1].dup()).start()
    yield seen
    await runner.cleanup()


def nginx_asks(live: Live, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Any:
    described = {
        **headers,
        "Host": live.base_url.partition("://")[2],
        "X-Original-Host": headers["Host"],
        "X-Original-Method": method,
        "X-Original-URI": "/" + url.split("/", 3)[3],
        "X-Original-Length": "some" if body else "none",
    }
    return ask(f"{live.base_url}/authz/execute-api/orders/prod", **described)


def test_nginx_is_told_who_signed(gateway: tuple[Live, socket.socket]) -> None:
    url = f"https://{PUBLIC}/prod/items/a%20b?z=1&a=two"

    status, headers, body = nginx_asks(gateway[0], "GET", url, signed("GET", url))

    assert 200 == status, body
    assert ("arn:aws:iam::000000000000:root", "key", "") == (
        headers["x-principal-arn"],
        headers["x-auth-type"],
        headers["x-identity-id"],
    )


def test_another_path_than_the_one_signed_is_refused(gateway: tuple[Live, socket.socket]) -> None:
    headers = signed("GET", f"https://{PUBLIC}/prod/items/1")

    assert 401 == nginx_asks(gateway[0], "GET", f"https://{PUBLIC}/prod/items/2", headers)[0]


def test_another_method_than_the_one_signed_is_refused(gateway: tuple[Live, socket.socket]) -> None:
    url = f"https://{PUBLIC}/prod/items/1"

    assert 401 == nginx_asks(gateway[0], "DELETE", url, signed("GET", url))[0]


def test_a_body_that_nobody_vouches_for_is_refused(gateway: tuple[Live, socket.socket]) -> None:
    url = f"https://{PUBLIC}/prod/items"

    assert 401 == nginx_asks(gateway[0], "POST", url, signed("POST", url, b"one"), b"one")[0]


def test_a_body_whose_digest_the_client_signed_may_pass(gateway: tuple[Live, socket.socket]) -> None:
    url = f"https://{PUBLIC}/prod/items"
    headers = signed("POST", url, b"one", X_Amz_Content_Sha256=hashlib.sha256(b"one").hexdigest())

    assert 200 == nginx_asks(gateway[0], "POST", url, headers, b"one")[0]


def test_nothing_that_proves_anything_is_refused(gateway: tuple[Live, socket.socket]) -> None:
    url = f"https://{PUBLIC}/prod/items"

    status, _, body = nginx_asks(gateway[0], "GET", url, {"Host": PUBLIC})

    assert (401, {"message": "Missing Authentication Token"}) == (status, json.loads(body))


@pytest.mark.parametrize("path", ["/prod/a/../b", "/prod/a/%2e%2e/b", "/prod/./b", "/prod/a%00b", "/prod/%ff"])
def test_a_path_that_two_readers_read_differently_is_refused(gateway: tuple[Live, socket.socket], path: str) -> None:
    url = f"https://{PUBLIC}{path}"

    assert 403 == nginx_asks(gateway[0], "GET", url, signed("GET", url))[0]


def envoy_asks(live: Live, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Any:
    address = f"{live.base_url}/authz/envoy/orders/prod/{url.split('/', 3)[3]}"
    return ask(address, method, body or None, **headers)


def test_envoy_is_told_by_the_request_itself_and_its_body_counts(gateway: tuple[Live, socket.socket]) -> None:
    url = f"https://{PUBLIC}/prod/items?z=1"
    headers = signed("POST", url, b'{"a": 1}')

    assert 200 == envoy_asks(gateway[0], "POST", url, headers, b'{"a": 1}')[0]
    assert 401 == envoy_asks(gateway[0], "POST", url, headers, b'{"a": 2}')[0]
    assert 401 == envoy_asks(gateway[0], "POST", url, headers)[0]


def test_who_has_the_gateways_token_asks_in_json(gateway: tuple[Live, socket.socket]) -> None:
    live, url = gateway[0], f"https://{PUBLIC}/prod/items"
    question = {
        "method": "PUT",
        "url": url,
        "headers": signed("PUT", url, b"one"),
        "body_sha256": hashlib.sha256(b"one").hexdigest(),
        "api": "orders",
        "stage": "prod",
        "source": "203.0.113.9",
    }

    def answer(token: str = TOKEN, **changes: Any) -> tuple[int, Any]:
        sent = json.dumps({**question, **changes}).encode()
        status, _, body = ask(f"{live.base_url}/authz/check", "POST", sent, Authorization=f"Bearer {token}")
        return status, json.loads(body)

    status, said = answer()
    assert (200, True, "arn:aws:iam::000000000000:root") == (status, said["allowed"], said["principal"])
    assert "203.0.113.9" == said["requestContext"]["rest"]["identity"]["sourceIp"]
    assert said["requestContext"]["http"]["authorizer"]["iam"]["cognitoIdentity"] is None
    assert (False, 401) == tuple(answer(body_sha256="0" * 64)[1][name] for name in ("allowed", "status"))
    assert 404 == answer(token="another")[0]
    assert 400 == answer(colour="red")[0]
    assert 400 == answer(url="nowhere")[0]


async def test_a_request_goes_on_with_our_fields_and_without_its_proof(
    gateway: tuple[Live, socket.socket], upstream: list[web.Request]
) -> None:
    url = f"{gateway[0].base_url}/gateway/orders/prod/items/a%20b//c?z=1"
    sent = signed("POST", url, b"one", X_Other="kept")
    theirs = {"X-Identity-Id": "mine", "X_Auth_Type": "admin", "X-Forwarded-For": "203.0.113.9"}

    status, headers, body = await asyncio.to_thread(ask, url, "POST", b"one", **sent, **theirs)

    (seen,) = upstream
    assert (201, "yes", {"path": "/items/a%20b//c?z=1"}) == (status, headers["x-made"], json.loads(body))
    assert b"one" == await seen.read()
    assert ("kept", "key", "arn:aws:iam::000000000000:root", "127.0.0.1") == tuple(
        seen.headers[name] for name in ("X-Other", "X-Auth-Type", "X-Principal-Arn", "X-Forwarded-For")
    )
    assert not {"Authorization", "X-Identity-Id", "X_Auth_Type"} & set(seen.headers)


async def test_nothing_is_said_in_the_place_of_a_client_and_only_we_say_where_it_is(
    gateway: tuple[Live, socket.socket], upstream: list[web.Request]
) -> None:
    url = f"{gateway[0].base_url}/gateway/orders/prod/items"
    sent = signed("GET", url)
    theirs = {"X_Forwarded_For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}

    status, received = await asyncio.to_thread(_ask_bare, url, {**sent, **theirs})

    (seen,) = upstream
    assert 201 == status, received
    assert not {"Accept", "Accept-Encoding", "User-Agent", "Content-Type", *theirs} & set(seen.headers)
    assert "127.0.0.1" == seen.headers["X-Forwarded-For"]


async def test_the_cookies_of_the_hosted_pages_are_no_business_of_the_api(
    gateway: tuple[Live, socket.socket], upstream: list[web.Request]
) -> None:
    url = f"{gateway[0].base_url}/gateway/orders/prod/cookies"
    sent = "a=1; poolhouse-sessions-eu-west-1_a=secret;__Host-poolhouse-browser-eu-west-1_a=secret; b=poolhouse-x"

    _, mixed, _ = await asyncio.to_thread(ask, url, "GET", None, **signed("GET", url), Cookie=sent)
    await asyncio.to_thread(ask, url, "GET", None, **signed("GET", url), Cookie="poolhouse-sessions-eu-west-1_a=secret")

    first, second = upstream
    assert "a=1; b=poolhouse-x" == first.headers["Cookie"]
    assert "Cookie" not in second.headers
    assert "c=2; Path=/" == mixed["set-cookie"]


async def test_the_api_gets_no_proof_of_a_presigned_request(
    gateway: tuple[Live, socket.socket], upstream: list[web.Request]
) -> None:
    asked = AWSRequest("GET", f"{gateway[0].base_url}/gateway/orders/prod/items?z=1&a=%20")
    SigV4QueryAuth(Credentials(*server_process.ROOT), "execute-api", "us-east-1", expires=60).add_auth(asked)

    status, _, _ = await asyncio.to_thread(ask, asked.url)

    assert (201, ["/items?z=1&a=%20"]) == (status, [seen.raw_path for seen in upstream])


def _ask_bare(url: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """With no field that is not named."""
    host, path = url.split("/", 3)[2:]
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.putrequest("GET", f"/{path}", skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


async def test_a_request_that_is_refused_does_not_reach_the_api(
    gateway: tuple[Live, socket.socket], upstream: list[web.Request]
) -> None:
    url = f"{gateway[0].base_url}/gateway/orders/prod/items"

    assert 401 == (await asyncio.to_thread(ask, url, "POST", b"two", **signed("POST", url, b"one")))[0]
    assert 404 == (await asyncio.to_thread(ask, url.replace("orders", "others"), "GET"))[0]
    assert [] == upstream


def test_tokens_of_the_pools_that_are_set_for_an_api_are_good_for_it(servers: Servers, tmp_path: Path) -> None:
    store = f"sqlite:{tmp_path / 'store.db'}"
    first = server_process.start(store, tmp_path, "first")
    try:
        before = Live(first.base_url, first.outbox, "sqlite")
        pool, another = before.pool(), before.pool()
        client, other = before.client(pool), before.client(pool)
        stranger = before.client(another)
        apis = {
            "orders": {"pools": [pool.id], "clients": [client.id]},
            "scoped": {"pools": [pool.id], "scopes": ["x/y"]},
        }
        extra = {"POOLHOUSE_GATEWAY_APIS": json.dumps(apis)}
        second = server_process.start(store, tmp_path, "second", first=first, extra=extra)
        try:
            good = before.sign_in(client, before.user(client))

            def told(token: str, api: str = "orders") -> tuple[int, dict[str, str]]:
                described = {"X-Original-Method": "GET", "X-Original-URI": "/prod/items", "X-Original-Length": "none"}
                address = f"{second.base_url}/authz/execute-api/{api}/prod"
                return ask(address, Authorization=f"Bearer {token}", **described)[:2]

            for kind in ("AccessToken", "IdToken"):
                status, headers = told(good[kind])
                assert (200, "token", client.id) == (status, headers["x-auth-type"], headers["x-auth-client"])
                assert headers["x-auth-subject"]
            for client_of_others in (other, stranger):
                assert 401 == told(before.sign_in(client_of_others, before.user(client_of_others))["AccessToken"])[0]
            assert 401 == told(good["RefreshToken"])[0]
            assert 401 == told(good["AccessToken"][:-2] + "AA")[0]
            assert 403 == told(good["AccessToken"], "scoped")[0]
            assert 403 == told(good["IdToken"], "scoped")[0]
            assert 401 == told(good["AccessToken"], "unknown")[0]
        finally:
            second.end()
    finally:
        first.end()
