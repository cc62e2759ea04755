"""Row 24: nothing that is sent to a page makes it skip a stage: neither nothing, nor what belongs to another one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.factors import with_app, with_factors
from tests.support.house import PASSWORD
from tests.support.pages import Site, first_factors, site
from tests.support.robot import Screen

ODD: tuple[dict[str, str], ...] = (
    {},
    {"do": "continue"},
    {"do": "signin"},
    {"do": "allow"},
    {"do": "resend"},
    {"do": "enrol", "code": "000000"},
    {"username": "jane"},
    {"password": ""},
    {"code": ""},
    {"code": " - - "},
    {"choice": "PASSWORD"},
    {"choice": "SELECT_CHALLENGE"},
    {"choice": "MFA_SETUP"},
    {"choice": "__class__"},
    {"credential": "{}"},
    {"credential": "null"},
    {"answer_ANSWER": "x"},
    {"new_password": "A-new-0ne!x"},
    {"account": "other"},
    {"handle": "x", "challenge": "PASSWORD", "private": "{}", "proofs": "password"},
    {"\x00": "\x00", "é": "💥"},
)


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def signs_nobody_in(at: Site, screen: Screen) -> None:
    """Whatever is sent from here, to whichever page."""
    token = screen.form.fields["_csrf"]
    pages = (
        "login",
        "signup",
        "confirm",
        "forgotPassword",
        "confirmForgotPassword",
        "accounts",
        "consent",
        "passkeys/add",
    )
    for page in pages:
        for at_place in ("", "&at=name", "&at=choose", "&at=other", "&at=recovery", "&at=done"):
            if at_place and page != "login":
                continue
            for odd in ODD:
                address = screen.address.replace("/login?", f"/{page}?") + at_place
                told = await at.robot.post(address, {"_csrf": token, **odd})
                assert told.left is None, (page, odd, told.left)
                assert told.status in (200, 400, 403, 422, 429), (page, odd, told.status)
                assert not any("sessions" in line for line in at.robot.set), (page, odd)


async def test_at_the_first_page(at: Site) -> None:
    await signs_nobody_in(at, await at.start())


async def test_where_the_way_is_chosen(at: Site) -> None:
    await first_factors(at, "PASSWORD", "EMAIL_OTP")

    await signs_nobody_in(at, await at.robot.send(await at.start(), username="jane"))


async def test_at_the_second_factor(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    await with_app(at.house, at.oauth.app)

    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    assert "code" in asked.form.inputs
    await signs_nobody_in(at, asked)


async def test_where_a_factor_has_to_be_set_up(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "ON")

    await signs_nobody_in(at, await at.robot.send(await at.start(), username="jane", password=PASSWORD))


async def test_consent_is_given_by_its_button_and_by_nothing_else(at: Site) -> None:
    await at.asks_consent(at.oauth.app)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    for odd in ODD:
        if odd.get("do") != "allow":
            told = await at.robot.post(asked.address, {"_csrf": asked.form.fields["_csrf"], **odd})
            assert told.left is None, odd


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "GETPOST"])
async def test_another_method_does_nothing(at: Site, method: str) -> None:
    first = await at.start()

    async with at.oauth.api.session.request(
        method, first.address, data={"username": "jane", "password": PASSWORD}
    ) as answer:
        assert answer.status in (400, 405)


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_what_is_no_form_of_a_page_is_none(at: Site, kind: str) -> None:
    first = await at.start()
    body = f"username=jane&password={PASSWORD}&_csrf={first.form.fields['_csrf']}"
    cookies = "; ".join(f"{name}={value}" for name, value in at.robot.cookies.items())

    async with at.oauth.api.session.post(
        first.address, data=body.encode(), headers={"Content-Type": kind, "Cookie": cookies}, allow_redirects=False
    ) as answer:
        assert 403 == answer.status
