"""Functions that do what no function should. They come in Python, and over HTTP by the names of their behaviours."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from poolhouse.server.runner import Runner
from tests.support.passing_time import PassingTime

CALLS: Counter[str] = Counter()
GATE = threading.Event()
"""Who hangs, hangs until it opens."""

Event = dict[str, Any]


@dataclass
class Slow:
    """How long ``slow`` takes, by the clock of this loop. ``answers``: in the end it does, and else not before the gate
    opens."""

    loop: PassingTime
    seconds: float
    answers: bool


SLOW: list[Slow] = []
"""The one of the test that runs."""


def fine(event: Event, context: Any) -> Event:
    CALLS["fine"] += 1
    return event


def raises(event: Event, context: Any) -> Event:
    CALLS["raises"] += 1
    raise ValueError("denied")


def hangs(event: Event, context: Any) -> Event:
    CALLS["hangs"] += 1
    GATE.wait()
    return event


def slow(event: Event, context: Any) -> Event:
    CALLS["slow"] += 1
    (how,) = SLOW
    passed = threading.Event()

    def passes() -> None:
        how.loop.pass_by(how.seconds)
        passed.set()

    how.loop.call_soon_threadsafe(passes)
    passed.wait()
    if not how.answers:
        GATE.wait()
    return event


def returns_rubbish(event: Event, context: Any) -> Any:
    CALLS["returns_rubbish"] += 1
    return "rubbish"


def returns_a_wrong_type(event: Event, context: Any) -> Event:
    CALLS["returns_a_wrong_type"] += 1
    return {**event, "response": {"autoConfirmUser": "yes", "emailMessage": 7, "claimsOverrideDetails": 7}}


def returns_another_user(event: Event, context: Any) -> Event:
    CALLS["returns_another_user"] += 1
    return {**event, "userName": "somebody-else"}


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The same over HTTP; answers with the address."""
    opened = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        event = await request.json()
        if name == "hangs":
            CALLS[name] += 1
            await opened.wait()
            return web.json_response(event)
        if name == "slow":
            CALLS[name] += 1
            (how,) = SLOW
            how.loop.pass_by(how.seconds)
            if not how.answers:
                await opened.wait()
            return web.json_response(event)
        try:
            return web.json_response(globals()[name](event, None))
        except ValueError as error:
            return web.json_response({"errorMessage": str(error), "errorType": "ValueError"})

    app = web.Application()
    app.router.add_post("/{name}", answer)
    app.router.add_post("/2015-03-31/functions/{name}/invocations", answer)
    runner = Runner(app, access_log=None, auto_decompress=False, shutdown_timeout=5.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        opened.set()
        await runner.cleanup()
