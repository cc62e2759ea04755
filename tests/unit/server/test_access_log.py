"""A line per request, and nobody who sends one has a say in what it looks like."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from poolhouse.server.access_log import BLOCK, LOGGER, AccessLog
from poolhouse.server.answers import Answer, Head
from poolhouse.server.runner import Runner

PLAIN = Head(200, {"Content-Type": "text/plain"})
END = "Host: a\r\nConnection: close\r\n\r\n"
EVIL = 'evil", "level": "fatal\x1b[2J'
FORGED = "%0A%7B%22event%22%3A%22evil%22%7D%0D%0Aevil"


class Written(io.StringIO):
    """Says when something is written."""

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()
        self.blocks = 0

    def write(self, text: str) -> int:
        self.came.set()
        self.blocks += 1
        return super().write(text)


async def lean(request: web.Request) -> Answer:
    return Answer(PLAIN, b"hello", {"x-amzn-RequestId": request.query.get("id", "8d1e-1")})


async def ordinary(_: web.Request) -> web.Response:
    return web.Response(text="hello", headers={"x-amzn-RequestId": "8d1e-2"})


@pytest.fixture(autouse=True)
def _heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)


@asynccontextmanager
async def logged(log: AccessLog) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/lean", lean)
    app.router.add_route("GET", "/ordinary/{rest:.*}", ordinary)
    runner = Runner(app, access_log=logging.getLogger(LOGGER), access_log_class=log.lines())
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def send(port: int, text: str) -> None:
    """It was sent, answered, and is in the log: the server hangs up after that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode("latin-1"))
    async with asyncio.timeout(10):
        await reader.read()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


HOSTILE = (
    f"GET /lean?{FORGED} HTTP/1.1\r\n{END}",
    f"GET /{FORGED} HTTP/1.1\r\n{END}",
    f"GET /ordinary/{FORGED} HTTP/1.1\r\n{END}",
    f"GET /lean?id=evil%22%0Aevil HTTP/1.1\r\n{END}",
    f"GET /lean HTTP/1.1\r\nUser-Agent: {EVIL}\r\nReferer: {EVIL}\r\nx-amzn-RequestId: evil\r\n{END}",
    f"EVIL /lean HTTP/1.1\r\n{END}",
    f"evil /lean HTTP/1.1\r\n{END}",
    f"GET /lean HTTP/{EVIL}\r\n{END}",
    f"{EVIL}\r\n\r\n",
)


@pytest.mark.parametrize("form", ["json", "console"])
async def test_no_request_writes_a_line_of_its_own_or_a_word(form: str) -> None:
    stream = Written()
    log = AccessLog(form, stream)

    async with logged(log) as port:
        for text in HOSTILE:
            await send(port, text)
    log.flush()

    lines = stream.getvalue().splitlines()
    assert len(HOSTILE) == len(lines)
    assert "evil" not in stream.getvalue().lower()
    assert all(line.isprintable() for line in lines)
    assert all(f"[{LOGGER}]" in line or LOGGER == json.loads(line)["logger"] for line in lines)


async def test_a_line_says_which_route_was_answered_how_and_in_what_time() -> None:
    stream = Written()
    log = AccessLog("json", stream)

    async with logged(log) as port:
        await send(port, f"GET /lean HTTP/1.1\r\n{END}")
        await send(port, f"GET /ordinary/jane@example.com HTTP/1.1\r\n{END}")
        await send(port, f"GET /nothing HTTP/1.1\r\n{END}")
    log.flush()

    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert ["GET /lean 200", "GET /ordinary/{rest} 200", "GET - 404"] == [line["event"] for line in said]
    assert ["8d1e-1", "8d1e-2", ""] == [line["request_id"] for line in said]
    assert all(line["milliseconds"] >= 0 and line["timestamp"].endswith("Z") for line in said)
    assert {("info", LOGGER)} == {(line["level"], line["logger"]) for line in said}


async def test_a_line_does_not_wait_for_others() -> None:
    stream = Written()

    async with logged(AccessLog("json", stream)) as port:
        await send(port, f"GET /lean HTTP/1.1\r\n{END}")
        async with asyncio.timeout(10):
            await stream.came.wait()

    assert 1 == len(stream.getvalue().splitlines())


async def test_many_lines_are_written_at_once() -> None:
    stream = Written()
    log = AccessLog("json", stream)

    async with logged(log) as port:
        requests = "GET /lean HTTP/1.1\r\nHost: a\r\n\r\n" * (BLOCK - 1)
        await send(port, f"{requests}GET /lean HTTP/1.1\r\n{END}")

    log.flush()
    assert BLOCK == len(stream.getvalue().splitlines())
    assert stream.blocks < BLOCK / 8


async def test_a_log_that_cannot_be_written_keeps_nobody_from_being_served() -> None:
    stream = Written()
    stream.close()
    log = AccessLog("json", stream)

    async with logged(log) as port:
        await send(port, f"GET /lean HTTP/1.1\r\n{END}")
        log.flush()
        await send(port, f"GET /lean HTTP/1.1\r\n{END}")


async def test_who_wants_warnings_only_gets_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, LOGGER)
    stream = Written()
    log = AccessLog("json", stream)

    async with logged(log) as port:
        await send(port, f"GET /lean HTTP/1.1\r\n{END}")
    log.flush()

    assert "" == stream.getvalue()
