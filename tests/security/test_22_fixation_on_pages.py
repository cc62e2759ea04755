"""Row 22: who signs in on the pages has a session that nobody can have known before, and looking changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.house import PASSWORD
from tests.support.pages import Site, site


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


def sessions_of(at: Site) -> str:
    return at.robot.cookies[f"__Host-poolhouse-sessions-{at.oauth.pool.id}"]


async def test_handles_that_were_planted_before_are_of_no_use_after(at: Site) -> None:
    planted = "A" * 43
    at.robot.cookies[f"__Host-poolhouse-sessions-{at.oauth.pool.id}"] = planted

    await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    assert planted not in sessions_of(at)
    attacker = at.another()
    attacker.cookies[f"__Host-poolhouse-sessions-{at.oauth.pool.id}"] = planted
    assert "login" == (await at.start(robot=attacker)).page


async def test_every_sign_in_has_a_new_handle_and_the_one_before_is_over(at: Site) -> None:
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    before = sessions_of(at)

    await at.robot.send(await at.start(prompt="login"), username="jane", password=PASSWORD)

    assert before != sessions_of(at)
    thief = at.another()
    thief.cookies[f"__Host-poolhouse-sessions-{at.oauth.pool.id}"] = before
    assert "login" == (await at.start(robot=thief)).page


async def test_cookies_are_for_this_host_and_for_no_script(at: Site) -> None:
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    for line in at.robot.set:
        assert line.startswith("__Host-")
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= {part.strip() for part in line.split(";")}
        assert "Domain" not in line


async def test_looking_at_a_page_signs_nobody_in_whatever_stands_in_its_address(at: Site) -> None:
    first = await at.start()

    told = await at.robot.open(f"{first.address}&username=jane&password={PASSWORD}&_csrf={first.form.fields['_csrf']}")

    assert (200, "login") == (told.status, told.page)
    assert told.left is None
    assert not any("sessions" in line for line in at.robot.set)


async def test_no_handle_of_a_sign_in_is_in_an_address_or_a_page(at: Site) -> None:
    first = await at.start()
    asked = await at.robot.send(first, username="jane", password="wrong")
    held = await at.house.built.ports.attempts.take(at.oauth.pool.id, "x")

    assert held is None
    for screen in (first, asked):
        assert {"tx"} == {pair.partition("=")[0] for pair in screen.address.partition("?")[2].split("&")}
        assert {"_csrf", "username", "password"} >= screen.form.fields.keys()
