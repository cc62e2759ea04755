"""The apps of docs/web-apps.md that are pages with scripts, in a real browser, over each kind of store."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from poolhouse.testing.made import MadeClient, MadePool
from tests.end_to_end.conftest import Servers
from tests.end_to_end.test_pages_in_chromium import press, put
from tests.support import server_process
from tests.support.browser import Page, browser
from tests.support.certificates import made_certificate
from tests.support.live import PASSWORD, Live
from tests.support.oauth import claims_of
from tests.support.web_apps import bundled, printed, says, served_app, tls_in_front

pytestmark = pytest.mark.requires_browser


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def public(live: Live, pool: MadePool, here: str, *more: str) -> MadeClient:
    return live.client(
        pool,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email", "profile", *more],
        CallbackURLs=[here],
        LogoutURLs=[here],
        SupportedIdentityProviders=["COGNITO"],
        ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
    )


async def sign_in(page: Page, name: str) -> None:
    """On the hosted pages; then the app is there again."""
    await page.until("document.getElementById('username') && document.readyState === 'complete'")
    await put(page, username=name, password=PASSWORD)
    await press(page, "primary")


async def push(page: Page, button: str) -> None:
    """A button of the app."""
    await page.run(f"document.getElementById({json.dumps(button)}).click()")


async def test_a_single_page_app_with_oidc_client_ts(live: Live, tmp_path: Path) -> None:
    pool = live.pool()
    name = live.user(live.client(pool))
    with listening() as socket_of_app:
        # Of one site with the pages: the port does not matter, the host does.
        here = f"http://127.0.0.1:{socket_of_app.getsockname()[1]}/"
        client = public(live, pool, here)
        app = printed(tmp_path, "page", {"authority": f"{live.base_url}/{pool.id}", "client_id": client.id})
        bundled(app)
        async with served_app(app, socket_of_app), browser(tmp_path / "browser") as page:
            await page.open(here)
            await says(page, "Nobody is signed in.")
            await push(page, "sign-in")
            await sign_in(page, name)
            await says(page, f"Signed in as {name}@example.com.")
            assert here == await page.run("location.href")

            first = await tokens(page)
            await page.run("document.getElementById('status').textContent = ''")
            await push(page, "renew")
            await says(page, f"Signed in as {name}@example.com.")
            second = await tokens(page)
            assert first["access_token"] != second["access_token"]
            # The session of the browser was asked, and nobody signed in anew.
            assert claims_of(first["id_token"])["auth_time"] == claims_of(second["id_token"])["auth_time"]
            assert claims_of(first["id_token"])["sid"] == claims_of(second["id_token"])["sid"]

            await push(page, "sign-out")
            await page.until(f"location.href === {json.dumps(here)}")
            await says(page, "Nobody is signed in.")
            await page.run("globalThis.refused = ''")
            await page.run("addEventListener('unhandledrejection', (it) => (globalThis.refused = it.reason.error))")
            await push(page, "renew")
            await page.until("globalThis.refused === 'login_required'")


async def tokens(page: Page) -> dict[str, Any]:
    """What the library keeps."""
    kept: dict[str, Any] = json.loads(
        await page.run(
            "sessionStorage.getItem(Object.keys(sessionStorage).find((key) => key.startsWith('oidc.user:')))"
        )
    )
    return kept


async def test_amplify_signs_in_by_redirect_at_the_domain_of_a_pool(
    servers: Servers, kind: str, tmp_path: Path
) -> None:
    certificate = made_certificate(tmp_path)
    with listening() as socket_of_tls, listening() as socket_of_app:
        host = f"localhost:{socket_of_tls.getsockname()[1]}"
        here = f"http://localhost:{socket_of_app.getsockname()[1]}/"
        # Amplify knows nothing but https, so this server has a name of its own.
        server = server_process.start(
            servers.store(kind), tmp_path, "tls", extra={"POOLHOUSE_BASE_URL": f"https://{host}"}
        )
        try:
            live = Live(server.base_url, server.outbox, kind)
            pool = live.pool()
            name = live.user(live.client(pool))
            domain = f"people-{pool.id.rpartition('_')[2].lower()}"
            live.aws.create_user_pool_domain(UserPoolId=pool.id, Domain=domain)
            client = public(live, pool, here, "aws.cognito.signin.user.admin")
            app = printed(tmp_path, "amplify", {"poolId": pool.id, "clientId": client.id, "server": host})
            main = app / "main.js"
            main.write_text(main.read_text().replace("/people`", f"/{domain}`"))
            bundled(app)
            async with (
                tls_in_front(server.port, socket_of_tls, certificate.context),
                served_app(app, socket_of_app),
                browser(tmp_path / "browser", "--ignore-certificate-errors") as page,
            ):
                await page.open(here)
                await says(page, "Nobody is signed in.")
                await push(page, "sign-in")
                await sign_in(page, name)
                await says(page, f"Signed in as {name}@example.com.")
                assert here == await page.run("location.href")

                before = await page.run(ACCESS)
                await push(page, "renew")
                await page.until(f"{ACCESS} && {ACCESS} !== {json.dumps(before)}")
                await says(page, f"Signed in as {name}@example.com.")

                await push(page, "sign-out")
                await page.until(f"location.href === {json.dumps(here)} && !{ACCESS}")
                await says(page, "Nobody is signed in.")
                await push(page, "sign-in")
                # The browser's session has ended, too.
                await page.until("document.getElementById('username')")
                assert f"https://{host}/{domain}/login" == (await page.run("location.href")).partition("?")[0]
        finally:
            server.end()


ACCESS = "localStorage.getItem(Object.keys(localStorage).find((key) => key.endsWith('.accessToken')))"
