"""Row 16: an authorization code is good once, for the client, the address, the proof and the session that it was given
to; a second use ends what the first one gave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from poolhouse.errors import InvalidAccessToken
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Store
from poolhouse.store.repositories.collections import ALL
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.oauth import CALLBACK, OAuth, Told, code_settings, oauth_served

OTHER = "https://app.example.com/other"
REFUSED = (400, "invalid_grant")


@pytest.fixture(params=["memory", "sqlite"])
async def at(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OAuth]:
    clock = FakeClock()
    store: Store = MemoryStore(ALL, clock)
    if request.param == "sqlite":
        store = SqliteStore(tmp_path / "store.db", ALL, clock)
    async with oauth_served(store=store, clock=clock) as served:
        yield served


async def _by_another(at: OAuth, code: str) -> Told:
    return await at.redeemed(await at.house.client(at.pool, **code_settings()), code)


async def _in_another_pool(at: OAuth, code: str) -> Told:
    pool = await at.house.pool()
    client = await at.house.client(pool, **code_settings(oauth_scopes=("openid",)))
    form = {"grant_type": "authorization_code", "client_id": client.id, "code": code, "redirect_uri": CALLBACK}
    return await at.ask("token", form, pool_id=pool.id)


async def _after_the_sign_out(at: OAuth, code: str) -> Told:
    for session in await at.house.services.sessions.of_user(at.user):
        await at.house.services.sessions.end_one(at.user, session.id)
    return await at.redeemed(at.app, code)


async def _after_a_sign_out_everywhere(at: OAuth, code: str) -> Told:
    await at.house.services.users.sign_out_everywhere(at.pool, "jane")
    return await at.redeemed(at.app, code)


async def _too_late(at: OAuth, code: str) -> Told:
    at.house.clock.advance(60)
    return await at.redeemed(at.app, code)


WRONG: dict[str, Callable[[OAuth, str], Awaitable[Told]]] = {
    "by another client": _by_another,
    "in another pool": _in_another_pool,
    "at another address of the client": lambda at, code: at.redeemed(at.app, code, redirect_uri=OTHER),
    "with another proof": lambda at, code: at.redeemed(at.app, code, code_verifier="v" * 43),
    "without the proof": lambda at, code: at.redeemed(at.app, code, code_verifier=None),
    "after the sign-out": _after_the_sign_out,
    "after a sign-out everywhere": _after_a_sign_out_everywhere,
    "too late": _too_late,
    "in capital letters": lambda at, code: at.redeemed(at.app, code.swapcase()),
    "with something behind it": lambda at, code: at.redeemed(at.app, f"{code}x"),
}


@pytest.mark.parametrize("how", WRONG)
async def test_a_code_is_good_for_what_it_was_given_for_and_nothing_else(at: OAuth, how: str) -> None:
    await at.updated(at.app, **code_settings(callback_urls=(CALLBACK, OTHER)))
    code = await at.code(at.app)

    assert REFUSED == (await WRONG[how](at, code)).error


async def test_of_a_hundred_at_once_one_is_answered_and_what_it_was_given_has_ended(at: OAuth) -> None:
    code = await at.code(at.app)

    told = await asyncio.gather(*(at.redeemed(at.app, code) for _ in range(100)))

    (won,) = [one.json for one in told if one.status == 200]
    with pytest.raises(InvalidAccessToken):
        await at.house.services.bearers.of(won["access_token"], scope="openid")
    dead = await at.token(at.app, grant_type="refresh_token", refresh_token=won["refresh_token"])
    assert REFUSED == dead.error


async def test_a_second_use_ends_what_was_refreshed_since_and_nothing_of_others(at: OAuth) -> None:
    code = await at.code(at.app)
    first = (await at.redeemed(at.app, code)).json
    newer = (await at.token(at.app, grant_type="refresh_token", refresh_token=first["refresh_token"])).json
    others = await at.tokens(at.web)
    at.house.clock.advance(86400)

    await at.redeemed(at.app, code)

    dead = await at.token(at.app, grant_type="refresh_token", refresh_token=newer["refresh_token"])
    alive = await at.token(at.web, grant_type="refresh_token", refresh_token=others["refresh_token"])
    assert REFUSED == dead.error
    assert 200 == alive.status


async def test_somebody_who_found_a_code_signs_nobody_out(at: OAuth) -> None:
    code = await at.code(at.app)
    tokens = (await at.redeemed(at.app, code)).json

    await _by_another(at, code)
    await _in_another_pool(at, code)

    alive = await at.token(at.app, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert 200 == alive.status
