"""How a server stops: first it says that it is not ready, then it takes nothing new, and all that came in is answered.

A proxy in front learns of the end by the readiness, by ``Connection: close`` in each answer, and at last by a refused
connection. Whoever uses a connection in the moment in which it is closed gets no answer, and may not ask again where
the request was no reading one. So idle connections are closed last, when proxies have let go of theirs, and none that
was accepted is closed before its request could come.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from poolhouse.server.runner import Runner

READY: Final = web.AppKey("ready", asyncio.Event)
"""Set while the application wants to be asked."""

BODY_SECONDS: Final = 5.0
"""How long after the signal the rest of a request may still come in."""
HEAD_SECONDS: Final = 1.0
"""How long a connection that was accepted last may take to begin its request."""
_SO_ATTACH_FILTER: Final = 26
_NO_SYN: Final = b"".join(
    struct.pack("HBBI", *step)
    for step in (
        (0x30, 0, 0, 13),  # the flags of the segment
        (0x45, 0, 1, 2),  # with SYN: go on, else over one step
        (0x06, 0, 0, 0),  # dropped
        (0x06, 0, 0, 0xFFFFFFFF),  # taken whole
    )
)
"""A socket filter (BPF) that drops the segments that begin a connection, and no others."""
_LOOK_SECONDS: Final = 0.01
_QUIET_LOOKS: Final = 3
"""After so many looks in turn that found nothing, nothing is coming: a loop needs a few turns to make a connection of
what it has accepted."""


async def drain(runner: Runner, seconds: float) -> None:
    """For so many seconds everything was answered, except that the server said it is not ready, and asked each client
    to let its connection go."""
    ready = runner.app.get(READY)
    if ready is not None:
        ready.clear()
    runner.let_go()
    await asyncio.sleep(seconds)


async def stop_listening(runner: Runner, sockets: Sequence[socket.socket], *, alone: bool = True) -> None:
    """No connection is accepted any more; those that the system had accepted for us are served. ``alone``: no other
    process listens on these sockets.

    The system resets what waits at a socket that is closed. So another handle holds each of them open until nothing
    waits there, and where the system can, nothing begins to come meanwhile."""
    loop = asyncio.get_running_loop()
    open_ = [each for each in sockets if each.fileno() >= 0]
    held = [each.dup() for each in open_]
    for each in open_:
        if alone:
            _let_nobody_begin(each)
        # asyncio's own loop drops what it accepts in the turn in which its server is closed: so it accepts no more, and
        # has time for the last ones.
        with contextlib.suppress(NotImplementedError):
            loop.remove_reader(each)
    await asyncio.sleep(_LOOK_SECONDS)
    for site in runner.sites:
        await site.stop()
    if runner.server is None:
        return
    for each in held:
        each.setblocking(False)
        waiting: list[socket.socket] = []
        try:
            while True:
                waiting.append(each.accept()[0])
        except OSError:
            each.close()  # nothing waits there, or it was never listened on
        for connection in waiting:
            await loop.connect_accepted_socket(runner.server, connection)


def _let_nobody_begin(listening: socket.socket) -> None:
    """Who begins to connect from now on gets no answer, tries again a second later, and is refused then: what came
    between the last look and the close would be reset. Linux alone can; elsewhere that moment stays."""
    if sys.platform == "linux":
        program = array.array("B", _NO_SYN)
        filtering = struct.pack("HL", len(_NO_SYN) // 8, program.buffer_info()[0])
        with contextlib.suppress(OSError):
            listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filtering)


async def let_requests_come(runner: Runner, seconds: float) -> None:
    """Every request whose head has come has its body too, and every new connection its first head; or the time is over.

    From the moment that aiohttp ends a connection it drops what still comes in on it. SDKs send the head and the body
    of a request apart: whoever was between the two would wait in vain."""
    loop = asyncio.get_running_loop()
    heads_until = loop.time() + min(HEAD_SECONDS, seconds)
    deadline = loop.time() + seconds
    quiet = 0
    while runner.server is not None and quiet < _QUIET_LOOKS and loop.time() < deadline:
        await asyncio.sleep(_LOOK_SECONDS)
        quiet += 1
        for connection in runner.server.connections:
            if _is_coming(connection) or (_is_new(connection) and loop.time() < heads_until):
                quiet = 0
            else:
                connection.close()


def _is_new(connection: RequestHandler) -> bool:
    return getattr(connection, "_request_count", 1) == 0


def _is_coming(connection: RequestHandler) -> bool:
    """Whether a request's head is there, and its body not all."""
    bodies = [body for _, body in getattr(connection, "_messages", ())]
    if (request := getattr(connection, "_current_request", None)) is not None:
        bodies.append(request.content)
    return not all(body.is_eof() for body in bodies)
