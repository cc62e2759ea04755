"""Row 22: whoever knew a session before its user signed in, proved more or got other rights has nothing after that."""

from __future__ import annotations

import asyncio

import pytest

from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import House
from tests.support.sessions import begin, fresh, live

PLANTED = "p" * 43
"""A handle of an attacker's choice, put into the browser of the victim."""


async def test_a_handle_that_was_planted_is_no_session_before_and_after_a_sign_in(
    house: House, pool: Pool, client: Client
) -> None:
    user = await house.user(client)

    begun = await begin(house, pool, user, held=(PLANTED,))

    assert PLANTED not in begun.handles
    assert () == await live(house, pool, (PLANTED,))


async def test_an_attackers_own_session_does_not_become_the_victims(house: House, pool: Pool, client: Client) -> None:
    attacker, victim = await house.user(client, "mallory"), await house.user(client, "jane")
    planted = (await begin(house, pool, attacker)).handles

    await begin(house, pool, victim, held=planted)

    assert [attacker.sub] == [one.user.sub for one in await live(house, pool, planted)]


@pytest.mark.parametrize("change", ["sign_in", "step_up", "renew"])
async def test_an_old_handle_is_no_session_after_a_change_however_often_it_is_used(
    change: str, house: House, pool: Pool, client: Client
) -> None:
    user = await house.user(client)
    old = await begin(house, pool, user)

    match change:
        case "sign_in":
            new = await begin(house, pool, user, held=old.handles)
        case "step_up":
            new = await house.services.sessions.step_up(pool, old.signed_in, old.handles, ("totp",))
        case _:
            now = await fresh(house, user)
            new = await house.services.sessions.renew(pool, old.signed_in, old.handles, now)
    seen = await asyncio.gather(*(live(house, pool, old.handles) for _ in range(100)))

    assert set(old.handles).isdisjoint(new.handles)
    assert [()] * 100 == list(seen)
    assert [user.sub] == [one.user.sub for one in await live(house, pool, new.handles)]


async def test_uses_of_the_old_handle_while_a_step_up_runs_do_not_keep_it_alive(
    house: House, pool: Pool, client: Client
) -> None:
    user = await house.user(client)
    old = await begin(house, pool, user)
    # Every one of these wants to write down that the session was seen.
    house.clock.advance(120)

    new, *_ = await asyncio.gather(
        house.services.sessions.step_up(pool, old.signed_in, old.handles, ("totp",)),
        *(live(house, pool, old.handles) for _ in range(100)),
    )

    assert () == await live(house, pool, old.handles)
    assert 1 == len(await house.services.sessions.of_user(await fresh(house, user)))
    assert 1 == len(await live(house, pool, new.handles))
