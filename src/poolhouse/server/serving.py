"""A built application runs: it gets sockets, answers until it is asked to stop, and finishes what it began.

The first SIGTERM or SIGINT stops it in order (``stopping``), the second one ends the process at once. Other signals
that would end it without a word are ignored, with one.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aiohttp import web
from aiohttp.web_log import AccessLogger
from msgspec import Struct

from poolhouse.server import access_log
from poolhouse.server.access_log import AccessLog
from poolhouse.server.runner import Runner
from poolhouse.server.stopping import BODY_SECONDS, drain, let_requests_come, stop_listening

MakeApp = Callable[[], Awaitable[web.Application]]

KEEPALIVE_SECONDS: Final = 75.0
"""Longer than common proxies keep an idle connection (60 s), so that it is they who close it."""
BACKLOG: Final = 1024
AFTER_GRACE: Final = 10.0
"""Seconds for the end of the application itself, after its requests."""
OBJECTS: Final = 10_000
"""So many more objects than before, and the collector looks for garbage. A few dozen requests under way are thousands,
and none of them leaves any: it would look in vain, and take a fiftieth of the time."""

STRAY: Final = (signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2) if os.name == "posix" else ()
"""Signals whose usual effect is that everything ends at once. Settings are read at the start alone."""

_TURNS: Final = 3
"""Of the loop: from a signal that came to its handler."""

_logger = logging.getLogger("poolhouse.serving")


class CannotListen(Exception):  # noqa: N818 - read as a statement
    """The address cannot be listened on. The text says why."""


class Manner(Struct, frozen=True, kw_only=True):
    """How to serve. After the first signal all is answered as before for ``drain`` seconds, but for the word that the
    server is ready; then running requests have ``grace`` seconds."""

    grace: float
    drain: float = 0.0
    access_log: AccessLog | None = None


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Sockets for all addresses of the host, bound and not listening yet. Raises ``CannotListen``."""
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise CannotListen(f"Cannot listen on {shown}: there is no such host.") from None
    sockets: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            # An address of a family that this machine does not speak is no reason to stay away from the others.
            if (bound := _bound(family, address, may_miss=len(found) > 1)) is not None:
                sockets.append(bound)
    except OSError as error:
        close_all(sockets)
        raise CannotListen(_reason(shown, error)) from None
    if not sockets:
        raise CannotListen(f"Cannot listen on {shown}: this machine has no such address.")
    return sockets


def close_all(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()


def run(
    make: MakeApp,
    sockets: Sequence[socket.socket],
    manner: Manner,
    *,
    started: Callable[[], None],
    stopping: Callable[[asyncio.AbstractEventLoop, asyncio.Event], None] | None = None,
) -> None:
    """The application has run, and ended in order. ``started`` is called once it answers, unless it was told to stop
    before. ``stopping`` arranges what sets the event (None: the signals do). Raises what ``make`` and the start of the
    application raise."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(make, sockets, manner, started, stopping or _stop_at_signals))


async def _serve(
    make: MakeApp,
    sockets: Sequence[socket.socket],
    manner: Manner,
    started: Callable[[], None],
    stopping: Callable[[asyncio.AbstractEventLoop, asyncio.Event], None],
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_note_unheard)
    stop = asyncio.Event()
    for stray in STRAY:
        loop.add_signal_handler(stray, note_stray, stray)
    stopping(loop, stop)
    runner = Runner(
        await make(),
        handle_signals=False,
        shutdown_timeout=manner.grace,
        keepalive_timeout=KEEPALIVE_SECONDS,
        # A client that hangs up does not stop a flow between two of its writes.
        handler_cancellation=False,
        # The JSON API refuses compressed bodies by its own rule, and nothing else has any.
        auto_decompress=False,
        access_log=logging.getLogger(access_log.LOGGER) if manner.access_log else None,
        access_log_class=manner.access_log.lines() if manner.access_log else AccessLogger,
    )
    try:
        await runner.setup()
        for each in sockets:
            await _listen(runner, each)
        # What start-up made stays: the collector need not look at it again, and forked processes share its memory.
        gc.freeze()
        gc.set_threshold(OBJECTS)
        gc.enable()
        # A signal that came while the loop was busy with starting is heard in its next turns.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if not stop.is_set():
            started()
        await stop.wait()
        _logger.info("stopping")
        await drain(runner, manner.drain)
    finally:
        try:
            async with asyncio.timeout(BODY_SECONDS + manner.grace + AFTER_GRACE):
                await stop_listening(runner, sockets, alone=stopping is _stop_at_signals)
                await let_requests_come(runner, min(BODY_SECONDS, manner.grace))
                await runner.cleanup()
        except TimeoutError:
            _logger.warning("The server did not end within its grace; what still ran was dropped.")
        if manner.access_log:
            manner.access_log.flush()


async def _listen(runner: web.AppRunner, bound: socket.socket) -> None:
    try:
        await web.SockSite(runner, bound, backlog=BACKLOG).start()
    except OSError as error:
        # Somebody else had bound the port too, and began to listen first.
        host, port = bound.getsockname()[:2]
        raise CannotListen(_reason(f"{host}:{port}", error)) from None


def note_stray(number: int) -> None:
    """The log says that the signal changed nothing."""
    _logger.warning("%s is ignored; SIGTERM stops in order", signal.Signals(number).name)


def _stop_at_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    signals = (signal.SIGTERM, signal.SIGINT)

    def first() -> None:
        stop.set()
        for each in signals:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    for each in signals:
        loop.add_signal_handler(each, first)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _note_unheard(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's own handler writes the ``repr`` of whatever is concerned; a task's may hold arguments."""
    error = context.get("exception")
    _logger.error("asyncio: %s", context.get("message", "an error"), exc_info=error)


def _bound(family: int, address: Any, *, may_miss: bool) -> socket.socket | None:
    try:
        new = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        if may_miss:
            return None
        raise
    try:
        if os.name == "posix":
            new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        new.bind(address)
        new.setblocking(False)
    except OSError as error:
        new.close()
        if may_miss and error.errno == errno.EADDRNOTAVAIL:
            return None
        raise
    return new


def _reason(shown: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Cannot listen on {shown}: the port is in use. Stop what uses it, or say --listen with another port."
    if error.errno == errno.EACCES:
        return f"Cannot listen on {shown}: ports below 1024 are for administrators; say --listen with another port."
    return f"Cannot listen on {shown}: {(error.strerror or 'it cannot be used').lower()}."
