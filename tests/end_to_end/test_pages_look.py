"""How a real browser shows the hosted pages: every page and state, wide and narrow, light and dark, from left to right
and from right to left, by keyboard alone, and without JavaScript."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from poolhouse.server.pages.colours import sheet
from poolhouse.server.pages.languages import FOLDER
from tests.support.browser import PATIENCE, Page, browser
from tests.support.gallery import LENA, RTL, VIEWS, Gallery, gallery

pytestmark = pytest.mark.requires_browser

AXE = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
WATCH = """
globalThis.faults = [];
addEventListener("securitypolicyviolation", (e) => faults.push(`policy: ${e.violatedDirective} ${e.blockedURI}`));
addEventListener("error", (e) => faults.push(`error: ${e.message ?? e.target?.outerHTML}`), true);
addEventListener("unhandledrejection", (e) => faults.push(`rejected: ${e.reason}`));
"""
LOOK = """
(async () => {
  const found = [...faults];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) found.push(`wider than the window by ${wide}`);
  for (const each of document.querySelectorAll("a,button,input:not([type=hidden]),select,summary")) {
    const box = each.getBoundingClientRect();
    const small = each.matches("p a,.err a,.sum a,label a,input[type=checkbox],input[type=radio],.vh");
    if (box.width && !small && box.height < 24) found.push(`only ${box.height} high: ${each.outerHTML}`);
  }
  const said = await axe.run(document, { resultTypes: ["violations"] });
  for (const each of said.violations) found.push(`${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
  return found;
})()
"""
LEAVES = frozenset({"form-post", "signed-out-frames"})
"""They go on by themselves."""


@asynccontextmanager
async def watched(folder: Path, **made: Any) -> AsyncIterator[tuple[Page, Gallery]]:
    """A browser that notes what goes wrong in a page, at a server with all pages. The first one is open."""
    async with browser(folder) as page, gallery(**made) as shown:
        await page.open(f"{shown.address}/elsewhere")
        await page.call("Page.enable")
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        yield page, shown


async def arrived(shown: Gallery) -> None:
    """Another form was sent."""
    async with asyncio.timeout(PATIENCE):
        await shown.forms.get()


def axe() -> str:
    if not AXE.exists():
        pytest.skip("no packages for node: run npm ci in tests/end_to_end/node")
    return AXE.read_text(encoding="utf-8")


async def faults(page: Page, shown: Gallery, names: list[str], query: str = "") -> dict[str, list[str]]:
    """What is wrong with each page."""
    script, found = axe(), {}
    for name in names:
        await page.go(f"{shown.address}/{name}{query}")
        await page.run(f"{script}; 0")
        if wrong := await page.run(LOOK):
            found[name] = wrong
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_every_page_is_fit_for_everybody(tmp_path: Path, width: int, dark: bool) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.looks(width=width, dark=dark)

        assert {} == await faults(page, shown, [name for name in VIEWS if name not in LEAVES])


@pytest.mark.parametrize("brand", [("#ffff00", "#ffffff"), ("#0000ff", "#000000"), ("#808080", "#808080")])
async def test_a_brand_does_not_break_a_page(tmp_path: Path, brand: tuple[str, str]) -> None:
    async with watched(tmp_path, brand=sheet(*brand)) as (page, shown):
        for dark in (False, True):
            await page.looks(dark=dark)

            assert {} == await faults(page, shown, ["signin", "choose-factor", "signup-errors", "wait"], "?name")


async def test_a_page_can_be_read_from_right_to_left_and_at_a_fifth_of_the_width(tmp_path: Path) -> None:
    for tag in ("en", "ar"):
        folder = tmp_path / "locale" / tag / "LC_MESSAGES"
        folder.mkdir(parents=True)
        english = (FOLDER / "en" / "LC_MESSAGES" / "pages.po").read_text(encoding="utf-8")
        (folder / "pages.po").write_text(english if tag == "en" else RTL, encoding="utf-8")
    async with watched(tmp_path / "browser", locales=tmp_path / "locale") as (page, shown):
        await page.looks(width=320)
        names = ["signin", "choose-factor", "enrol-authenticator", "signup-errors", "consent", "error", "code-email"]

        assert {} == await faults(page, shown, names, "?lang=ar")
        assert "rtl" == await page.run("getComputedStyle(document.body).direction")


# --- by keyboard -----------------------------------------------------------------------------------------------------

FOCUSED = "document.activeElement.id || document.activeElement.dataset.show || document.activeElement.tagName"


async def test_a_sign_in_by_keyboard_alone(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.go(f"{shown.address}/signin")
        await page.until("document.activeElement.id === 'username'")
        await page.type(LENA)
        order = [await page.run(FOCUSED)]
        for _ in range(9):
            await page.press("Tab")
            order.append(await page.run(FOCUSED))
            if order[-1] == "password" and order[-2] == "username":
                await page.type("a password")
            assert await page.run("document.activeElement.matches(':focus-visible')")
        await page.press("Tab", backwards=True)
        for _ in range(7):
            await page.press("Tab", backwards=True)
        assert "password" == await page.run(FOCUSED)
        await page.press("Enter")
        await arrived(shown)

    name, form = shown.posted[0]
    assert ["username", "password", "password", "remember", "forgot", "primary", "passkey", "provider-google"] == order[
        :8
    ]
    assert ("signin", LENA, "a password", "signin", "") == (
        name,
        form["username"],
        form["password"],
        form["do"],
        form["credential"],
    )


async def test_an_error_is_said_first_and_leads_to_its_field(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.go(f"{shown.address}/signup-errors")
        await page.until("document.activeElement.id === 'errors'")
        await page.press("Tab")
        await page.press("Tab")
        await page.press("Enter")

        assert "password" == await page.run(FOCUSED)


# --- without JavaScript ----------------------------------------------------------------------------------------------


async def test_every_page_is_whole_without_javascript(tmp_path: Path) -> None:
    visible = """[...document.querySelectorAll("button,[data-plain],[data-wait]")]
        .filter((each) => each.checkVisibility()).map((each) => each.id || each.name || each.textContent)"""
    async with watched(tmp_path) as (page, shown):
        await page.call("Emulation.setScriptExecutionDisabled", value=True)
        for name, view in VIEWS.items():
            await page.go(f"{shown.address}/{name}")
            seen = await page.run(visible)

            assert not {"passkey", "copy", "print"} & set(seen)
            if view.template in ("passkey", "set_up_passkey"):
                assert "primary" not in seen
                assert any("JavaScript" in each for each in seen)
            elif view.template not in ("choose", "accounts", "signed_out", "error", "done", "confirm_link"):
                assert "primary" in seen
        await page.go(f"{shown.address}/confirm")
        assert "possible from" in await page.run("document.querySelector('#wait').textContent")


async def test_a_form_is_sent_without_javascript(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.call("Emulation.setScriptExecutionDisabled", value=True)
        await page.go(f"{shown.address}/choose-factor")
        await page.run("document.querySelector('#choice-email').focus()")
        await page.press("Enter")
        await arrived(shown)

    assert [("choose-factor", {"_csrf": "0p3n", "choice": "EMAIL_OTP"})] == shown.posted


# --- what scripts make shorter ---------------------------------------------------------------------------------------


async def test_a_password_is_shown_on_demand_and_masked_before_it_leaves(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.go(f"{shown.address}/new-password-strict")
        button = "document.querySelector('[data-show]')"
        await page.until(f"!{button}.hidden")
        await page.run(f"{button}.click()")
        shown_as = await page.run("document.querySelector('#new_password').type")
        named = await page.run(f"{button}.getAttribute('aria-label')")
        await page.run("document.querySelector('form').addEventListener('submit', (e) => e.preventDefault())")
        await page.run("document.querySelector('form').dispatchEvent(new Event('submit', {cancelable: true}))")

        assert ("text", "Hide password") == (shown_as, named)
        assert "password" == await page.run("document.querySelector('#new_password').type")


@pytest.mark.parametrize(
    ("password", "met"), [("", []), ("abc", [2]), ("abcDEF1", [1, 2, 3]), ("abcDEF1-", [0, 1, 2, 3, 4])]
)
async def test_rules_are_marked_as_they_are_met(tmp_path: Path, password: str, met: list[int]) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.go(f"{shown.address}/new-password-strict")
        await page.run("document.querySelector('#new_password').focus()")
        await page.type(password)
        rules = "[...document.querySelectorAll('#rules li')].map((li, i) => li.matches('.met') ? i : -1)"

        assert met == [each for each in await page.run(rules) if each >= 0]
        assert [] == await page.run("faults")


async def test_one_press_is_one_request(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.go(f"{shown.address}/choose-factor")
        await page.run("document.querySelector('#choice-email').click(), document.querySelector('#choice-sms').click()")
        await arrived(shown)
        await page.until("document.readyState === 'complete'")

    assert ["EMAIL_OTP"] == [form["choice"] for _, form in shown.posted]


async def test_a_new_code_is_counted_down_to(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.go(f"{shown.address}/confirm")
        await page.until("/possible in 0:4[0-9]/.test(document.querySelector('#wait').textContent)")

        assert "true" == await page.run("document.querySelector('#resend').getAttribute('aria-disabled')")


async def test_an_app_is_answered_by_a_form_that_sends_itself(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.go(f"{shown.address}/form-post")
        await page.until("location.pathname === '/taken'")

    assert [("taken", {"code": "c0de", "state": "5t4te"})] == shown.posted


async def test_the_way_out_goes_on_when_the_apps_were_told(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.go(f"{shown.address}/signed-out-frames")

        await page.until("location.pathname === '/signed-out'")


# --- passkeys --------------------------------------------------------------------------------------------------------


async def test_a_passkey_is_made_and_used_in_the_page(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.with_authenticator()
        for name in ("enrol-passkey", "passkey"):
            await page.go(f"{shown.address}/{name}")
            await page.until("!document.querySelector('#primary').hidden")
            assert not await page.run("document.querySelector('[data-plain]').checkVisibility()")
            await page.run("document.querySelector('#primary').click()")
            await arrived(shown)
        # At the name the browser offers it by itself, and the authenticator here says yes at once: the page may be gone
        # before it can be looked at.
        await page.go(f"{shown.address}/signin")
        await arrived(shown)

    made, used, offered = [(name, json.loads(form["credential"])) for name, form in shown.posted]
    assert ("enrol-passkey", "public-key") == (made[0], made[1]["type"])
    assert "attestationObject" in made[1]["response"]
    for name, credential in (used, offered):
        assert made[1]["id"] == credential["id"], name
        assert "signature" in credential["response"]


async def test_a_passkey_that_was_not_used_is_said_and_the_page_stays(tmp_path: Path) -> None:
    async with watched(tmp_path) as (page, shown):
        await page.with_authenticator()
        await page.go(f"{shown.address}/passkey")
        await page.until("!document.querySelector('#primary').hidden")
        await page.run("document.querySelector('#primary').click()")
        await page.until("document.querySelector('#live').textContent.startsWith('The passkey was not used')")

    assert [] == shown.posted
