"""The programs of docs/verify-a-token.md take good access tokens only: each runs as it is printed, and is given
others."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from poolhouse.testing import FakeClock, House, MadeClient, MadePool, MadeUser, running_house
from tests.docs.pages import ROOT, blocks
from tests.support.certificates import Certificate, made_certificate
from tests.support.command import free_port

PAGE = "docs/verify-a-token.md"
PROGRAMS = {block.file: block for block in blocks(PAGE) if block.file is not None}
NODE = ROOT / "tests" / "end_to_end" / "node" / "node_modules"
LIFE = 3600.0
LEAD = 300.0


class Program:
    """A program that runs, and says of each token what it thinks of it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self, token: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{token}\n".encode())
        return (await asyncio.wait_for(self._process.stdout.readline(), 60)).decode().strip()


def command_of(name: str, folder: Path) -> list[str]:
    """What runs the program of this name, which stands in the folder. Skips where its language is not here."""
    if name.endswith(".py"):
        return [sys.executable, name]
    if name.endswith(".mjs"):
        node = shutil.which("node")
        if node is None or not NODE.is_dir():
            pytest.skip("no node with its packages: install Node.js 20 or newer, run npm ci in tests/end_to_end/node")
        (folder / "node_modules").symlink_to(NODE)
        return [node, name]
    if name.endswith(".go"):
        if os.environ.get("POOLHOUSE_TEST_INSTALLS") != "1":
            pytest.skip("Go fetches modules: POOLHOUSE_TEST_INSTALLS=1 lets it")
        (build,) = (block for block in blocks(PAGE) if block.language == "sh" and "go build" in block.text)
        subprocess.run(["bash", "-e", "-c", build.text], cwd=folder, check=True, timeout=600)
        return ["./verify"]
    raise AssertionError(f"nobody knows how to run {name}")


@asynccontextmanager
async def running(name: str, folder: Path, env: Mapping[str, str], text: str | None = None) -> AsyncIterator[Program]:
    """The program of the page runs; ``text`` instead where it is given."""
    (folder / name).write_text(text or PROGRAMS[name].text, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *command_of(name, folder),
        cwd=folder,
        env={**os.environ, **env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@dataclass
class Place:
    """A pool with a client and a user, in a server whose clock is near the real one."""

    house: House
    pool: MadePool
    client: MadeClient
    user: MadeUser
    expired: str

    @property
    def env(self) -> dict[str, str]:
        return {"ISSUER": f"{self.house.base_url}/{self.pool.id}", "CLIENT_ID": self.client.id}

    async def access(self) -> str:
        return (await self.house.sign_in(self.client, self.user)).access_token


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    # The programs have the real time: what this clock says must have passed already.
    clock = FakeClock(time.time() - 2 * LIFE)
    async with running_house(clock=clock) as house:
        pool = await house.make_pool()
        client = await house.make_client(pool)
        user = await house.make_user(pool)
        expired = (await house.sign_in(client, user)).access_token
        clock.advance(2 * LIFE - 2 * LEAD)
        yield Place(house, pool, client, user, expired)


def changed(token: str) -> str:
    """The token with another user in it, and the signature of before."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return ".".join([head, encoded({**claims, "username": "joe"}), signature])


def unsigned(token: str) -> str:
    _, body, _ = token.split(".")
    return ".".join([encoded({"alg": "none"}), body, ""])


def encoded(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


NEEDS = {".mjs": pytest.mark.requires_node, ".go": pytest.mark.requires_installing, ".py": ()}
EVERY = [pytest.param(name, marks=NEEDS[Path(name).suffix]) for name in PROGRAMS]


@pytest.mark.parametrize("name", EVERY)
async def test_a_program_of_the_page_takes_good_access_tokens_only(name: str, place: Place, tmp_path: Path) -> None:
    house = place.house
    good = await place.access()
    other_client = await house.make_client(place.pool)
    other_pool = await house.make_pool()
    stranger = await house.make_user(other_pool)
    refused = {
        "an ID token": (await house.sign_in(place.client, place.user)).id_token,
        "of another client": (await house.sign_in(other_client, place.user)).access_token,
        "of another pool": (await house.sign_in(await house.make_client(other_pool), stranger)).access_token,
        "expired": place.expired,
        "changed": changed(good),
        "unsigned": unsigned(good),
        "no token": "no token",
    }

    async with running(name, tmp_path, place.env) as program:
        said = {what: await program.says(token) for what, token in refused.items()}

        assert [what for what, line in said.items() if not line.startswith("refused:")] == []
        assert await program.says(good) == "good: jane"


@pytest.mark.parametrize("name", EVERY)
async def test_tokens_of_before_and_after_a_rotation_are_good(name: str, place: Place, tmp_path: Path) -> None:
    before = await place.access()
    await place.house.server.services.signing_keys.rotate(place.pool.id, None)

    async with running(name, tmp_path, place.env) as program:
        place.house.clock.advance(LEAD)
        after = await place.access()

        assert before.partition(".")[0] != after.partition(".")[0]
        assert ["good: jane", "good: jane"] == [await program.says(before), await program.says(after)]


@pytest.mark.parametrize(
    ("name", "printed", "at_once"),
    [
        ("verify.py", "lifespan=300", "lifespan=300, cooldown_duration=0"),
        pytest.param(
            "verify.mjs", "jwks.json`)", "jwks.json`), { cooldownDuration: 0 }", marks=pytest.mark.requires_node
        ),
        pytest.param("verify.go", "package main", "package main", marks=pytest.mark.requires_installing),
    ],
)
async def test_an_unknown_key_has_a_running_program_read_the_keys_again(
    name: str, printed: str, at_once: str, place: Place, tmp_path: Path
) -> None:
    # As it is printed, but for the pause between two readings, which is real time.
    assert PROGRAMS[name].text.count(printed) == 1
    async with running(name, tmp_path, place.env, PROGRAMS[name].text.replace(printed, at_once)) as program:
        before = await program.says(await place.access())
        await place.house.server.services.signing_keys.rotate(place.pool.id, None)
        place.house.clock.advance(LEAD)

        assert ["good: jane", "good: jane"] == [before, await program.says(await place.access())]


async def test_keys_that_cannot_be_had_are_no_wrong_token(place: Place, tmp_path: Path) -> None:
    nobody = {**place.env, "ISSUER": f"http://127.0.0.1:1/{place.pool.id}"}
    async with running("verify.py", tmp_path, nobody) as program:
        assert (await program.says(await place.access())).startswith("no keys:")


@pytest.mark.requires_node
async def test_the_vendors_library_reads_the_keys_of_an_issuer_that_speaks_https(tmp_path: Path) -> None:
    certificate, port = made_certificate(tmp_path), free_port()
    settings = {"server": {"base_url": f"https://localhost:{port}"}}
    async with running_house(settings=settings, clock=FakeClock(time.time() - LEAD)) as house:
        pool = await house.make_pool()
        client = await house.make_client(pool)
        place = Place(house, pool, client, await house.make_user(pool), "")
        env = place.env | {"NODE_EXTRA_CA_CERTS": str(certificate.file)}
        async with (
            https_in_front(house.boto3().meta.endpoint_url, port, certificate) as asked,
            running("verify-aws.mjs", tmp_path, env) as program,
        ):
            said = [await program.says(await place.access()) for _ in range(2)]

    assert ["good: jane", "good: jane"] == said
    assert [f"/{pool.id}/.well-known/jwks.json"] == asked


@asynccontextmanager
async def https_in_front(upstream: str, port: int, certificate: Certificate) -> AsyncIterator[list[str]]:
    """What a proxy in front of a server does; the paths that were asked for."""
    asked: list[str] = []

    async def passed_on(request: web.Request) -> web.Response:
        asked.append(request.path)
        async with aiohttp.ClientSession() as session, session.get(f"{upstream}{request.path}") as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

    front = web.Application()
    front.router.add_get("/{path:.*}", passed_on)
    runner = web.AppRunner(front)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=certificate.context).start()
        yield asked
    finally:
        await runner.cleanup()


async def test_gateways_are_told_the_addresses_that_a_server_has(place: Place) -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    named = set(re.findall(r"https://auth\.example\.com/eu-west-1_AbCdEfGhI[\w./-]*", text))
    issuer = place.env["ISSUER"]
    async with aiohttp.ClientSession() as session, session.get(f"{issuer}/.well-known/openid-configuration") as answer:
        discovered = await answer.json()

    shown = {address.replace("https://auth.example.com/eu-west-1_AbCdEfGhI", issuer) for address in named}

    assert {discovered["issuer"], discovered["jwks_uri"]} == shown
