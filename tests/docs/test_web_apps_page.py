"""The apps of docs/web-apps.md, made by the commands of the page, sign a user in. The same files run in Chromium,
with the locked packages and over each kind of store, in tests/end_to_end/test_web_apps_in_chromium.py."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path

import aiohttp
import pytest

from tests.docs.pages import ROOT, blocks
from tests.docs.test_walks import require_installing
from tests.docs.walking import Walk
from tests.support.command import free_port
from tests.support.robot import Robot
from tests.support.web_apps import PAGE

STAYS = ("python3 -m http.server", "web/bin/flask")
PASSWORD = "Corr3ct-Horse!"


@pytest.mark.requires_installing
async def test_what_the_page_has_typed_makes_three_apps_and_they_answer(tmp_path: Path) -> None:
    require_installing()
    folder, aside = tmp_path / "reader", tmp_path / "aside"
    folder.mkdir()
    aside.mkdir()
    walk = Walk(folder, ROOT, aside)
    ports = {port: str(free_port()) for port in ("5173", "5000", "5174")}
    as_here = walk.as_here

    def with_ports(text: str) -> str:
        for printed, here in ports.items():
            text = text.replace(printed, here)
        return as_here(text)

    walk.as_here = with_ports  # type: ignore[method-assign]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for block in blocks(PAGE):
            if block.language in ("html", "js") or block.file is not None:
                walk.take(block)
            elif block.head.startswith(STAYS):
                running.append(started(walk, with_ports(block.text)))
            else:
                walk.take(block)
        for port in ports.values():
            await listens(int(port))
        async with aiohttp.ClientSession() as session:
            for app in ("5173", "5174"):
                script = await Robot(session, f"http://127.0.0.1:{ports[app]}").open("app.js")
                assert 200 == script.status
                assert "sign-in" in script.text
            at_app = Robot(session, f"http://127.0.0.1:{ports['5000']}")
            robot = Robot(session, walk.env["ENDPOINT"])
            screen = await robot.open((await at_app.open("sign-in")).left or "")
            # The demo's pool has passkeys: who gives a name is asked for the way.
            choice = await robot.send(screen, username="jane")
            arrived = await robot.send(await robot.send(choice, choice="PASSWORD"), password=PASSWORD)
            assert "Signed in as jane@example.com." == (await at_app.open(arrived.left or "")).text
    finally:
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)
        walk.end()


def started(walk: Walk, text: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["bash", "-c", f"exec {text}"],
        cwd=walk.folder,
        env=walk.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


async def listens(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            with socket.socket() as end:
                if end.connect_ex(("127.0.0.1", port)) == 0:
                    return
            await asyncio.sleep(0.05)
