"""Second factors that are set up on the hosted pages in a real browser: in a sign-in that needs one, on an errand of an
app, and the offer of a passkey; wide and narrow, by keyboard alone, and without JavaScript."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.factors import RECOVERY_CODE, WEB_AUTHN
from poolhouse.records.pools import PasskeyPolicy
from tests.end_to_end.test_pages_in_chromium import press, put
from tests.end_to_end.test_pages_look import LOOK, WATCH, axe
from tests.support.browser import Page, browser, empty_page
from tests.support.factors import EMAIL, SMS, TOTP, App, with_factors
from tests.support.house import PASSWORD
from tests.support.pages import Site, first_factors, site_for_browsers

pytestmark = pytest.mark.requires_browser

PHONE = "+491701234567"
HEADING = "document.querySelector('h1')?.textContent"


class Walk:
    """A browser at the pages, and the app that it comes back to."""

    def __init__(self, at: Site, page: Page, callback: str) -> None:
        self.at, self.page, self.callback = at, page, callback

    async def start(self, **changes: str) -> None:
        query = self.at.query(self.at.oauth.app, redirect_uri=self.callback, **changes)
        await self.page.go(f"{self.at.robot.origin}/{self.at.oauth.pool.id}/oauth2/authorize?{query}")

    async def errand(self, page: str, **more: str) -> None:
        said = {"client_id": self.at.oauth.app.id, "redirect_uri": self.callback, **more}
        await self.page.go(f"{self.at.robot.origin}/{self.at.oauth.pool.id}/{page}?{urlencode(said)}")

    async def sign_in(self) -> None:
        await put(self.page, username="jane", password=PASSWORD)
        await press(self.page, "primary")

    async def shows(self, heading: str) -> None:
        """The page of this heading, with nothing wrong in it."""
        await self.page.until(f"{HEADING} === {json.dumps(heading)} && document.readyState === 'complete'")
        await self.page.run(f"{axe()}; 0")
        assert [] == await self.page.run(LOOK), heading

    async def is_back(self) -> str:
        """The browser is at the app, and this is what it was told."""
        await self.page.until(f"location.href.startsWith({json.dumps(self.callback)})")
        query = await self.page.run("location.search")
        assert isinstance(query, str)
        return query


@asynccontextmanager
async def walking(folder: Path) -> AsyncIterator[Walk]:
    async with site_for_browsers() as at, empty_page() as callback, browser(folder) as page:
        at.oauth.app = await at.client(callback_urls=(callback,))
        await page.open(f"{at.robot.origin}/static/pages/none")
        await page.call("Page.enable")
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        yield Walk(at, page, callback)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_a_number_is_given_in_the_sign_in_that_needs_one(tmp_path: Path, width: int, dark: bool) -> None:
    async with walking(tmp_path) as walk:
        at, page = walk.at, walk.page
        await with_factors(at.house, at.oauth.pool, "ON", SMS)
        await page.looks(width=width, dark=dark)
        await walk.start()
        await walk.sign_in()

        await walk.shows("Add your phone number")
        await put(page, phone_number="0170")
        await press(page, "primary")
        await page.until("document.activeElement.id === 'errors'")
        await walk.shows("Add your phone number")
        await page.run("document.getElementById('phone_number').value = ''")
        await put(page, phone_number=PHONE)
        await press(page, "primary")
        await walk.shows("Check your text messages")
        await press(page, "change")
        await walk.shows("Add your phone number")
        await put(page, phone_number=PHONE)
        await press(page, "primary")
        await put(page, code=at.house.last_code())
        await press(page, "primary")
        await walk.shows("Save your recovery codes")
        await page.run("document.getElementById('kept').click()")
        await page.run("document.getElementById('primary').click()")
        assert "code=" in await walk.is_back()


@pytest.mark.parametrize("width", [360, 1280])
async def test_where_nothing_can_be_set_up_the_page_leads_out(tmp_path: Path, width: int) -> None:
    async with walking(tmp_path) as walk:
        at, page = walk.at, walk.page
        at.oauth.app = await at.client(callback_urls=(walk.callback,), write_attributes=("email",))
        await with_factors(at.house, at.oauth.pool, "ON", SMS)
        await page.looks(width=width)
        await walk.start()
        await walk.sign_in()

        await walk.shows("You need a second step to sign in")
        await page.run("document.getElementById('primary').click()")
        assert "error=access_denied" in await walk.is_back()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_factors_are_set_up_on_errands(tmp_path: Path, width: int, dark: bool) -> None:
    async with walking(tmp_path) as walk:
        at, page = walk.at, walk.page
        await with_factors(at.house, at.oauth.pool, "OPTIONAL", TOTP, SMS, EMAIL)
        await page.looks(width=width, dark=dark)
        await walk.errand("factors/add")
        await walk.sign_in()

        await walk.shows("Add a second step to your sign-in")
        await press(page, "choice-sms")
        await walk.shows("Add your phone number")
        await press(page, "other")
        await press(page, "choice-authenticator")
        await walk.shows("Set up an authenticator app")
        secret = await page.run("document.getElementById('secret').textContent")
        await put(page, code=App(at.house, secret.replace(" ", "")).code())
        await press(page, "primary")
        await walk.shows("Save your recovery codes")
        await page.run("document.getElementById('kept').click()")
        await page.run("document.getElementById('primary').click()")
        assert "" == await walk.is_back()

        await walk.errand("factors/add", factor=EMAIL)
        await walk.shows("Turn on codes by e-mail")
        await press(page, "primary")
        await walk.shows("Check your e-mail")
        await put(page, code=at.house.last_code())
        await page.run("document.getElementById('primary').click()")
        assert "" == await walk.is_back()

        await walk.errand("factors/add", factor=RECOVERY_CODE)
        await walk.shows("Get new recovery codes")
        await page.run("document.getElementById('later').click()")
        assert "" == await walk.is_back()


@pytest.mark.parametrize("width", [360, 1280])
async def test_the_offer_of_a_passkey_is_taken_or_refused(tmp_path: Path, width: int) -> None:
    async with walking(tmp_path) as walk:
        at, page = walk.at, walk.page
        pool = await first_factors(at, "PASSWORD", WEB_AUTHN)
        await at.house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(rp_id="localhost")))
        await page.looks(width=width)
        await walk.start()
        await put(page, username="jane")
        await press(page, "primary")
        await press(page, "choice-password")
        await put(page, password=PASSWORD)
        await press(page, "primary")

        await walk.shows("Sign in faster with a passkey")
        await page.run("document.getElementById('never').click()")
        assert "code=" in await walk.is_back()


# --- by keyboard alone -----------------------------------------------------------------------------------------------


async def to(page: Page, element: str) -> None:
    """The focus goes on until it is there."""
    for _ in range(25):
        if await page.run(f"document.activeElement.id === {json.dumps(element)}"):
            assert await page.run("document.activeElement.matches(':focus-visible')")
            return
        await page.press("Tab")
    raise AssertionError(f"the keyboard does not reach {element}")


async def enter(page: Page, heading: str) -> None:
    await page.press("Enter")
    await page.until(f"{HEADING} === {json.dumps(heading)} && document.readyState === 'complete'")


async def test_a_number_is_given_by_keyboard_alone(tmp_path: Path) -> None:
    async with walking(tmp_path) as walk:
        at, page = walk.at, walk.page
        await with_factors(at.house, at.oauth.pool, "ON", SMS, TOTP)
        await walk.start()
        await walk.sign_in()

        await to(page, "choice-sms")
        await enter(page, "Add your phone number")
        await to(page, "phone_number")
        await page.type(PHONE)
        await enter(page, "Check your text messages")
        await to(page, "change")
        await to(page, "other")
        await enter(page, "Add a second step to your sign-in")
        await to(page, "choice-sms")
        await enter(page, "Add your phone number")
        await to(page, "phone_number")
        await page.type(PHONE)
        await to(page, "primary")
        await enter(page, "Check your text messages")
        await to(page, "code")
        await page.type(at.house.last_code())
        await enter(page, "Save your recovery codes")
        await to(page, "kept")
        await page.press("Space")
        await to(page, "primary")
        await page.press("Enter")
        assert "code=" in await walk.is_back()


async def test_an_errand_is_run_and_left_by_keyboard_alone(tmp_path: Path) -> None:
    async with walking(tmp_path) as walk:
        at, page = walk.at, walk.page
        await with_factors(at.house, at.oauth.pool, "OPTIONAL", TOTP, EMAIL)
        await walk.errand("factors/add")
        await walk.sign_in()

        await to(page, "choice-authenticator")
        await enter(page, "Set up an authenticator app")
        await to(page, "other")
        await enter(page, "Add a second step to your sign-in")
        await to(page, "choice-email")
        await enter(page, "Turn on codes by e-mail")
        await to(page, "primary")
        await enter(page, "Check your e-mail")
        await to(page, "later")
        await page.press("Enter")
        assert "" == await walk.is_back()


# --- without JavaScript ----------------------------------------------------------------------------------------------


async def test_both_are_done_without_javascript(tmp_path: Path) -> None:
    async with walking(tmp_path) as walk:
        at, page = walk.at, walk.page
        await with_factors(at.house, at.oauth.pool, "ON", SMS)
        await page.call("Emulation.setScriptExecutionDisabled", value=True)
        await walk.start()
        for ids, then in (
            ({"username": "jane", "password": PASSWORD}, "Add your phone number"),
            ({"phone_number": PHONE}, "Check your text messages"),
        ):
            for name, text in ids.items():
                await page.run(f"document.getElementById({json.dumps(name)}).focus()")
                await page.type(text)
            await enter(page, then)
        await page.run("document.getElementById('code').focus()")
        await page.type(at.house.last_code())
        await enter(page, "Save your recovery codes")
        await page.run("document.getElementById('kept').focus()")
        await page.press("Space")
        await page.run("document.getElementById('primary').focus()")
        await page.press("Enter")
        assert "code=" in await walk.is_back()

        await walk.errand("factors/add", factor=RECOVERY_CODE)
        await page.until(f"{HEADING} === 'Get new recovery codes'")
        await page.run("document.getElementById('primary').focus()")
        await enter(page, "Save your recovery codes")
