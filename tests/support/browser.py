"""Chromium with an authenticator of its own, steered by its devtools protocol: a page, and what is run in it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-port=0",
)
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Space": (32, " ")}
PATIENCE = 60
"""Seconds."""


class Gone(Exception):
    """The page went on to another before it could answer."""


class Page:
    """A page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._session: str | None = None

    async def call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        number = self._number
        asked: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            asked["sessionId"] = self._session
        await self._socket.send_json(asked)
        while True:
            answer = json.loads((await asyncio.wait_for(self._socket.receive(), PATIENCE)).data)
            if answer.get("id") == number:
                if "navigated" in answer.get("error", {}).get("message", ""):
                    raise Gone
                assert "error" not in answer, answer["error"]
                return answer["result"]

    async def open(self, address: str) -> None:
        """Raises where there is no such page."""
        # Where the page is asked for when the target is made, an empty one may still stand there.
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        await self.go(address)

    async def go(self, address: str) -> None:
        """The page that was opened before shows another address. Raises where there is no such page."""
        arrived = await self.call("Page.navigate", url=address)
        assert "errorText" not in arrived, arrived
        await self.until("document.readyState === 'complete'")

    async def until(self, condition: str) -> None:
        """It is so, in this page or in one that it went on to. It need not be able to run scripts of its own."""
        # Not by cancelling: Python 3.11 forgets that it was told to, where an answer comes at the same moment.
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(Gone):
                if await self.run(f"Boolean({condition})"):
                    return
        raise AssertionError(f"It never was so: {condition}")

    async def run(self, script: str) -> Any:
        """What the expression is, or what its promise becomes. Fails with what it raises."""
        done = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    async def press(self, key: str, *, backwards: bool = False) -> None:
        """A key, as somebody presses it: one letter, ``Tab``, ``Enter`` or ``Space``."""
        code, text = KEYS.get(key, (ord(key.upper()[0]), key))
        said = {
            "key": " " if key == "Space" else key,
            "windowsVirtualKeyCode": code,
            "modifiers": 8 if backwards else 0,
        }
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **said)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **said)

    async def type(self, text: str) -> None:
        await self.call("Input.insertText", text=text)

    async def looks(self, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """The size of the window, and what the visitor's system prefers."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        preferred = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[preferred])

    async def with_authenticator(self, *, knows_user: bool = True) -> None:
        """Passkeys of the page are made and used by one within the browser, without anybody's finger."""
        await self.call("WebAuthn.enable")
        await self.call(
            "WebAuthn.addVirtualAuthenticator",
            options={
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": knows_user,
                "automaticPresenceSimulation": True,
            },
        )


@asynccontextmanager
async def browser(folder: Path, *more: str) -> AsyncIterator[Page]:
    """A page of a new browser, which is started with ``more`` flags. Skips without Chromium."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium: install chromium")
    # Its sandbox cannot be had by root.
    flags = FLAGS if os.geteuid() else (*FLAGS, "--no-sandbox")
    process = await asyncio.create_subprocess_exec(
        program,
        *flags,
        *more,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        address = await _address(process.stderr)
        async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as connected:
            yield Page(connected)
    finally:
        process.kill()
        await process.communicate()


async def _address(said: asyncio.StreamReader) -> str:
    """Where it is steered from: it says so once it runs."""
    async with asyncio.timeout(PATIENCE):
        async for line in said:
            words = line.decode(errors="replace").split()
            if words[:2] == ["DevTools", "listening"]:
                return words[-1]
    raise AssertionError("Chromium ended before it could be steered")


@asynccontextmanager
async def empty_page() -> AsyncIterator[str]:
    """The address of a page with nothing on it, under the machine's own name."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>A page</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await web.SockSite(runner, listening).start()
        try:
            yield f"http://localhost:{listening.getsockname()[1]}"
        finally:
            await runner.cleanup()
