"""The apps of docs/web-apps.md as they are printed there, where a browser finds them; and TLS in front of a server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.docs.pages import blocks
from tests.support.browser import Page

PAGE = "docs/web-apps.md"
NODE = Path(__file__).parents[1] / "end_to_end" / "node"


def printed(folder: Path, app: str, config: Mapping[str, str]) -> Path:
    """The folder of the app, with the files that the page shows, and with ``config`` as its commands write it."""
    for block in blocks(PAGE):
        if block.file is not None and block.file.startswith(f"{app}/"):
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    made = ", ".join(f"{name} = {json.dumps(value)}" for name, value in config.items())
    (folder / app / "config.js").write_text(f"export const {made};\n", encoding="utf-8")
    return folder / app


def bundled(app: Path, *more: str) -> None:
    """One script, as the page has it made, of the packages that are locked here; with ``more`` words for the bundler.
    Skips without them."""
    if not (NODE / "node_modules").is_dir() or shutil.which("node") is None:
        pytest.skip("no packages for node: run npm ci in tests/end_to_end/node")
    words = ["--bundle", "--define:global=globalThis", f"--outfile={app / 'app.js'}", *more]
    subprocess.run(
        [NODE / "node_modules/.bin/esbuild", app / "main.js", *words, "--log-level=warning"],
        # What is imported is looked for beside the locked packages.
        env={"NODE_PATH": str(NODE / "node_modules"), "PATH": "/usr/bin:/bin:/usr/local/bin"},
        check=True,
    )


@asynccontextmanager
async def served_app(app: Path, listening: socket.socket) -> AsyncIterator[None]:
    """The files of the folder, at the root of this socket."""

    async def index(_: web.Request) -> web.FileResponse:
        return web.FileResponse(app / "index.html")

    site = web.Application()
    site.router.add_get("/", index)
    site.router.add_static("/", app)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def tls_in_front(port: int, listening: socket.socket, context: ssl.SSLContext) -> AsyncIterator[None]:
    """What comes by TLS to the socket goes on to this port, as it came."""

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        with contextlib.suppress(OSError):
            sink.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    front = await asyncio.start_server(pass_on, sock=listening, ssl=context)
    try:
        yield
    finally:
        front.close()


async def says(page: Page, text: str) -> None:
    """The app tells its user this, sooner or later."""
    await page.until(f"document.getElementById('status')?.textContent === {json.dumps(text)}")
