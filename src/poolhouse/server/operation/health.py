"""Whether the server lives, and whether it can answer: what a supervisor and a load balancer ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from poolhouse.errors import StoreAway
from poolhouse.server.answers import Answer, told

PATIENCE: Final = 2.0
"""Seconds that the store may take."""
FRESH: Final = 1.0
"""Seconds for which what was found is told again: anybody may ask, and looking is a write."""


class Health:
    """``ready`` is set while the server answers. ``write`` writes into the store, or raises. ``stuck``: whether
    arithmetic is asked for and does not move."""

    def __init__(self, write: Callable[[], Awaitable[None]], ready: asyncio.Event, stuck: Callable[[], bool]) -> None:
        self._write = write
        self._ready = ready
        self._stuck = stuck
        self._looking: asyncio.Task[str | None] | None = None
        self._looked_at = float("-inf")

    async def lives(self, _: web.Request) -> Answer:
        return told({"status": "ok"})

    async def is_ready(self, _: web.Request) -> Answer:
        if not self._ready.is_set():
            return told({"status": "stopping"}, status=503)
        if self._stuck():
            return told({"status": "passwords are not checked: the threads for them do not move"}, status=503)
        wrong = await self._found()
        return told({"status": "ok"}) if wrong is None else told({"status": wrong}, status=503)

    async def _found(self) -> str | None:
        """What is wrong with the store, as it was a second ago at most; who asks at the same moment shares a look."""
        now = asyncio.get_running_loop().time()
        looking = self._looking
        if looking is None or (looking.done() and now - self._looked_at >= FRESH):
            self._looked_at = now
            looking = self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(looking)

    async def _look(self) -> str | None:
        """A store that can be read and not written is of no use: a sign-in writes."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._write()
        except StoreAway as away:
            return f"the store cannot be written: {away.why}"
        except Exception:  # noqa: BLE001 - whatever the driver says: without its store the server is of no use
            return "the store does not answer"
        return None
