"""Whether the server lives, and whether it can answer: what a supervisor and a load balancer ask."""

from __future__ import annotations

import asyncio

from aiohttp import web

from poolhouse.server.answers import Answer, told
from poolhouse.store.port import Store

PATIENCE = 5.0
"""Seconds that the store may take."""


class Health:
    """``ready`` is set while the server answers."""

    def __init__(self, store: Store, ready: asyncio.Event) -> None:
        self._store = store
        self._ready = ready

    async def lives(self, _: web.Request) -> Answer:
        return told({"status": "ok"})

    async def is_ready(self, _: web.Request) -> Answer:
        if not self._ready.is_set():
            return told({"status": "stopping"}, status=503)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.ping()
        except Exception:  # noqa: BLE001 - whatever the driver says: without its store the server is of no use
            return told({"status": "the store does not answer"}, status=503)
        return told({"status": "ok"})
