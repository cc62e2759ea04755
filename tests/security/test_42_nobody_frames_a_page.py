"""Row 42: no page of ours is shown inside another one, where a click would mean something else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.house import PASSWORD
from tests.support.pages import Site, site
from tests.support.robot import Screen


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


def refuses_frames(screen: Screen) -> None:
    where = (screen.status, screen.address)
    policy = [part.strip() for part in screen.headers["Content-Security-Policy"].split(";")]
    assert "frame-ancestors 'none'" in policy, where
    assert ["DENY"] == screen.headers.getall("X-Frame-Options"), where


async def test_on_the_way_to_a_code(at: Site) -> None:
    await at.asks_consent(at.oauth.app)

    first = await at.start()
    signup = await at.robot.follow(first, "signup")
    wrong = await at.robot.send(first, username="jane", password="wrong")
    consent = await at.robot.send(wrong, username="jane", password=PASSWORD)
    assert ("login", "signup", 422, "consent") == (first.page, signup.page, wrong.status, consent.page)

    for screen in (first, signup, wrong, consent):
        refuses_frames(screen)


async def test_where_a_click_would_choose_allow_or_sign_out(at: Site) -> None:
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    accounts = await at.start(prompt="select_account")
    posted = await at.start(response_mode="form_post")
    question = await at.robot.open(f"{at.oauth.pool.id}/oauth2/end_session")
    assert "accounts" == accounts.page
    assert "send" in posted.forms
    assert "signout" in question.forms
    done = await at.robot.send(question, "signout", press="signout")

    for screen in (accounts, posted, question, done):
        refuses_frames(screen)


async def test_errors_and_what_is_sent_on(at: Site) -> None:
    refuses_frames(await at.start(client_id="nobody"))
    refuses_frames(await at.robot.open(f"{at.oauth.pool.id}/login?tx=nothing"))
    arrived = await at.oauth.authorize(at.oauth.request(at.oauth.app), await at.oauth.signed_in())

    assert "DENY" == arrived.headers["X-Frame-Options"]
