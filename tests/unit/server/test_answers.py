"""Whole answers over real sockets: they say what aiohttp's own responses would have said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from aiohttp import web

from poolhouse.server.answers import Answer, Head, default_fields, told

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PLAIN = Head(200, {"Content-Type": "text/plain"})
PATIENCE = 10.0
LARGE = 8 * 1024 * 1024
"""More than the sockets of a connection hold."""


async def lean(_: web.Request) -> Answer:
    return Answer(PLAIN, b"hello", {"X-More": "1"})


async def ordinary(_: web.Request) -> web.Response:
    response = web.Response(body=b"hello", headers={"Content-Type": "text/plain", "X-More": "1"})
    default_fields(response.headers)
    return response


@asynccontextmanager
async def served(*, stopping: Callable[[], None] = lambda: None, **handlers: Handler) -> AsyncIterator[int]:
    """The handlers answer at paths of their names, whatever the method. ``stopping`` is called when the server ends."""

    async def ends(_: web.Application) -> None:
        stopping()

    app = web.Application()
    app.on_shutdown.append(ends)
    for name, handler in handlers.items():
        app.router.add_route("*", f"/{name}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class Line:
    """A connection on which everything is written by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, text: str) -> None:
        self._writer.write(text.encode())
        await self._writer.drain()

    async def head(self) -> list[str]:
        async with asyncio.timeout(PATIENCE):
            return (await self._reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n").split("\r\n")

    async def answer(self) -> tuple[list[str], bytes]:
        head = await self.head()
        length = next(int(line.split(": ")[1]) for line in head if line.startswith("Content-Length: "))
        async with asyncio.timeout(PATIENCE):
            return head, await self._reader.readexactly(length)

    async def rest(self) -> bytes:
        """What comes until the server hangs up."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


REQUESTS = {
    "as always": "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
    "to close": "GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "of 1996": "GET /{} HTTP/1.0\r\n\r\n",
    "of 1996, kept": "GET /{} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "the head alone": "HEAD /{} HTTP/1.1\r\nHost: a\r\n\r\n",
    "the head alone, to close": "HEAD /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "with a body": "POST /{} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}",
    "with a body in chunks": "POST /{} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "that waits": "POST /{} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("request_", REQUESTS)
async def test_an_answer_is_that_of_aiohttp(request_: str) -> None:
    """Field by field, but for the order and the moment; and it leaves the connection in the same state."""
    said = {}
    async with served(lean=lean, ordinary=ordinary) as port:
        for name in ("lean", "ordinary"):
            async with connected(port) as line:
                await line.say(REQUESTS[request_].format(name))
                with suppress(ConnectionError):  # what is to close may be closed
                    await line.say(REQUESTS["to close"].format("lean"))
                head, *more = (await line.rest()).decode().split("\r\n\r\n")
                status, *fields = head.split("\r\n")
                said[name] = (status, sorted(field for field in fields if not field.startswith("Date: ")), len(more))

    assert said["ordinary"] == said["lean"]


async def test_an_answer_is_whole_and_leaves_in_one_piece() -> None:
    async with served(lean=lean) as port, connected(port) as line:
        await line.say(REQUESTS["as always"].format("lean"))
        head, body = await line.answer()

    assert "HTTP/1.1 200 OK" == head[0]
    assert b"hello" == body
    assert {"Server: Poolhouse", "Cache-Control: no-store", "Content-Type: text/plain", "X-More: 1"} <= set(head)
    assert 1 == len([field for field in head if field.startswith("Date: ") and field.endswith(" GMT")])


async def test_requests_after_each_other_are_answered_in_their_order() -> None:
    async def echo(request: web.Request) -> Answer:
        return Answer(PLAIN, await request.read())

    async with served(echo=echo) as port, connected(port) as line:
        bodies = [str(number) * (number + 1) for number in range(40)]
        await line.say(
            "".join(f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n{body}" for body in bodies)
        )
        answers = [(await line.answer())[1].decode() for _ in bodies]

    assert bodies == answers


async def test_a_client_that_waits_to_send_is_told_to_go_on() -> None:
    async def echo(request: web.Request) -> Answer:
        return Answer(PLAIN, await request.read())

    async with served(echo=echo) as port, connected(port) as line:
        await line.say("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        went_on = await line.head()
        await line.say("body")
        _, body = await line.answer()

    assert ["HTTP/1.1 100 Continue"] == went_on
    assert b"body" == body


async def test_a_body_that_trickles_in_is_waited_for() -> None:
    async def echo(request: web.Request) -> Answer:
        return Answer(PLAIN, await request.read())

    async with served(echo=echo, lean=lean) as port, connected(port) as line:
        await line.say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        for piece in "abc":
            await _asked_once(port)
            await line.say(piece)
        _, body = await line.answer()

    assert b"abc" == body


async def test_a_client_that_does_not_read_gets_no_second_answer_made() -> None:
    """Else whoever asks without reading fills the memory."""
    begun = 0

    async def large(_: web.Request) -> Answer:
        nonlocal begun
        begun += 1
        return Answer(PLAIN, b"x" * LARGE)

    async with served(large=large, lean=lean) as port, connected(port) as line:
        await line.say("GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 4)
        for _ in range(5):  # each of these takes the server round its loop
            await _asked_once(port)
        begun_unread = begun
        sizes = [len((await line.answer())[1]) for _ in range(4)]

    assert 1 == begun_unread
    assert [LARGE] * 4 == sizes


async def test_a_client_that_goes_away_in_the_middle_harms_nobody() -> None:
    async def large(_: web.Request) -> Answer:
        return Answer(PLAIN, b"x" * LARGE)

    async with served(large=large, lean=lean) as port:
        async with connected(port) as line:
            await line.say("GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
            await line.head()
        await _asked_once(port)


async def test_an_answer_that_is_begun_is_whole_when_the_server_stops() -> None:
    began, stopping = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> Answer:
        began.set()
        await stopping.wait()
        return Answer(PLAIN, b"whole")

    async with AsyncExitStack() as client:
        async with served(stopping=stopping.set, slow=slow) as port:
            line = await client.enter_async_context(connected(port))
            await line.say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await began.wait()
        _, body = await line.answer()
        rest = await line.rest()

    assert (b"whole", b"") == (body, rest)


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb", "a\x00b", "a\x7fb", "caf\u00e9", "a\u2028b"])
def test_no_header_ends_its_line(bad: str) -> None:
    for make in (
        lambda: Answer(PLAIN, b"", {"X-A": bad}),
        lambda: Answer(PLAIN, b"", {bad: "a"}),
        lambda: Head(200, {"X-A": bad}),
        lambda: Head(200, {bad: "a"}),
    ):
        with pytest.raises(ValueError, match="no head may hold"):
            make()


@pytest.mark.parametrize("status", [100, 101, 204])
def test_a_status_without_a_length_has_no_head_here(status: int) -> None:
    with pytest.raises(ValueError, match="no length"):
        Head(status)


async def test_what_has_not_changed_says_how_long_it_is_and_is_not_sent() -> None:
    async def same(_: web.Request) -> Answer:
        return Answer(Head(304, {"ETag": '"1"'}), b"hello")

    async with served(same=same, lean=lean) as port, connected(port) as line:
        await line.say(REQUESTS["as always"].format("same"))
        head = await line.head()
        await line.say(REQUESTS["to close"].format("lean"))
        rest = await line.rest()

    assert head[0] == "HTTP/1.1 304 Not Modified"
    assert {"Content-Length: 5", 'ETag: "1"'} <= set(head)
    assert rest.startswith(b"HTTP/1.1 200 OK")


def test_an_answer_can_be_read_before_it_is_written() -> None:
    answer = told({"message": "No."}, status=404, more={"Allow": "GET"})

    assert (404, "Not Found", b'{"message":"No."}') == (answer.status, answer.reason, answer.body)
    assert "application/json; charset=utf-8" == answer.headers["content-type"]
    assert ("GET", "no-store") == (answer.headers["Allow"], answer.headers["Cache-Control"])
    assert not answer.prepared


def test_what_may_be_kept_says_so() -> None:
    assert "public, max-age=60" == Head(200, {"Cache-Control": "public, max-age=60"}).fields["Cache-Control"]
    assert "no-store" == Head(200).fields["Cache-Control"]


async def _asked_once(port: int) -> None:
    async with connected(port) as line:
        await line.say(REQUESTS["to close"].format("lean"))
        assert (await line.rest()).endswith(b"hello")
