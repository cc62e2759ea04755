"""A journey over the hosted pages in a real browser, with a passkey of its own authenticator."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from poolhouse.cli.demo import demo
from poolhouse.config.settings import Development
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import PasskeyPolicy
from tests.support.browser import Page, browser, empty_page
from tests.support.factors import App
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
        assert "Sign in faster with a passkey" == await page.run("document.querySelector('h1').textContent")
        await page.run("document.getElementById('primary').click()")
        await page.until(f"location.href.startsWith({json.dumps(callback)})")
        assert ["pwd"] == (await claims(at, page, callback))["amr"]

        await page.go(start + at.query(at.oauth.app, redirect_uri=callback, prompt="login"))
        await page.run("document.getElementById('passkey')?.click()")
        await page.until(f"location.href.startsWith({json.dumps(callback)})")
        by_passkey = await claims(at, page, callback)
        assert at.oauth.user.sub == by_passkey["sub"]
        assert "pwd" not in by_passkey["amr"]

        await page.go(start + at.query(at.oauth.app, redirect_uri=callback))
        assert at.oauth.user.sub == (await claims(at, page, callback))["sub"]


@asynccontextmanager
async def at_the_demo(folder: Path) -> AsyncIterator[tuple[Site, Page]]:
    """A browser with an authenticator, and the demo page in it: of a server that is called by its number, as it is
    without any setting."""
    number = "127.0.0.1"
    async with site_for_browsers(number, dev=Development(enabled=True)) as at, browser(folder) as page:
        built = at.house.built
        base = at.robot.origin.replace("localhost", number)
        made = await demo(built.services, built.memory, "eu-north-1", base)
        assert made is not None
        assert f"{at.robot.origin}/_dev/demo" == made.page
        await page.open(f"{base}/")
        await page.with_authenticator()
        await page.go(f"{base}/_dev/demo")
        assert made.page == await page.run("location.href")
        await page.until("!document.getElementById('start').hidden")
        yield at, page


async def signed_up(at: Site, page: Page) -> None:
    """A newcomer, with the code that stands on the outbox page."""
    await press(page, "sign-up")
    await put(page, username="ada", email="ada@example.com", password="A-new-0ne!xyz")
    await press(page, "primary")
    async with at.oauth.api.session.get(f"{at.robot.origin}/_dev/outbox") as outbox:
        (code,) = re.findall(r"Your verification code is (\d{6})", await outbox.text())[:1]
    await put(page, code=code)
    await press(page, "primary")
    await page.until(SIGNED_IN)


SIGNED_IN = "document.getElementById('status')?.textContent === 'Signed in as ada.'"
SIGNED_OUT = "document.getElementById('status')?.textContent === 'Nobody is signed in to this app.'"


async def proofs(page: Page) -> list[str]:
    """How the user was recognised, as the demo page explains it."""
    rows = await page.run(
        "[...document.querySelectorAll('#shown tr')].filter((row) => row.cells[0].textContent === 'amr')"
        ".map((row) => JSON.parse(row.cells[1].textContent))[0]"
    )
    assert isinstance(rows, list)
    return rows


async def test_the_demo_signs_a_newcomer_up_and_explains_what_it_was_given(tmp_path: Path) -> None:
    async with at_the_demo(tmp_path) as (at, page):
        await signed_up(at, page)

        await page.run("document.getElementById('user-info').click()")
        await page.until("document.getElementById('shown').textContent.includes('UserInfo')")
        await page.run("document.getElementById('refresh').click()")
        await page.until("!document.getElementById('shown').textContent.includes('UserInfo')")
        shown = await page.run("document.getElementById('shown').textContent")
        assert "ada@example.com" in shown
        assert "who it is: this id never changes" in shown
        assert "?" not in await page.run("location.href")
        await press(page, "sign-out")
        await page.until(SIGNED_OUT)


async def test_the_demo_explains_each_claim_that_a_newcomer_is_given(tmp_path: Path) -> None:
    async with at_the_demo(tmp_path) as (at, page):
        await signed_up(at, page)

        cells = "(row) => [...row.cells].map((cell) => cell.textContent)"
        rows = await page.run(f"[...document.querySelectorAll('#shown tr')].map({cells})")
        assert "cognito:username" in {name for name, *_ in rows}
        assert ["length"] == [name for name, _, meaning in rows if not meaning]


async def test_a_newcomer_to_the_demo_adds_a_passkey_and_signs_in_by_it(tmp_path: Path) -> None:
    async with at_the_demo(tmp_path) as (at, page):
        await signed_up(at, page)

        await press(page, "add-passkey")
        assert "Sign in faster with a passkey" == await page.run("document.querySelector('h1').textContent")
        await page.run("document.getElementById('primary').click()")
        await page.until(SIGNED_IN)
        assert "?" not in await page.run("location.href")
        await press(page, "sign-out")
        await page.until(SIGNED_OUT)

        await press(page, "sign-in")
        await page.run("document.getElementById('passkey')?.click()")
        await page.until(SIGNED_IN)
        assert {"pop", "user"} <= {*await proofs(page)}


async def test_a_newcomer_to_the_demo_sets_up_an_authenticator_and_signs_in_by_it(tmp_path: Path) -> None:
    async with at_the_demo(tmp_path) as (at, page):
        await signed_up(at, page)

        await press(page, "add-authenticator")
        secret = await page.run("document.getElementById('secret').textContent")
        app = App(at.house, secret.replace(" ", ""))
        await put(page, code=app.code(), device_name="My phone")
        await press(page, "primary")
        await page.run("document.getElementById('kept').click()")
        await page.run("document.getElementById('primary').click()")
        await page.until(SIGNED_IN)
        await press(page, "sign-out")
        await page.until(SIGNED_OUT)

        at.house.clock.advance(30)
        await press(page, "sign-in")
        await put(page, username="ada")
        await press(page, "primary")
        await press(page, "choice-password")
        await put(page, password="A-new-0ne!xyz")
        await press(page, "primary")
        assert "My phone" in await page.run("document.body.textContent")
        await put(page, code=app.code())
        await press(page, "primary")
        await page.until(SIGNED_IN)
        assert {"pwd", "otp", "mfa"} <= {*await proofs(page)}


async def test_who_leaves_the_page_of_an_errand_is_signed_in_to_the_demo_as_before(tmp_path: Path) -> None:
    async with at_the_demo(tmp_path) as (at, page):
        await signed_up(at, page)

        await press(page, "add-authenticator")
        await page.run("document.getElementById('later').click()")
        await page.until(SIGNED_IN)
        await press(page, "add-passkey")
        known = await at.house.built.memory.recall("demo")
        assert known is not None
        pool = await at.house.services.pools.get(known["pool_id"])
        await at.house.services.sessions.end_all(await at.house.services.users.require(pool, "ada"))
        await page.go(f"{at.robot.origin}/_dev/demo")
        await page.until(SIGNED_OUT)
