"""How a server ends: whoever was let in is answered, in whatever moment that was."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable

import pytest
import uvloop
from aiohttp import web

from poolhouse.server.answers import Answer, Head
from poolhouse.server.runner import Runner
from poolhouse.server.serving import bound_sockets
from poolhouse.server.stopping import drain, let_requests_come, stop_listening

PATIENCE = 30.0


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@pytest.mark.parametrize("path", ["/plain", "/lean"])
async def test_an_answer_to_what_came_before_the_end_began_asks_to_let_the_connection_go(path: str) -> None:
    """A proxy that kept the connection would use it once more, in the moment in which it is closed."""
    came, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        came.set()
        await goes_on.wait()
        return web.Response(text="hello") if path == "/plain" else Answer(Head(200), b"hello")

    app = web.Application()
    app.router.add_get(path, slow)
    runner = Runner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    async with asyncio.timeout(PATIENCE):
        await came.wait()
        await drain(runner, 0)
        goes_on.set()
        heard = await reader.read()
    writer.close()
    await runner.cleanup()

    assert (b"HTTP/1.1 200", True) == (heard[:12], b"\r\nConnection: close\r\n" in heard)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can")
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "with other workers"])
async def test_nobody_begins_to_connect_to_a_socket_that_is_closed_next_unless_others_listen_there(alone: bool) -> None:
    """Between the last look and the close a connection would be reset. Where others listen, they take it."""
    runner = Runner(web.Application(), access_log=None)
    await runner.setup()
    (listening,) = bound_sockets("127.0.0.1", 0)
    await web.SockSite(runner, listening).start()
    with listening.dup() as others, socket.socket() as client:
        await stop_listening(runner, [listening], alone=alone)
        client.settimeout(0.2)
        try:
            client.connect(others.getsockname())
            begun = True
        except TimeoutError:
            begun = False
    await runner.cleanup()

    assert begun is not alone


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
        await drain(runner, 0)
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
