"""aiohttp's connection, but for three things: a client that has sent all it has to say gets its answers, what is left
of a body that nobody wants is not read for long, and while the server stops every answer ends its connection.

``_request_count``, ``_messages`` and ``_current_request`` are aiohttp's own names, and private:
``tests/end_to_end/test_connections.py`` fails when they mean something else.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

LEFT_BYTES: Final = 8 * 1024 * 1024
"""How much of an unwanted body is still read, so that a client that sends first and reads then gets its answer: twice
the largest request that is read by default."""
LEFT_SECONDS: Final = 5.0


class Connection(RequestHandler):
    __slots__ = ("_answered", "_half_closed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # What is left is read here: aiohttp looks at the time alone.
        super().__init__(*args, **kwargs, lingering_time=0.0)
        self._answered = 0
        self._half_closed = False

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether the connection stays open: answers are due, and nobody but the client ends what it has asked."""
        self._half_closed = self._request_count > self._answered
        last = self._messages[-1][1] if self._messages else getattr(self._current_request, "content", None)
        if last is not None and not last.is_eof():
            last.set_exception(ConnectionResetError("the rest of the body will not come"))
        return self._half_closed

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        # When it is answered, and not when it came: a proxy may keep what it has an answer on for a while.
        if isinstance(resp, web.StreamResponse) and getattr(self._manager, "lets_go", False):
            resp.force_close()
        finished = await super().finish_response(request, resp, start_time)
        self._answered += 1
        if not request.content.is_eof():
            await self._read_the_rest(request)
        if self._half_closed and self._request_count <= self._answered:
            self.close()
        return finished

    async def _read_the_rest(self, request: web.BaseRequest) -> None:
        """The rest of the body is gone, or the connection ends."""
        left = LEFT_BYTES
        try:
            async with asyncio.timeout(LEFT_SECONDS):
                while left > 0 and not request.content.is_eof():
                    left -= len(await request.content.readany())
        except (TimeoutError, ConnectionError, web.RequestPayloadError):
            left = 0
        if left <= 0:
            self.close()


class Connections(web.Server):
    """aiohttp's server, with our connections. ``lets_go``: every answer ends its connection."""

    lets_go = False

    def let_go(self) -> None:
        self.lets_go = True

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)
