"""What the pages of the way out carry is good in one browser of one pool, for some time."""

from __future__ import annotations

import pytest

from poolhouse.errors import LogoutEnded
from poolhouse.flows.oauth.interaction import Browser
from poolhouse.flows.oauth.logout import QUESTION_SECONDS, LoggedOut, Question, SignOut
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import House
from tests.support.sessions import begin, live


@pytest.fixture
def sign_out(house: House) -> SignOut:
    ports = house.built.ports
    return SignOut(house.built.world, ports.pools, ports.clients, house.services.sessions, ports.tokens)


async def test_a_question_is_answered_in_the_browser_in_which_it_was_asked(
    sign_out: SignOut, house: House, pool: Pool, client: Client
) -> None:
    begun = await begin(house, pool, await house.user(client))
    asked = await sign_out.asked(pool.id, {}, Browser(None, begun.handles))
    assert isinstance(asked, Question)

    for elsewhere in (None, "b" * 43):
        with pytest.raises(LogoutEnded):
            await sign_out.confirmed(pool.id, asked.handle, Browser(elsewhere, begun.handles))
    with pytest.raises(LogoutEnded):
        await sign_out.confirmed((await house.pool()).id, asked.handle, Browser(asked.browser, begun.handles))
    assert 1 == len(await live(house, pool, begun.handles))
    done = await sign_out.confirmed(pool.id, asked.handle, Browser(asked.browser, begun.handles))

    assert isinstance(done, LoggedOut)
    assert () == await live(house, pool, begun.handles)


async def test_a_browser_that_is_known_keeps_its_name(sign_out: SignOut, house: House, pool: Pool) -> None:
    user = await house.user(await house.client(pool))
    begun = await begin(house, pool, user)

    asked = await sign_out.asked(pool.id, {}, Browser("a" * 43, begun.handles))

    assert isinstance(asked, Question)
    assert "a" * 43 == asked.browser


async def test_a_question_ends(sign_out: SignOut, house: House, pool: Pool, client: Client) -> None:
    begun = await begin(house, pool, await house.user(client))
    asked = await sign_out.asked(pool.id, {}, Browser(None, begun.handles))
    assert isinstance(asked, Question)
    house.clock.advance(QUESTION_SECONDS)

    with pytest.raises(LogoutEnded):
        await sign_out.confirmed(pool.id, asked.handle, Browser(asked.browser, begun.handles))


async def test_what_was_sealed_for_one_purpose_or_pool_is_nothing_for_another(
    sign_out: SignOut, house: House, pool: Pool, client: Client
) -> None:
    begun = await begin(house, pool, await house.user(client))
    asked = await sign_out.asked(pool.id, {}, Browser(None, begun.handles))
    assert isinstance(asked, Question)
    moved = sign_out.moved(pool.id, {"state": "s", "evil": "x"})

    assert {"state": "s"} == sign_out.found(pool.id, moved)
    with pytest.raises(LogoutEnded):
        sign_out.found((await house.pool()).id, moved)
    with pytest.raises(LogoutEnded):
        sign_out.found(pool.id, asked.handle)
    with pytest.raises(LogoutEnded):
        await sign_out.confirmed(pool.id, moved, Browser(asked.browser, begun.handles))
