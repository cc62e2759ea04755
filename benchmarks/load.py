"""The load: a client of raw sockets that costs little itself, and stops by itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

PATIENCE = 30.0
"""Seconds in which a server answers, or the run is given up."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


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
            self._waiting.set_result(Answer(int(lines[0][9:12]), rest[:length]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Unexpected("the server closed the connection"))


Journey = Callable[[Connection, int], Awaitable[None]]
"""One piece of work over a connection; the number tells the connections apart."""


async def drive(port: int, journey: Journey, *, connections: int, times: int) -> list[float]:
    """The journey was made so many times, shared among so many connections. The seconds that each one took."""
    left = times
    seconds: list[float] = []

    async def worker(number: int) -> None:
        nonlocal left
        connection = await Connection.open(port)
        try:
            while left > 0:
                left -= 1
                begun = time.perf_counter()
                async with asyncio.timeout(PATIENCE):
                    await journey(connection, number)
                seconds.append(time.perf_counter() - begun)
        finally:
            connection.close()

    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(worker(number))
    return seconds


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


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode()


def post(body: bytes, headers: Mapping[str, str] | None = None, *, content_type: str = "application/json") -> bytes:
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}"
    )
    return head.encode() + b"\r\n" + body


def call(operation: str, given: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
    """A call of the JSON API, in the few headers that every SDK sends."""
    body = json.dumps(given, separators=(",", ":")).encode()
    target = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}", **(headers or {})}
    return post(body, target, content_type="application/x-amz-json-1.1")
