"""Codes at the token endpoint: whose they are, how long they last, and what a second use of one leads to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poolhouse.config.settings import OAuth as OAuthSettings
from poolhouse.errors import InvalidAccessToken, InvalidGrant
from poolhouse.flows.oauth.request import Known
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.audit import AuditEntry
from poolhouse.store.port import Query
from poolhouse.store.repositories.collections import ALL, AUDIT, AUTHORIZATION_CODES, GRANTS
from poolhouse.store.repositories.mapping import to_record
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import opened_house
from tests.support.oauth import CALLBACK, VERIFIER, OAuth, code_settings, oauth_served

GRANT = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
REFUSED = (400, "invalid_grant")
NONE = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


async def is_alive(at: OAuth, tokens: dict[str, str]) -> tuple[bool, bool]:
    """Whether the access token is good at UserInfo, and the refresh token for another."""
    info = await at.ask("userInfo", None, {"Authorization": f"Bearer {tokens['access_token']}"}, method="GET")
    refreshed = await at.token(at.app, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    return 200 == info.status, 200 == refreshed.status


async def test_c1_a_code_lasts_a_minute(at: OAuth) -> None:
    held = await at.signed_in()
    in_time, late = await at.code(at.app, held), await at.code(at.app, held)

    at.house.clock.advance(59)
    assert 200 == (await at.redeemed(at.app, in_time)).status
    at.house.clock.advance(1)
    assert REFUSED == (await at.redeemed(at.app, late)).error


async def test_c1_its_life_can_be_set() -> None:
    async with oauth_served(oauth=OAuthSettings(code_seconds=600)) as at:
        code = await at.code(at.app)
        at.house.clock.advance(599)

        assert 200 == (await at.redeemed(at.app, code)).status


async def test_c2_a_code_is_its_clients_and_its_sessions(at: OAuth) -> None:
    held = await at.signed_in()
    other = await at.house.client(at.pool, **code_settings())
    code = await at.code(at.app, held)

    assert REFUSED == (await at.redeemed(other, code)).error
    assert REFUSED == (await at.redeemed(at.web, code)).error
    assert 200 == (await at.redeemed(at.app, code)).status
    ended = await at.code(at.app, held)
    await at.house.services.sessions.end(at.pool, held)
    assert REFUSED == (await at.redeemed(at.app, ended)).error


class SignsOut:
    """While tokens are made, the user signs out."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    @hookimpl
    async def pre_token(self, event: PreToken) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()


async def test_c2_a_sign_out_between_two_looks_leaves_nothing_behind() -> None:
    plugin = SignsOut()
    async with oauth_served(plugins=[("signs-out", plugin)]) as at:
        held = await at.signed_in()
        code = await at.code(at.app, held)

        plugin.meanwhile = lambda: at.house.services.sessions.end(at.pool, held)

        assert REFUSED == (await at.redeemed(at.app, code)).error
        grants = (await at.house.built.store.find(GRANTS, Query())).entries
        assert [True] == [stored.value.get("revoked", False) for stored in grants]


async def test_c2_a_code_is_nothing_where_user_or_client_ended(at: OAuth) -> None:
    users, held = at.house.services.users, await at.signed_in()
    code = await at.code(at.app, held)
    await users.disable(at.pool, "jane")
    assert REFUSED == (await at.redeemed(at.app, code)).error
    await users.enable(at.pool, "jane")
    code = await at.code(at.app)
    await at.updated(at.app, **code_settings(oauth_flows=("implicit",)))
    assert (400, "unauthorized_client") == (await at.redeemed(at.app, code)).error


async def test_c3_of_a_hundred_redemptions_at_once_one_wins(at: OAuth) -> None:
    code = await at.code(at.app)

    told = await asyncio.gather(*(at.redeemed(at.app, code) for _ in range(100)))

    assert 1 == len([one for one in told if one.status == 200])
    assert {REFUSED} == {one.error for one in told if one.status != 200}
    (won,) = [one.json for one in told if one.status == 200]
    assert (False, False) == await is_alive(at, won)


async def test_c4_a_second_redemption_ends_what_the_first_one_gave(at: OAuth) -> None:
    code = await at.code(at.app)
    tokens = (await at.redeemed(at.app, code)).json
    newer = (await at.token(at.app, grant_type="refresh_token", refresh_token=tokens["refresh_token"])).json
    other = await at.tokens(at.app)
    # Longer than the code lasts, and than anybody would wait.
    at.house.clock.advance(300)

    assert REFUSED == (await at.redeemed(at.app, code)).error

    assert (False, False) == await is_alive(at, newer)
    assert (True, True) == await is_alive(at, other)


async def test_c4_a_stranger_with_a_code_ends_nothing(at: OAuth) -> None:
    code = await at.code(at.app)
    tokens = (await at.redeemed(at.app, code)).json

    assert REFUSED == (await at.redeemed(at.web, code)).error

    assert (True, True) == await is_alive(at, tokens)
    assert [(at.web.id, {"why": "foreign"})] == await refusals(at)


async def refusals(at: OAuth) -> list[tuple[str | None, dict[str, str]]]:
    """What the trail says of codes, by client."""
    page = await at.house.built.store.find(AUDIT, Query(limit=500))
    entries = [to_record(stored, AuditEntry) for stored in page.entries]
    return [(entry.client_id, entry.facts) for entry in entries if entry.action == "authorization.code_refused"]


async def test_c4_a_used_code_is_known_after_a_restart(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "store.db"
    async with oauth_served(store=SqliteStore(path, ALL, clock), clock=clock) as at:
        code = await at.code(at.app)
        tokens = (await at.redeemed(at.app, code)).json
        client = at.app

    clock.advance(30)
    async with opened_house(SqliteStore(path, ALL, clock), clock) as house:
        known = Known(await house.services.pools.get(client.pool_id), client, {"code": code})
        with pytest.raises(InvalidGrant):
            await house.built.oauth.token.issue(replace(known, parameters={**known.parameters, **GRANT}))
        with pytest.raises(InvalidAccessToken):
            await house.services.bearers.of(tokens["access_token"], scope="openid")


async def test_c5_what_is_wrong_with_a_code_is_not_told(at: OAuth) -> None:
    held = await at.signed_in()
    used, foreign, wrong = [await at.code(at.app, held) for _ in range(3)]
    await at.redeemed(at.app, used)

    answers = [
        await at.redeemed(at.app, used),
        await at.redeemed(at.app, "x" * 43),
        await at.redeemed(at.app, "\u20ac"),
        await at.redeemed(at.web, foreign),
        await at.redeemed(at.app, wrong, code_verifier="y" * 43),
    ]
    late = await at.code(at.app, held)
    at.house.clock.advance(61)
    answers.append(await at.redeemed(at.app, late))

    assert 1 == len({(told.status, told.body) for told in answers})


async def test_c6_a_code_is_not_touched_before_its_client_has_proved_itself(at: OAuth) -> None:
    code = await at.code(at.web)

    wrong = await at.ask("token", {**GRANT, "code": code}, at.basic(at.web, "wrong"))

    assert (401, "invalid_client") == wrong.error
    assert 200 == (await at.redeemed(at.web, code)).status


async def test_r7_the_redirect_uri_is_said_again_or_the_codes_owner_is_proved(at: OAuth) -> None:
    held = await at.signed_in()

    left_out = await at.redeemed(at.app, await at.code(at.app, held), redirect_uri=None)
    other = await at.redeemed(at.app, await at.code(at.app, held), redirect_uri=f"{CALLBACK}/")
    unproved = await at.redeemed(at.web, await at.code(at.web, held, **NONE), redirect_uri=None, code_verifier=None)

    assert 200 == left_out.status
    assert REFUSED == other.error == unproved.error


@pytest.mark.parametrize(
    "verifier", ["x" * 43, VERIFIER[:-1], f"{VERIFIER}x", VERIFIER.lower(), f"{VERIFIER}=", "é" * 43, "x" * 129, None]
)
async def test_p4_a_verifier_that_is_wrong_or_missing_gives_nothing(at: OAuth, verifier: str | None) -> None:
    assert REFUSED == (await at.redeemed(at.app, await at.code(at.app), code_verifier=verifier)).error


async def test_p4_a_verifier_without_a_challenge_gives_nothing(at: OAuth) -> None:
    assert REFUSED == (await at.redeemed(at.web, await at.code(at.web, **NONE))).error


async def test_p5_a_wrong_verifier_costs_the_code(at: OAuth) -> None:
    code = await at.code(at.app)
    await at.redeemed(at.app, code, code_verifier="x" * 43)

    assert REFUSED == (await at.redeemed(at.app, code)).error


async def test_a_code_cannot_be_found_in_the_store(at: OAuth) -> None:
    code = await at.code(at.app)

    stored = (await at.house.built.store.find(AUTHORIZATION_CODES, Query())).entries
    assert 1 == len(stored)
    assert code not in repr(stored)
