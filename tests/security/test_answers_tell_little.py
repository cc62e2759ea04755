"""No answer names a version of anything, and nobody between keeps an answer that does not say that it may be kept.

That holds for what each face answers, and for what aiohttp answers by itself. An upgrade that calls the hook of
``server/runner.py`` by another name fails here.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from poolhouse.config.settings import Development, Limits
from tests.security.served import served
from tests.support.house import PASSWORD

TARGET = "AWSCognitoIdentityProviderService."
HEAD = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/x-amz-json-1.1\r\n"
LAST = "Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
LIMIT = 1024


def call(operation: str, body: str, more: str = "") -> str:
    return f"{HEAD}X-Amz-Target: {TARGET}{operation}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}"


ASKED = {
    "no such operation": (400, call("No", "{}")),
    "a wrong token": (400, call("GetUser", '{"AccessToken":"a.b.c"}')),
    "no signature": (400, call("ListUserPools", '{"MaxResults":1}')),
    "no JSON": (400, call("GetUser", "{")),
    "a compressed body": (415, call("GetUser", "{}", "Content-Encoding: gzip\r\n")),
    "a large body": (413, call("GetUser", " " * (LIMIT + 1))),
    "a broken chunk": (400, f"{HEAD}X-Amz-Target: {TARGET}GetUser\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "a preflight": (200, f"OPTIONS / HTTP/1.1\r\n{LAST}"),
    "no such pool": (404, f"GET /eu-west-1_none/.well-known/jwks.json HTTP/1.1\r\n{LAST}"),
    "health": (200, f"GET /healthz HTTP/1.1\r\n{LAST}"),
    "readiness": (200, f"GET /readyz HTTP/1.1\r\n{LAST}"),
    "figures": (200, f"GET /metrics HTTP/1.1\r\n{LAST}"),
    "the outbox": (200, f"GET /_dev/outbox HTTP/1.1\r\n{LAST}"),
    "the outbox as JSON": (200, f"GET /_dev/outbox HTTP/1.1\r\nAccept: application/json\r\n{LAST}"),
    "the outbox under another name": (404, "GET /_dev/outbox HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n"),
    "nothing there": (404, f"GET /nothing HTTP/1.1\r\n{LAST}"),
    "no such method": (405, f"PUT /nothing HTTP/1.1\r\n{LAST}"),
    "another method": (405, f"DELETE /healthz HTTP/1.1\r\n{LAST}"),
    "only a head": (405, f"HEAD /healthz HTTP/1.1\r\n{LAST}"),
    "an expectation": (417, call("GetUser", "{}", "Expect: the-impossible\r\n")),
    "no HTTP": (400, "\x16\x03\x01\r\n\r\n"),
    "a bad request line": (400, f"GET / HTTP/banana\r\n{LAST}"),
    "a bad header": (400, f"GET / HTTP/1.1\r\nHo st: a\r\n{LAST}"),
    "a long header": (400, f"GET / HTTP/1.1\r\nX: {'x' * 10_000}\r\n{LAST}"),
    "a long path": (414, f"GET /{'x' * 10_000} HTTP/1.1\r\n{LAST}"),
    "an old client": (200, "GET /healthz HTTP/1.0\r\n\r\n"),
}


async def ask(port: int | None, text: str) -> tuple[int, dict[str, str], str]:
    """The status, the fields by their names in small letters, and everything."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode("latin-1"))
    async with asyncio.timeout(10):
        whole = (await reader.read()).decode("latin-1")
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    status, *fields = whole.partition("\r\n\r\n")[0].split("\r\n")
    return (
        int(status.split()[1]),
        {field.partition(": ")[0].lower(): field.partition(": ")[2] for field in fields},
        whole,
    )


def assert_tells_little(fields: dict[str, str], whole: str) -> None:
    assert "Poolhouse" == fields["server"]
    assert not any(word in whole.partition("\r\n\r\n")[0] for word in ("Python", "aiohttp", "uvloop"))


@pytest.mark.parametrize("what", ASKED)
async def test_what_was_asked_for_in_vain_is_answered_in_few_words(what: str) -> None:
    expected, text = ASKED[what]

    async with served(dev=Development(enabled=True), limits=Limits(body=LIMIT)) as (_, api):
        status, fields, whole = await ask(urlsplit(api.url).port, text)

    assert expected == status
    assert_tells_little(fields, whole)
    assert "no-store" == fields["cache-control"]


async def test_nobody_keeps_tokens_or_what_is_said_of_a_person() -> None:
    async with served() as (house, api):
        client = await house.client(await house.pool())
        await house.user(client)
        port = urlsplit(api.url).port
        parameters = {"USERNAME": "jane", "PASSWORD": PASSWORD}
        given = {"ClientId": client.id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        signed_in = await ask(port, call("InitiateAuth", json.dumps(given)))
        tokens = json.loads(signed_in[2].partition("\r\n\r\n")[2])["AuthenticationResult"]
        said = await ask(port, call("GetUser", json.dumps({"AccessToken": tokens["AccessToken"]})))

    for status, fields, whole in (signed_in, said):
        assert 200 == status
        assert_tells_little(fields, whole)
        assert "no-store" == fields["cache-control"]


async def test_what_all_may_know_may_be_kept_for_minutes() -> None:
    async with served() as (house, api):
        pool = await house.pool()
        path = f"/{pool.id}/.well-known/"
        for name in ("jwks.json", "openid-configuration"):
            status, fields, whole = await ask(urlsplit(api.url).port, f"GET {path}{name} HTTP/1.1\r\n{LAST}")

            assert (200, "public, max-age=240") == (status, fields["cache-control"])
            assert_tells_little(fields, whole)
