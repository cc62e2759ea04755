"""Rows 8 and 22: a form that was not made on our page, for this browser and this request, does nothing; nobody is
signed in by somebody else's doing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from tests.support.house import PASSWORD
from tests.support.pages import Site, site
from tests.support.robot import Screen

FOREIGN: Mapping[str, Mapping[str, str]] = {
    "a site elsewhere says so": {"Sec-Fetch-Site": "cross-site"},
    "a site beside ours says so": {"Sec-Fetch-Site": "same-site"},
    "nobody in particular, by hand": {"Sec-Fetch-Site": "none"},
    "an origin elsewhere": {"Origin": "https://evil.example"},
    "an origin that looks like ours": {"Origin": "https://auth.example.com.evil.example"},
}


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


def is_refused(at: Site, told: Screen) -> None:
    assert 403 == told.status
    assert told.left is None
    assert not any("sessions" in line for line in at.robot.set)


@pytest.mark.parametrize("how", FOREIGN)
async def test_a_form_from_elsewhere_is_refused(at: Site, how: str) -> None:
    first = await at.start()

    is_refused(at, await at.robot.send(first, username="jane", password=PASSWORD, headers=FOREIGN[how]))


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 10_000, "ä"])
async def test_a_form_without_our_token_is_refused(at: Site, token: str) -> None:
    first = await at.start()

    is_refused(at, await at.robot.send(first, username="jane", password=PASSWORD, _csrf=token))
    is_refused(at, await at.robot.send(first, username="jane", password=PASSWORD, without=("_csrf",)))


async def test_the_token_of_another_browser_is_refused(at: Site) -> None:
    first, theirs = await at.start(), await at.start(robot=at.another())

    is_refused(at, await at.robot.send(first, username="jane", password=PASSWORD, _csrf=theirs.form.fields["_csrf"]))


async def test_the_token_of_another_request_is_refused(at: Site) -> None:
    first, other = await at.start(), await at.start(at.oauth.web)

    is_refused(at, await at.robot.send(first, username="jane", password=PASSWORD, _csrf=other.form.fields["_csrf"]))


async def test_a_request_that_somebody_else_began_signs_nobody_in(at: Site) -> None:
    """An attacker sends the victim the address of the attacker's own sign-in page, or a form for it."""
    attacker = at.another()
    theirs = await at.start(robot=attacker)
    await at.start()  # The victim's browser is known here, too.

    opened = await at.robot.open(theirs.address)
    sent = await at.robot.post(
        theirs.address, {"_csrf": theirs.form.fields["_csrf"], "username": "jane", "password": PASSWORD}
    )

    assert (400, 400) == (opened.status, sent.status)
    assert not any("sessions" in line for line in at.robot.set)


async def test_what_was_refused_has_counted_as_no_guess(at: Site) -> None:
    first = await at.start()
    for _ in range(8):
        await at.robot.send(first, username="jane", password="wrong", _csrf="x")

    assert "code" in (await at.robot.send(first, username="jane", password=PASSWORD)).answer
