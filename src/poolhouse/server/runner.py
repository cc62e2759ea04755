"""aiohttp's runner, but for four things: its connections are ours, they take longer addresses, paths of pools are
found before it looks itself, and what it answers when a request is not HTTP names no version either."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import ERROR, RequestHandler

from poolhouse.server.answers import default_fields
from poolhouse.server.connections import Connections
from poolhouse.server.endings import Endings
from poolhouse.server.routes import ENDINGS, LONGEST_OF_ALL, Handler


class Runner(web.AppRunner):
    """Runs an application."""

    def __init__(self, app: web.Application, **options: Any) -> None:
        # Each route says how long its own may be.
        super().__init__(app, max_line_size=LONGEST_OF_ALL, **options)

    def let_go(self) -> None:
        """From now on every answer ends its connection."""
        assert isinstance(self.server, Connections)  # noqa: S101 - set up
        self.server.let_go()

    async def setup(self) -> None:
        await super().setup()
        server = self.server
        assert server is not None  # noqa: S101 - what has just been set up
        # aiohttp has no way to say which; nothing but the kind of its connections is another.
        server.__class__ = Connections
        if (endings := self.app.get(ENDINGS)) is not None:
            server.request_handler = cast(Any, _found_first(self.app, endings, server.request_handler))
        make = server.request_factory

        def request(
            message: RawRequestMessage,
            payload: StreamReader,
            protocol: RequestHandler,
            writer: AbstractStreamWriter,
            task: asyncio.Task[None],
        ) -> web.BaseRequest:
            if message is ERROR:
                return _Unreadable(message, payload, protocol, writer, task, asyncio.get_running_loop())
            return make(message, payload, protocol, writer, task)

        server.request_factory = request


def _found_first(app: web.Application, endings: Endings, otherwise: Handler) -> Handler:
    """Answers what is among the endings, as the application would: it takes a third of the time of a small answer to
    come to that."""

    async def answer(request: web.Request) -> web.StreamResponse:
        found = None if "Expect" in request.headers else endings.found(request)
        if found is None:
            return await otherwise(request)
        found.add_app(app)
        found.freeze()
        # aiohttp's own name, and private: every test of a pool's endpoint fails when it is called no longer.
        request._match_info = found
        return await found.handler(request)

    return answer


class _Unreadable(web.BaseRequest):
    """What stands for a request that could not be read. No application gets it, so none has a say in its answer."""

    # aiohttp's own name, and private: ``tests/security/test_answers_tell_little.py`` fails when it is called no longer.
    async def _prepare_hook(self, response: Any) -> None:
        default_fields(response.headers)
