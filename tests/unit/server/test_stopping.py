"""How a server ends: whoever was let in is answered, in whatever moment that was."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
import uvloop
from aiohttp import web

from poolhouse.server.runner import Runner
from poolhouse.server.serving import bound_sockets
from poolhouse.server.stopping import let_requests_come, stop_listening

PATIENCE = 30.0


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def answered_at_the_end(turns: int) -> bytes:
    """What a client hears that came so many turns of the loop before the server stopped."""
    app = web.Application()
    app.router.add_get("/", hello)
    runner = Runner(app, access_log=None)
    await runner.setup()
    sockets = bound_sockets("127.0.0.1", 0)
    for each in sockets:
        await web.SockSite(runner, each).start()
    with socket.create_connection(sockets[0].getsockname(), PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(turns):
            await asyncio.sleep(0)
        runner.lets_go = True
        await stop_listening(runner, sockets)
        await let_requests_come(runner, PATIENCE)
        await runner.cleanup()
        try:
            return await asyncio.to_thread(client.recv, 12)
        except ConnectionResetError:
            return b"reset"


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_whoever_came_in_the_last_moment_is_answered(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    heard = {}
    for turns in range(8):
        with asyncio.Runner(loop_factory=new_loop) as loop:
            heard[turns] = loop.run(answered_at_the_end(turns))

    assert dict.fromkeys(range(8), b"HTTP/1.1 200") == heard
