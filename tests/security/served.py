"""The whole server on a socket of this machine, over the house of a test."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from poolhouse.config.settings import Root
from poolhouse.config.values import Secret
from poolhouse.server.runner import Runner
from tests.support.house import House, opened_house
from tests.support.json_api import ROOT, ApiClient

ROOT_KEY = Root(access_key_id=ROOT[0], secret_access_key=Secret(ROOT[1]))


@asynccontextmanager
async def served(**changes: Any) -> AsyncIterator[tuple[House, ApiClient]]:
    async with opened_house(root=ROOT_KEY, **changes) as house:
        runner = Runner(house.built.app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            async with aiohttp.ClientSession() as session:
                yield house, ApiClient(f"http://127.0.0.1:{runner.addresses[0][1]}/", session, now=time.time())
        finally:
            await runner.cleanup()
