"""How a measured application is served: uvloop, one process, no access log, a free port of the loopback address."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import uvloop
from aiohttp import web


def serve(build: Callable[[], Awaitable[web.Application]]) -> None:
    """Serves what was built until it is told to end. The port is written when it is ready."""
    uvloop.run(_serve(build))


async def _serve(build: Callable[[], Awaitable[web.Application]]) -> None:
    runner = web.AppRunner(await build(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ended = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, ended.set)
        print(runner.addresses[0][1], flush=True)
        await ended.wait()
    finally:
        await runner.cleanup()
