"""Clients that have never heard of us, over a real socket and each kind of store, sign people in on the hosted pages.
The Python app is that of docs/web-apps.md, as it is printed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from poolhouse.testing.made import MadeClient
from tests.end_to_end.test_node_clients import NODE
from tests.support.command import free_port
from tests.support.live import PASSWORD, Live, Stranger, unique
from tests.support.robot import Robot, Screen
from tests.support.web_apps import printed

CALLBACK = "https://app.example.com/callback"
HOME = "https://app.example.com/"


def confidential(live: Live, callback: str = CALLBACK, home: str = HOME, **more: Any) -> tuple[MadeClient, str]:
    """A client with a secret and the code flow, and the name of a user who can sign in to it."""
    pool = live.pool()
    client = live.client(
        pool,
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email", "profile"],
        CallbackURLs=[callback],
        LogoutURLs=[home],
        SupportedIdentityProviders=["COGNITO"],
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        **more,
    )
    return client, live.user(live.client(pool))


@asynccontextmanager
async def somebody(live: Live) -> AsyncIterator[Robot]:
    """A browser at the server."""
    async with aiohttp.ClientSession() as session:
        yield Robot(session, live.base_url)


async def signed_in(robot: Robot, start: str, name: str) -> Screen:
    """Where the browser comes that was sent to us: its user is asked, where nobody is signed in."""
    screen = await robot.open(start)
    return await robot.send(screen, username=name, password=PASSWORD) if screen.page == "login" else screen


@pytest.mark.requires_node
async def test_the_standards_own_libraries_walk_from_discovery_to_sign_out(live: Live) -> None:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules").is_dir():
        pytest.skip("no node, or no packages for it: run npm ci in tests/end_to_end/node")
    client, name = confidential(live, RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0})
    known = {"ENDPOINT": live.base_url, "POOL_ID": client.pool_id, "CLIENT_ID": client.id, "NAME": name}
    given = {**known, "CLIENT_SECRET": client.secret or "", "CALLBACK": CALLBACK, "HOME": HOME}
    process = await asyncio.create_subprocess_exec(
        *(node, str(NODE / "code-flow.mjs")),
        env={"PATH": os.environ["PATH"], **given},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    said: dict[str, str] = {}
    try:
        async with asyncio.timeout(120), somebody(live) as robot:
            async for line in process.stdout:
                said = json.loads(line)
                if "to" in said:
                    left = (await signed_in(robot, said["to"], name)).left
                    process.stdin.write(f"{left}\n".encode())
                    await process.stdin.drain()
            complaint = (await process.stderr.read()).decode()
            assert 0 == await process.wait(), complaint
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    stranger = Stranger(f"{live.base_url}/{client.pool_id}")
    assert name == stranger.verified(said["access"])["username"]
    assert f"{name}@example.com" == stranger.verified(said["id"], audience=client.id)["email"]


@asynccontextmanager
async def flask(folder: Path, live: Live, client: MadeClient, port: int) -> AsyncIterator[Robot]:
    """The app of the page runs; a browser at it."""
    printed(folder, "web", {})
    given = {
        "ISSUER": f"{live.base_url}/{client.pool_id}",
        "CLIENT_ID": client.id,
        "CLIENT_SECRET": client.secret or "",
        "APP_SECRET": unique("secret"),
    }
    with (folder / "flask.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "flask", "--app", "web/app.py", "run", "--host", "127.0.0.1", "--port", str(port)),
            cwd=folder,
            env={**os.environ, **given},
            stdout=log,
            stderr=log,
        )
        try:
            async with asyncio.timeout(30):
                while True:
                    with socket.socket() as end:
                        if end.connect_ex(("127.0.0.1", port)) == 0:
                            break
                    assert process.returncode is None, (folder / "flask.log").read_text()
                    await asyncio.sleep(0.05)
            async with aiohttp.ClientSession() as session:
                yield Robot(session, f"http://127.0.0.1:{port}")
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def test_a_python_web_app_with_authlib_signs_in_and_out(live: Live, tmp_path: Path) -> None:
    port = free_port()
    app = f"http://127.0.0.1:{port}"
    client, name = confidential(live, f"{app}/callback", f"{app}/")
    async with flask(tmp_path, live, client, port) as at_app, somebody(live) as robot:
        asked = (await at_app.open("sign-in")).left or ""
        arrived = (await signed_in(robot, asked, name)).left or ""
        shown = await at_app.open(arrived)
        assert f"Signed in as {name}@example.com." == shown.text, (tmp_path / "flask.log").read_text()
        again = await at_app.open(arrived)
        assert 500 == again.status, "an answer was taken twice"

        left = (await robot.open((await at_app.open("sign-out")).left or "")).left
        assert f"{app}/" == left
        assert "Nobody is signed in." == (await at_app.open(left)).text
        assert "login" == (await robot.open((await at_app.open("sign-in")).left or "")).page


@pytest.mark.parametrize("claim", ["nonce", "at_hash"])
def test_authlib_would_notice(claim: str) -> None:
    """What the library is trusted with: an ID token with another nonce, or for another access token."""
    from authlib.oidc.core import CodeIDToken
    from joserfc.errors import JoseError

    claims = {"iss": "i", "sub": "s", "aud": "a", "exp": 2, "iat": 1, claim: "another"}
    token = CodeIDToken(claims, {"alg": "RS256"}, {}, {"nonce": "n" if claim == "nonce" else None, "access_token": "t"})
    with pytest.raises((JoseError, Exception), match=claim):
        token.validate(now=1)


async def test_a_page_may_send_the_header_that_amplify_sends_to_the_token_endpoint(live: Live) -> None:
    client, _ = confidential(live)
    asks = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-amz-user-agent",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.options(f"{live.base_url}/{client.pool_id}/oauth2/token", headers=asks) as answer,
    ):
        assert {"content-type", "x-amz-user-agent"} <= set(answer.headers["Access-Control-Allow-Headers"].split(","))
