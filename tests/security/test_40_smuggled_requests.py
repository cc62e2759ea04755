"""Row 40: one reading of where a request ends, by the parser written in C."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.security.served import served

TARGET = "AWSCognitoIdentityProviderService.ListUserPools"
HEAD = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {TARGET}\r\n"
SECOND = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

START = """
import asyncio
from poolhouse.config.settings import Server, Settings, Store
from poolhouse.config.values import Secret
from poolhouse.server.app import build
from poolhouse.server.ground import NotStartable

settings = Settings(server=Server(base_url="http://127.0.0.1"), store=Store(url=Secret("memory:")))
try:
    asyncio.run(build(settings, [b"k" * 32]))
except NotStartable as no:
    print("refused:", no)
else:
    print("started")
"""


@pytest.mark.parametrize(("without", "expected"), [("1", "refused:"), ("", "started")])
def test_without_the_parser_in_c_the_server_does_not_start(without: str, expected: str) -> None:
    environment = {**os.environ, "AIOHTTP_NO_EXTENSIONS": without}

    run = subprocess.run(
        [sys.executable, "-c", START], env=environment, capture_output=True, text=True, timeout=60, check=True
    )

    assert run.stdout.startswith(expected)


AMBIGUOUS = {
    "both lengths": f"{HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SECOND}",
    "two lengths": f"{HEAD}Content-Length: 0\r\nContent-Length: 37\r\n\r\n{SECOND}",
    "a list of lengths": f"{HEAD}Content-Length: 0, 37\r\n\r\n{SECOND}",
    "a signed length": f"{HEAD}Content-Length: +0\r\n\r\n{SECOND}",
    "a negative length": f"{HEAD}Content-Length: -1\r\n\r\n{SECOND}",
    "a length in hex": f"{HEAD}Content-Length: 0x0\r\n\r\n{SECOND}",
    "an unknown coding": f"{HEAD}Transfer-Encoding: cow\r\n\r\n{SECOND}",
    "chunked, then not": f"{HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{SECOND}",
    "a space before the colon": f"{HEAD}Content-Length : 0\r\n\r\n{SECOND}",
    "a folded header": f"{HEAD}X-A: a\r\n Content-Length: 0\r\n\r\n{SECOND}",
    "a bare line feed": f"{HEAD}X-A: a\nContent-Length: 37\r\n\r\n{SECOND}",
    "a chunk size that overflows": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n{'f' * 17}\r\n{SECOND}",
    "a NUL in a header": f"{HEAD}X-A: a\x00b\r\nContent-Length: 0\r\n\r\n{SECOND}",
}


@pytest.mark.parametrize("what", AMBIGUOUS)
async def test_an_ambiguous_request_is_refused_and_nothing_behind_it_is_read(what: str) -> None:
    async with served() as (_, api):
        port = urlsplit(api.url).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(AMBIGUOUS[what].encode("latin-1"))
        async with asyncio.timeout(5):  # a server that waits for more has read it in the other way
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")), answer
    assert b" 200 OK" not in answer
    assert b'"status"' not in answer


async def test_two_requests_after_each_other_are_two() -> None:
    async with served() as (_, api):
        port = urlsplit(api.url).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{SECOND}{SECOND[:-2]}Connection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert 2 == answer.count(b"HTTP/1.1 200 ")
