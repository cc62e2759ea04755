"""A journey over the hosted pages in a real browser, with a passkey of its own authenticator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from poolhouse.cli.demo import demo
from poolhouse.config.settings import Development
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import PasskeyPolicy
from poolhouse.server.passkey_options import creation_options
from tests.support.browser import Page, browser, empty_page
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, first_factors, site_for_browsers

pytestmark = pytest.mark.requires_browser


async def put(page: Page, **fields: str) -> None:
    """Text is typed into inputs with these ids."""
    for name, text in fields.items():
        await page.run(f"document.getElementById({json.dumps(name)}).focus()")
        await page.type(text)


async def press(page: Page, button: str) -> None:
    """The button with this id; the page that it leads to is there."""
    await page.run(f"(globalThis.before = true, document.getElementById({json.dumps(button)}).click())")
    await page.until("!globalThis.before && document.readyState === 'complete'")


async def claims(at: Site, page: Page, callback: str) -> dict[str, Any]:
    """What the client gets for the code that the browser brought it."""
    address = await page.run("location.href")
    assert address.startswith(callback), address
    code = dict(parse_qsl(urlsplit(address).query))["code"]
    told = await at.oauth.redeemed(at.oauth.app, code, redirect_uri=callback)
    assert 200 == told.status, told.body
    return claims_of(told.json["id_token"])


async def test_a_password_then_a_passkey_then_no_question_at_all(tmp_path: Path) -> None:
    async with site_for_browsers() as at, empty_page() as callback, browser(tmp_path) as page:
        pool = await first_factors(at, "PASSWORD", WEB_AUTHN)
        await at.house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(rp_id="localhost")))
        at.oauth.app = await at.client(callback_urls=(callback,))
        start = f"{at.robot.origin}/{pool.id}/oauth2/authorize?"

        await page.open(start + at.query(at.oauth.app, redirect_uri=callback))
        await page.with_authenticator()
        await put(page, username="jane")
        await press(page, "primary")
        await press(page, "choice-password")
        await put(page, password=PASSWORD)
        await press(page, "primary")
        assert ["pwd"] == (await claims(at, page, callback))["amr"]

        token = (await at.house.sign_in(at.oauth.app)).access
        options = creation_options(await at.house.services.passkeys.start(token))
        await page.go(start + at.query(at.oauth.app, redirect_uri=callback, prompt="login"))
        made = await page.run(
            "navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON("
            f"{json.dumps(options)}) }}).then((made) => JSON.stringify(made))"
        )
        await at.house.services.passkeys.complete(token, json.loads(made))

        await page.go(start + at.query(at.oauth.app, redirect_uri=callback, prompt="login"))
        await page.run("document.getElementById('passkey')?.click()")
        await page.until(f"location.href.startsWith({json.dumps(callback)})")
        by_passkey = await claims(at, page, callback)
        assert at.oauth.user.sub == by_passkey["sub"]
        assert "pwd" not in by_passkey["amr"]

        await page.go(start + at.query(at.oauth.app, redirect_uri=callback))
        assert at.oauth.user.sub == (await claims(at, page, callback))["sub"]


async def test_the_demo_signs_a_newcomer_up_and_explains_what_it_was_given(tmp_path: Path) -> None:
    async with site_for_browsers(dev=Development(enabled=True)) as at, browser(tmp_path) as page:
        built = at.house.built
        demo_page = f"{at.robot.origin}/_dev/demo"
        assert await demo(built.services, built.memory, "eu-north-1", demo_page)

        await page.open(f"{at.robot.origin}/")
        await page.go(demo_page)
        await page.until("!document.getElementById('start').hidden")
        await press(page, "sign-up")
        await put(page, username="ada", email="ada@example.com", password="A-new-0ne!xyz")
        await press(page, "primary")
        await put(page, code=at.house.last_code())
        await press(page, "primary")
        await page.until("document.getElementById('status')?.textContent === 'Signed in as ada.'")

        await page.run("document.getElementById('user-info').click()")
        await page.until("document.getElementById('shown').textContent.includes('UserInfo')")
        await page.run("document.getElementById('refresh').click()")
        await page.until("!document.getElementById('shown').textContent.includes('UserInfo')")
        shown = await page.run("document.getElementById('shown').textContent")
        assert "ada@example.com" in shown
        assert "who it is: this id never changes" in shown
        assert "?" not in await page.run("location.href")
        await press(page, "sign-out")
        await page.until("document.getElementById('status')?.textContent === 'Nobody is signed in to this app.'")
