"""Every factor and challenge by Amplify in a real browser, over each kind of store: the journeys of ``node/`` as they
are, bundled for a page, and passkeys by the browser's own authenticator."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyotp
import pytest
from aiohttp import web

from poolhouse.testing.made import MadeClient
from tests.end_to_end.functions import riddle
from tests.end_to_end.test_factors import ALL, phone
from tests.end_to_end.test_node_factors import APP, CUSTOM, FIRST, ON_PROMPT, add_user, assert_good, with_factors
from tests.support.browser import browser
from tests.support.live import OTHER_PASSWORD, PASSWORD, Live, attributes, unique
from tests.support.web_apps import NODE, bundled

pytestmark = pytest.mark.requires_browser

PAGE = """\
<!doctype html>
<meta charset="utf-8">
<title>A journey</title>
<link rel="icon" href="data:,">
<script>
  globalThis.process = { env: %s };
  globalThis.ended = null;
  console.log = (printed) => (globalThis.ended = { printed: JSON.parse(printed) });
  addEventListener("error", (it) => (globalThis.ended ??= { failed: it.message }));
  addEventListener("unhandledrejection", (it) => (globalThis.ended ??= { failed: String(it.reason) }));
</script>
<script type="module" src="app.js"></script>
"""
BROWSER = NODE / "browser"
STEP = 30


class Apps:
    """Authenticator apps, by their secrets. Each code is shown once: the clock is looked ahead rather than waited for,
    as the server takes the codes of the step before, of this one and of the next."""

    def __init__(self) -> None:
        self._shown: dict[str, int] = {}

    async def code(self, secret: str) -> str:
        now = time.time()
        is_young = now % STEP < 20
        shown = max(self._shown.get(secret, 0) + 1, int(now // STEP) - is_young)
        self._shown[secret] = shown
        await asyncio.sleep(max(0.0, (shown - 1) * STEP - now))
        return pyotp.TOTP(secret).at(shown * STEP)


@asynccontextmanager
async def served(app: Path, live: Live) -> AsyncIterator[str]:
    """The page of a journey, and what it asks of the test: codes from the outbox, and those of authenticator apps."""
    apps = Apps()

    async def index(_: web.Request) -> web.FileResponse:
        return web.FileResponse(app / "index.html")

    async def code(request: web.Request) -> web.Response:
        return web.Response(text=live.messages(request.query["about"])[-1]["code"])

    async def of_app(request: web.Request) -> web.Response:
        return web.Response(text=await apps.code(request.query["about"]))

    site = web.Application()
    site.router.add_get("/", index)
    site.router.add_get("/code", code)
    site.router.add_get("/app", of_app)
    site.router.add_static("/", app)
    runner = web.AppRunner(site)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await web.SockSite(runner, listening).start()
        try:
            # Passkeys want a name, and this one is as good as https to a browser.
            yield f"http://localhost:{listening.getsockname()[1]}/"
        finally:
            await runner.cleanup()


async def journey(live: Live, client: MadeClient, name: str, program: str, folder: Path, **more: str) -> dict[str, str]:
    """What the program printed in the end, in the browser. Fails with what it complained of."""
    app = folder / "app"
    shutil.copytree(BROWSER, app)
    if not (app / program).exists():
        shutil.copy(NODE / program, app)
    (app / program).rename(app / "main.js")
    known: dict[str, Any] = {
        "ENDPOINT": live.base_url,
        "POOL_ID": client.pool_id,
        "CLIENT_ID": client.id,
        "NAME": name,
        "PASSWORD": PASSWORD,
        "OTHER_PASSWORD": OTHER_PASSWORD,
        **more,
    }
    (app / "index.html").write_text(PAGE % json.dumps(known), encoding="utf-8")
    bundled(app, "--format=esm", f"--alias:node:assert/strict={app / 'assert.mjs'}")
    async with served(app, live) as address, browser(folder / "browser") as page:
        await page.open("about:blank")
        await page.with_authenticator()
        await page.go(address)
        await page.until("globalThis.ended")
        ended = await page.run("globalThis.ended")
    assert "failed" not in ended, ended["failed"]
    printed: dict[str, str] = ended["printed"]
    return printed


async def test_users_sign_in_with_each_factor_and_the_choice_between_them(live: Live, tmp_path: Path) -> None:
    client = live.client(with_factors(live, "OPTIONAL", ALL, Policies=FIRST))
    needing = live.client(with_factors(live, "ON", APP))
    name, number = unique(), phone()
    contacts = {"email": f"{name}@example.com", "phone_number": number}
    add_user(live, client, name, **contacts, email_verified="true", phone_number_verified="true")
    add_user(live, needing, name)

    more = {"PHONE": number, "NEEDING_POOL_ID": needing.pool_id, "NEEDING_CLIENT_ID": needing.id}
    tokens = await journey(live, client, name, "amplify-factors.mjs", tmp_path, **more)

    assert_good(live, client, name, tokens)


async def test_a_device_is_remembered_and_the_page_finds_out_when_it_is_forgotten(live: Live, tmp_path: Path) -> None:
    client = live.client(with_factors(live, "OPTIONAL", APP, DeviceConfiguration=ON_PROMPT))
    name = unique()
    add_user(live, client, name)

    tokens = await journey(live, client, name, "amplify-devices.mjs", tmp_path)

    assert_good(live, client, name, tokens)


async def test_users_answer_functions_and_choose_a_password(live: Live, tmp_path: Path) -> None:
    schema = [{"Name": "given_name", "Required": True}]
    made = live.pool(LambdaConfig=riddle.TRIGGERS, Schema=schema)
    client = live.client(made, ExplicitAuthFlows=CUSTOM)
    name = unique()
    live.aws.admin_create_user(
        UserPoolId=made.id,
        Username=name,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=attributes(email=f"{name}@example.com"),
    )

    tokens = await journey(live, client, name, "amplify-challenges.mjs", tmp_path)

    assert_good(live, client, name, tokens)


async def test_a_passkey_is_made_used_and_deleted(live: Live, tmp_path: Path) -> None:
    pool = live.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}})
    live.aws.set_user_pool_mfa_config(
        UserPoolId=pool.id, WebAuthnConfiguration={"RelyingPartyId": "localhost", "UserVerification": "required"}
    )
    client = live.client(pool)
    name = unique()
    add_user(live, client, name)

    tokens = await journey(live, client, name, "amplify-passkeys.mjs", tmp_path)

    assert_good(live, client, name, tokens)
