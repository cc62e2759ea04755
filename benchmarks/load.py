"""The load: a client of raw sockets that costs little itself, and stops by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

HOST = "auth.example.com"
"""What the server is called, and called by."""
PATIENCE = 30.0
"""Seconds in which a server answers, or the run is given up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``head`` is all that stands before the body, as it came."""

    status: int
    body: bytes
    head: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)

    def fields(self, name: str) -> list[str]:
        """The values of all header fields of this name."""
        lines = [line.partition(":") for line in self.head.decode("latin-1").split("\r\n")[1:]]
        return [value.strip() for said, _, value in lines if said.lower() == name.lower()]


class Unexpected(RuntimeError):  # noqa: N818 - read as a statement
    """The server answered something else than the work expects: nothing would be measured."""


class Connection(asyncio.Protocol):
    """One kept-alive connection with one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._waiting: asyncio.Future[Answer] | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def ask(self, request: bytes, expected: int = 200) -> Answer:
        """The answer. Raises ``Unexpected``."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        answer = await self._waiting
        if answer.status != expected:
            raise Unexpected(f"{answer.status}: {answer.body[:200]!r}")
        return answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Answer(int(lines[0][9:12]), rest[:length], head))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Unexpected("the server closed the connection"))


@contextmanager
def awake() -> Iterator[None]:
    """The client does not sleep while it waits. Waking a processor that sleeps is costly, above all in a virtual
    machine, and it is whoever sends that pays: the constant server, which never lets its client rest, would look better
    than it is."""
    loop = asyncio.get_running_loop()
    is_over = False

    def again() -> None:
        if not is_over:
            loop.call_soon(again)

    again()
    try:
        yield
    finally:
        is_over = True


Journey = Callable[[Connection, int], Awaitable[None]]
"""One piece of work over a connection; the number tells the connections apart."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """``journey`` is one piece of the work. ``request`` and ``answer`` are what it mostly sends and gets: the constant
    server is sent as much, and answers as much. ``before`` is done ahead of each measurement, for as many pieces as it
    will have, and is not measured (None: there is nothing to do)."""

    journey: Journey
    request: bytes
    answer: bytes
    before: Callable[[Sequence[Connection], int], Awaitable[None]] | None = None


async def in_turn(port: int, requests: Sequence[bytes], expected: int = 200) -> Prepared:
    """One request after the other, from the beginning again at the end."""
    connection = await Connection.open(port)
    answer = await connection.ask(requests[0], expected)
    connection.close()
    turn = count()

    async def journey(connection: Connection, _: int) -> None:
        await connection.ask(requests[next(turn) % len(requests)], expected)

    return Prepared(journey, requests[0], answer.body)


async def succeeding(
    port: int, tokens: list[str], ask: Callable[[str], bytes], successor: Callable[[Any], str]
) -> Prepared:
    """Each connection has a token of its own, asks with it, and goes on with the ``successor`` that is in the
    answer."""

    async def once(connection: Connection, number: int) -> bytes:
        answer = await connection.ask(ask(tokens[number]))
        tokens[number] = successor(answer.json())
        return answer.body

    async def journey(connection: Connection, number: int) -> None:
        await once(connection, number)

    connection = await Connection.open(port)
    answer = await once(connection, 0)
    connection.close()
    return Prepared(journey, ask(tokens[0]), answer)


@asynccontextmanager
async def opened(port: int, count: int) -> AsyncIterator[list[Connection]]:
    connections = [await Connection.open(port) for _ in range(count)]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


async def drive(connections: Sequence[Connection], journey: Journey, times: int) -> None:
    """The journey was made so many times, shared among the connections."""
    left = times

    async def worker(number: int, connection: Connection) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            async with asyncio.timeout(PATIENCE):
                await journey(connection, number)

    with awake():
        async with asyncio.TaskGroup() as group:
            for number, connection in enumerate(connections):
                group.create_task(worker(number, connection))


async def paced(port: int, request: bytes, *, every: float, times: int) -> list[float]:
    """The seconds from when each request was due until its answer was there: a late start counts as waiting."""
    connection = await Connection.open(port)
    loop = asyncio.get_running_loop()
    seconds: list[float] = []
    due = loop.time()
    try:
        for _ in range(times):
            due = max(due + every, loop.time() - 1.0)
            await asyncio.sleep(due - loop.time())
            begun = min(due, loop.time())
            async with asyncio.timeout(PATIENCE):
                await connection.ask(request)
            seconds.append(loop.time() - begun)
    finally:
        connection.close()
    return seconds


@dataclass(slots=True)
class Saturation:
    """Load that goes on until it is told to stop."""

    stopped: bool = False
    done: int = 0

    async def run(self, port: int, journey: Journey, *, connections: int) -> None:
        async def worker(number: int) -> None:
            connection = await Connection.open(port)
            with suppress(Unexpected):
                while not self.stopped:
                    await journey(connection, number)
                    self.done += 1
            connection.close()

        await asyncio.gather(*(worker(number) for number in range(connections)))


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    said = {"Accept": "application/json", **(headers or {})}
    extra = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{extra}\r\n".encode()


def form(path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes:
    body = urlencode(fields).encode()
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"{extra}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def post(body: bytes, headers: Mapping[str, str] | None = None, *, content_type: str = "application/json") -> bytes:
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}"
    return head.encode() + b"\r\n" + body


def call(operation: str, given: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
    """A call of the JSON API, in the few headers that every SDK sends."""
    body = json.dumps(given, separators=(",", ":")).encode()
    target = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}", **(headers or {})}
    return post(body, target, content_type="application/x-amz-json-1.1")
