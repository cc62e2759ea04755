"""A proxy in front of a MongoDB server, which loses what it is told to lose.

It reads as much of the wire protocol as it takes to know a write and its answer: OP_MSG, whose first section begins
with the name of the command (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/).
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

WRITES = frozenset({"insert", "update", "delete", "findandmodify"})
_OP_MSG = 2013
_HEADER = struct.Struct("<iiii")
_BEFORE_NAME = _HEADER.size + 4 + 1 + 4 + 1
"""Flags, the kind of the section, the length of its document, and the type of its first value."""


async def _nothing() -> None:
    pass


class LossyProxy:
    """``uri`` leads through it. ``writes`` counts the write commands that have passed."""

    def __init__(self, uri: str) -> None:
        self._to = urlsplit(uri)
        self.uri = ""
        self.writes = 0
        self._lost_at: int | None = None
        self._arrives = True
        self._held_until = 0
        self._held = 0
        self._enough = asyncio.Event()
        self._between: Callable[[], Awaitable[None]] = _nothing
        self._open: set[asyncio.StreamWriter] = set()
        self._running: set[asyncio.Task[None]] = set()

    def lose(self, write: int, *, arrives: bool = True, between: Callable[[], Awaitable[None]] = _nothing) -> None:
        """From now on the write of this number (1 is the next) gets no answer: the connection ends instead, after
        ``between`` has run. ``arrives`` is false where the write itself is lost too."""
        self.writes = 0
        self._lost_at, self._arrives, self._between = write, arrives, between

    def hold_reads(self, until: int) -> None:
        """From now on no read is passed on before so many wait at the same moment."""
        self._held_until = until

    @property
    def has_lost(self) -> bool:
        return self._lost_at is None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[LossyProxy]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.uri = urlunsplit(self._to._replace(netloc=f"127.0.0.1:{port}"))
        try:
            yield self
        finally:
            server.close()
            for writer in self._open:
                writer.close()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        server_in, server_out = await asyncio.open_connection(self._to.hostname, self._to.port)
        self._open |= {client_out, server_out}
        doomed: set[int] = set()
        ways = [
            asyncio.ensure_future(self._requests(client_in, server_out, doomed)),
            asyncio.ensure_future(self._answers(server_in, client_out, doomed)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in (client_out, server_out):
                writer.close()
            self._open -= {client_out, server_out}

    async def _requests(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, doomed: set[int]) -> None:
        async for number, _, message in _messages(source):
            if _command(message) in WRITES:
                self.writes += 1
                if self.writes == self._lost_at:
                    self._lost_at = None
                    if not self._arrives:
                        await self._between()
                        return
                    doomed.add(number)
            if self._held_until and _command(message) == "find":
                self._held += 1
                if self._held >= self._held_until:
                    self._enough.set()
                await self._enough.wait()
            target.write(message)
            await target.drain()

    async def _answers(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, doomed: set[int]) -> None:
        async for _, answers, message in _messages(source):
            if answers in doomed:
                await self._between()
                return
            target.write(message)
            await target.drain()


async def _messages(source: asyncio.StreamReader) -> AsyncIterator[tuple[int, int, bytes]]:
    """Each message with its number, and that of what it answers."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            header = await source.readexactly(_HEADER.size)
            length, number, answers, _ = _HEADER.unpack(header)
            yield number, answers, header + await source.readexactly(length - _HEADER.size)


def _command(message: bytes) -> str:
    if _HEADER.unpack_from(message)[3] != _OP_MSG:
        return ""
    return message[_BEFORE_NAME : message.index(b"\0", _BEFORE_NAME)].decode().lower()
