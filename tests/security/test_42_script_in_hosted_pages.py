"""Row 42: what users, clients and plugins say is text on the hosted pages, and their policy runs nothing of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge
from poolhouse.hooks.kinds import hookimpl
from tests.support.house import PASSWORD
from tests.support.pages import Site, site
from tests.support.robot import Screen

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>{{7*7}}{t}%7*7%"


class Speaks:
    @hookimpl
    async def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        return ChallengeDecision(challenge="CUSTOM_CHALLENGE")

    @hookimpl
    async def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(
            public={"text": EVIL, "form": f'[{{"name": "a", "label": "{"<script>" * 2}", "hint": "<svg/onload=1>"}}]'}
        )


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


def is_text(screen: Screen) -> None:
    assert "<script>alert" not in screen.text
    assert not re.search(r"<svg/onload|<img src=x", screen.text)
    assert (
        "49" not in re.sub(r'value="[^"]*"|tx=[\w-]+|/static/\S+|"[\w-]{20,}"', "", screen.text) or "7*7" in screen.text
    )
    assert all('src="/static/pages/' in tag for tag in re.findall(r"<script[^>]*>", screen.text))
    policy = screen.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy


async def test_a_name_that_comes_back(at: Site) -> None:
    told = await at.robot.send(await at.start(), username=EVIL, password=PASSWORD)

    assert 422 == told.status
    assert EVIL.strip() == told.form.fields["username"]
    is_text(told)


async def test_a_name_that_the_client_knows(at: Site) -> None:
    is_text(await at.start(login_hint=EVIL))


async def test_attributes_that_come_back(at: Site) -> None:
    form = await at.robot.follow(await at.start(), "signup")

    told = await at.robot.send(form, username=EVIL, email=EVIL, password="x")

    assert 422 == told.status
    assert EVIL == told.form.fields["email"]
    is_text(told)


async def test_the_names_of_client_and_pool(at: Site) -> None:
    clients, pools = at.house.built.ports.clients, at.house.built.ports.pools
    await clients.save(replace(await clients.get(at.oauth.app.id), name=EVIL, asks_consent=True))
    await pools.save(replace(await pools.get(at.oauth.pool.id), name=EVIL))

    first = await at.start()
    consent = await at.robot.send(first, username="jane", password=PASSWORD)

    assert "consent" == consent.page
    is_text(first)
    is_text(consent)


async def test_what_a_signed_in_user_is_called(at: Site) -> None:
    users = at.house.built.ports.users
    user = await users.get(at.oauth.pool.id, at.oauth.user.sub)
    assert user is not None
    await users.save(at.oauth.pool, replace(user, attributes={**user.attributes, "name": EVIL}))
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    choice = await at.start(prompt="select_account")

    assert "accounts" == choice.page
    is_text(choice)


async def test_what_a_plugin_says() -> None:
    async with site(plugins=[("speaks", Speaks())]) as at:
        asked = await at.robot.send(await at.robot.send(await at.start(), username="jane"), press="CUSTOM_CHALLENGE")

    assert "&lt;script&gt;" in asked.text
    is_text(asked)


async def test_what_stands_in_a_mailed_link(at: Site) -> None:
    page = await at.robot.open(
        f"{at.oauth.pool.id}/confirmUser?client_id={at.oauth.app.id}&user_name=%3Cscript%3Ealert(1)%3C/script%3E"
        "&confirmation_code=%22%3E%3Csvg/onload=alert(1)%3E"
    )

    assert 200 == page.status
    is_text(page)
