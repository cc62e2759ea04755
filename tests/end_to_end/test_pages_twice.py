"""A form of the hosted pages that is sent twice at the same moment, as a double press sends it without scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, site


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def test_a_right_password_that_is_sent_twice_leads_to_the_client_both_times(at: Site) -> None:
    first = await at.start()

    one, two = await asyncio.gather(
        at.robot.send(first, username="jane", password=PASSWORD),
        at.robot.send(first, username="jane", password=PASSWORD),
    )

    for arrived in (one, two):
        assert "code" in arrived.answer
    assert one.answer["code"] != two.answer["code"]
    # The browser shows the answer to the second only: what it was sent is good, and stays so.
    told = await at.redeem(two)
    assert at.oauth.user.sub == claims_of(told.json["id_token"])["sub"]
