"""Row 22: a neighbour under the same domain can put cookies into a browser, but none that we read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.house import PASSWORD
from tests.support.pages import Site, site

TOSSED = ("poolhouse", "__Secure-poolhouse", "__host-poolhouse", "__HOST-poolhouse", "_Host-poolhouse")
"""What a neighbour may name a cookie that it sets for the whole domain: all but ``__Host-``."""


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


def held(at: Site, kind: str, robot_cookies: dict[str, str]) -> str:
    return robot_cookies[f"__Host-poolhouse-{kind}-{at.oauth.pool.id}"]


@pytest.mark.parametrize("prefix", TOSSED)
async def test_an_attackers_session_that_was_tossed_in_is_none(at: Site, prefix: str) -> None:
    await at.house.user(at.oauth.app, "mallory")
    attacker = at.another()
    await at.robot.open("/")
    await attacker.send(await at.start(robot=attacker), username="mallory", password=PASSWORD)

    at.robot.cookies[f"{prefix}-sessions-{at.oauth.pool.id}"] = held(at, "sessions", attacker.cookies)

    assert "login" == (await at.start()).page
    assert "login_required" == (await at.start(prompt="none")).answer["error"]


@pytest.mark.parametrize("prefix", TOSSED)
async def test_a_browser_is_not_who_an_attacker_says_it_is(at: Site, prefix: str) -> None:
    attacker = at.another()
    theirs = await at.start(robot=attacker)
    secret = held(at, "browser", attacker.cookies)

    at.robot.cookies[f"{prefix}-browser-{at.oauth.pool.id}"] = secret
    opened = await at.robot.open(theirs.address)
    own = await at.start()

    assert 400 == opened.status
    # The request of the victim belongs to a secret of the victim's, which the attacker cannot know.
    assert secret != held(at, "browser", at.robot.cookies)
    assert 400 == (await attacker.open(own.address)).status


async def test_what_was_tossed_in_does_not_put_out_who_is_signed_in(at: Site) -> None:
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    for prefix in TOSSED:
        for kind in ("sessions", "browser", "device"):
            at.robot.cookies[f"{prefix}-{kind}-{at.oauth.pool.id}"] = "A" * 43

    assert "code" in (await at.start(prompt="none")).answer
