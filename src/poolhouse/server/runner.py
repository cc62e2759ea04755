"""aiohttp's runner, but for three things: its connections are ours, they take longer addresses, and what it answers
when a request is not HTTP names no version either."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import ERROR, RequestHandler

from poolhouse.server.answers import default_fields
from poolhouse.server.connections import Connections
from poolhouse.server.routes import LONGEST_OF_ALL


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


class _Unreadable(web.BaseRequest):
    """What stands for a request that could not be read. No application gets it, so none has a say in its answer."""

    # aiohttp's own name, and private: ``tests/security/test_answers_tell_little.py`` fails when it is called no longer.
    async def _prepare_hook(self, response: Any) -> None:
        default_fields(response.headers)
