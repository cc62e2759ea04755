"""Headers, and what stands within texts that have a form of their own, are fuzzed as members are: whatever it is, the
answer is a declared error and never a 500."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import socket
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from poolhouse.config.settings import Development, Server
from poolhouse.config.values import Secret
from tests.security.served import served
from tests.support.house import PASSWORD, House
from tests.support.insides import BYTES, changed
from tests.support.json_api import Answer, ApiClient, sign, user_pools
from tests.support.json_api_attacks import JSON, complaint
from tests.support.sign_in import Asking, SignedIn

MODEL = user_pools()
UNHURRIED = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
SIGNED = "ListUserPools"


def exchange(port: int, request: bytes) -> Answer:
    """The answer to a request that closes its connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Answer(response.status, CIMultiDict(response.getheaders()), response.read())


def post(port: int, name: str, body: bytes, headers: dict[str, str]) -> Answer:
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Connection": "close",
        "Content-Type": JSON,
        "X-Amz-Target": MODEL.operations[name].target,
        **headers,
    }
    head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    return exchange(port, f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)


def port_of(api: ApiClient) -> int:
    port = urlsplit(api.url).port
    assert port is not None
    return port


# --- headers ---------------------------------------------------------------------------------------------------------


async def test_any_bytes_in_any_header_get_a_declared_answer() -> None:
    server = Server(
        base_url="http://127.0.0.1",
        trusted_proxies=(ip_network("127.0.0.1"),),
        metrics_token=Secret("token-of-the-operator"),
    )
    body = b'{"MaxResults":1}'
    async with served(server=server, dev=Development(enabled=True)) as (_, api):
        port = port_of(api)
        right = sign(f"http://127.0.0.1:{port}/", body, {"Content-Type": JSON}, now=api.now)
        forms = {
            **{name: right[name] for name in ("Authorization", "X-Amz-Date")},
            "Date": "Sun, 15 Jun 2025 15:06:41 GMT",
            "Content-Type": f"{JSON}; charset=utf-8",
            "Content-Encoding": "identity",
            "X-Amz-Target": MODEL.operations[SIGNED].target,
            "X-Amz-Security-Token": "token",
            "X-Amz-Content-Sha256": "0" * 64,
            "X-Forwarded-For": "203.0.113.7, [2001:db8::1]:443, 10.0.0.1",
            "Forwarded": 'for="[2001:db8::1]:443";proto=https, for=203.0.113.7',
            "Host": "127.0.0.1:8080",
            "Accept": "application/json, */*;q=0.1",
            "Origin": "https://example.com",
            "Cookie": "a=b; c=d",
            "Expect": "100-continue",
        }
        name = st.sampled_from(sorted(forms))
        header = name.flatmap(lambda name: st.tuples(st.just(name), changed(forms[name], odd=BYTES) | BYTES))

        @UNHURRIED
        @given(header, st.sampled_from(["X-Amz-Date", "Date"]))
        def at_the_api(header: tuple[str, str], dated_by: str) -> None:
            signature = {"Authorization": right["Authorization"], dated_by: forms[dated_by]}
            answer = post(port, SIGNED, body, {**signature, header[0]: header[1]})
            assert answer.status < 500, (answer.status, answer.body)

        @UNHURRIED
        @given(header | st.tuples(st.just("Authorization"), changed("Bearer token-of-the-operator", odd=BYTES) | BYTES))
        def elsewhere(header: tuple[str, str]) -> None:
            for asked in ("GET /metrics", "GET /_dev/outbox", "GET /healthz", "GET /nothing", "PUT /nothing"):
                lines = {"Host": "127.0.0.1", "Connection": "close", header[0]: header[1]}
                head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
                answer = exchange(port, f"{asked} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
                assert answer.status < 500, (asked, answer.status, answer.body)

        await asyncio.to_thread(at_the_api)
        await asyncio.to_thread(elsewhere)


@pytest.mark.parametrize("given_token", ["\xff", "Bearer \xff", "Bearer token\xe9", "Bearer "])
async def test_a_token_of_any_bytes_is_a_wrong_one(given_token: str) -> None:
    server = Server(base_url="http://127.0.0.1", metrics_token=Secret("token"))
    async with served(server=server) as (_, api):
        head = f"Host: a\r\nConnection: close\r\nAuthorization: {given_token}\r\n\r\n"
        request = f"GET /metrics HTTP/1.1\r\n{head}".encode("latin-1")
        answer = await asyncio.to_thread(exchange, port_of(api), request)

    assert 404 == answer.status


# --- texts with a form -----------------------------------------------------------------------------------------------


Form = tuple[str, dict[str, Any], tuple[str, ...]]
"""An operation, a right input of it, and where in that the text with a form stands."""


async def forms_over(house: House) -> dict[str, Form]:
    pool = await house.pool()
    client = await house.client(pool)
    await house.user(client)
    proving = await house.begin(client, flow="USER_SRP_AUTH", SRP_A="abc" * 200)
    signed_in = await house.begin(client)
    assert isinstance(proving, Asking)
    assert isinstance(signed_in, SignedIn)
    block = proving.handle
    responses = {
        "USERNAME": "jane",
        "PASSWORD_CLAIM_SECRET_BLOCK": base64.b64encode(base64.urlsafe_b64decode(block + "==")).decode(),
        "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(bytes(32)).decode(),
        "TIMESTAMP": "Tue Sep 5 02:05:06 UTC 2023",
    }
    answer = {
        "ClientId": client.id,
        "ChallengeName": "PASSWORD_VERIFIER",
        "Session": proving.handle,
        "ChallengeResponses": responses,
    }
    in_pool = {"UserPoolId": pool.id}
    srp = {
        "ClientId": client.id,
        "AuthFlow": "USER_SRP_AUTH",
        "AuthParameters": {"USERNAME": "jane", "SRP_A": "abc" * 200, "SECRET_HASH": "AAAA"},
    }
    again = {
        "ClientId": client.id,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": signed_in.tokens.refresh},
    }
    sign_up = {
        "ClientId": client.id,
        "Username": "john",
        "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "john@example.com"}],
    }

    def attribute(name: str, value: str) -> dict[str, Any]:
        return {**in_pool, "Username": "jane", "UserAttributes": [{"Name": name, "Value": value}]}

    def update(name: str, value: str) -> Form:
        return "AdminUpdateUserAttributes", attribute(name, value), ("UserAttributes", "0", "Value")

    return {
        **{
            name: ("RespondToAuthChallenge", answer, ("ChallengeResponses", name))
            for name in ("TIMESTAMP", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "USERNAME")
        },
        "Session": ("RespondToAuthChallenge", answer, ("Session",)),
        "SRP_A": ("InitiateAuth", srp, ("AuthParameters", "SRP_A")),
        "SECRET_HASH": ("InitiateAuth", srp, ("AuthParameters", "SECRET_HASH")),
        "refresh token": ("InitiateAuth", again, ("AuthParameters", "REFRESH_TOKEN")),
        "access token": ("GetUser", {"AccessToken": signed_in.tokens.access}, ("AccessToken",)),
        "pool": ("DescribeUserPool", in_pool, ("UserPoolId",)),
        "filter": ("ListUsers", {**in_pool, "Filter": 'email ^= "jane\\"s"'}, ("Filter",)),
        "cursor": ("ListUsers", {**in_pool, "PaginationToken": "AAAA.BBBB-_"}, ("PaginationToken",)),
        "e-mail": ("SignUp", sign_up, ("UserAttributes", "0", "Value")),
        "name of an attribute": ("SignUp", sign_up, ("UserAttributes", "0", "Name")),
        "phone number": update("phone_number", "+4912345678901"),
        "birthdate": update("birthdate", "1970-01-31"),
        "updated_at": update("updated_at", "1750000000"),
        "email_verified": update("email_verified", "true"),
        "group": ("CreateGroup", {**in_pool, "GroupName": "crew-1"}, ("GroupName",)),
        "role": (
            "CreateGroup",
            {**in_pool, "GroupName": "crew", "RoleArn": "arn:aws:iam::123456789012:role/a"},
            ("RoleArn",),
        ),
        "callback": (
            "CreateUserPoolClient",
            {**in_pool, "ClientName": "a", "CallbackURLs": ["https://example.com:8443/a%20b?c=d"]},
            ("CallbackURLs", "0"),
        ),
    }


def with_text(content: Any, path: tuple[str, ...], text: str) -> Any:
    """The same input with this text at that place."""
    if not path:
        return text
    if isinstance(content, list):
        number = int(path[0])
        return [*content[:number], with_text(content[number], path[1:], text), *content[number + 1 :]]
    return {**content, path[0]: with_text(content[path[0]], path[1:], text)}


def text_at(content: Any, path: tuple[str, ...]) -> str:
    for step in path:
        content = content[int(step)] if isinstance(content, list) else content[step]
    assert isinstance(content, str)
    return content


async def test_the_insides_of_a_text_are_read_or_refused() -> None:
    async with served() as (house, api):
        forms = await forms_over(house)
        for name, (operation, content, path) in forms.items():
            await asyncio.to_thread(fuzzed(api, name, operation, content, path))


def fuzzed(
    api: ApiClient, name: str, operation: str, content: dict[str, Any], path: tuple[str, ...]
) -> Callable[[], None]:
    port = port_of(api)
    meant = MODEL.operations[operation]

    @settings(UNHURRIED, max_examples=40)
    @given(changed(text_at(content, path)))
    def run(text: str) -> None:
        body = json.dumps(with_text(content, path, text)).encode("utf-8", "surrogatepass")
        headers = {"Content-Type": JSON}
        if meant.caller == "signed":
            full = {**headers, "X-Amz-Target": meant.target}
            headers = sign(f"http://127.0.0.1:{port}/", body, full, now=api.now)
        said = complaint(post(port, operation, body, headers), meant)
        assert said is None, (name, said)

    return run


YEARS = ("0000", "0001", "9999")


@pytest.mark.parametrize("year", YEARS)
async def test_a_year_at_the_end_of_the_calendar_is_no_defect(year: str) -> None:
    async with served() as (house, api):
        operation, content, path = (await forms_over(house))["TIMESTAMP"]
        given_input = with_text(content, path, f"Tue Sep 5 02:05:06 UTC {year}")
        answer = await asyncio.to_thread(
            post, port_of(api), operation, json.dumps(given_input).encode(), {"Content-Type": JSON}
        )

    assert 400 == answer.status
    assert complaint(answer, MODEL.operations[operation]) is None
