"""A ticket is a login where the platform says whose it is, and for this game."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from poolhouse import HttpAnswer, HttpFailed, InvocationFailed, Refused, ValidateLogin
from poolhouse.testing import FakeHttp, House, plugin_context
from poolhouse_game_ticket import GameTicket

URL, KEY, PROVIDER, TICKET = "https://partner.games.example/ticket", "k-1", "games.example.com", "14000000" * 4
GOOD = {"result": "OK", "player": "76561197960287930", "app": "480", "banned": False}


def answer(said: Any, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {}, json.dumps(said).encode())


def plugin(http: FakeHttp) -> GameTicket:
    return GameTicket(plugin_context({"url": URL, "key": KEY}, http=http))


def event(value: str = TICKET, provider: str = PROVIDER) -> ValidateLogin:
    return ValidateLogin(pool_id="us-east-1:1", provider=provider, app="480", value=value)


async def test_validate_login_asks_the_platform_whose_a_ticket_is() -> None:
    http = FakeHttp([answer(GOOD)])

    proven = await plugin(http).validate_login(event())

    assert proven is not None
    assert (GOOD["player"], {"banned": "no"}) == (proven.subject, proven.claims)
    (request,) = http.requests
    assert (f"{URL}?app=480&ticket={TICKET}", KEY) == (request.url, request.headers["X-Api-Key"])


async def test_the_logins_of_others_are_not_its_own() -> None:
    assert None is await plugin(FakeHttp()).validate_login(event(provider="elsewhere.example.com"))


@pytest.mark.parametrize("value", ["", "xyz", "12", "g" * 32, "1" * 5000, f"{TICKET}&app=480"])
async def test_what_cannot_be_a_ticket_costs_no_call(value: str) -> None:
    with pytest.raises(Refused):
        await plugin(FakeHttp()).validate_login(event(value))


@pytest.mark.parametrize(
    "said",
    [
        answer({}),
        answer({**GOOD, "app": "481"}),
        answer({**GOOD, "app": 480}),
        answer({**GOOD, "result": "Expired"}),
        answer({**GOOD, "player": ""}),
        answer({**GOOD, "player": None}),
        answer({**GOOD, "player": 76561197960287930}),
        answer({}, 401),
        answer({}, 404),
    ],
    ids=repr,
)
async def test_a_ticket_that_nobody_vouches_for_is_refused(said: HttpAnswer) -> None:
    with pytest.raises(Refused):
        await plugin(FakeHttp([said])).validate_login(event())


@pytest.mark.parametrize("said", [answer({}, 500), answer([]), HttpAnswer(200, {}, b"<html>"), HttpFailed("no answer")])
async def test_a_platform_that_is_away_lets_nobody_in(said: HttpAnswer | Exception) -> None:
    with pytest.raises((InvocationFailed, HttpFailed)):
        await plugin(FakeHttp([said])).validate_login(event())


# --- at an identity pool ---------------------------------------------------------------------------------------------


@pytest.fixture
def http() -> FakeHttp:
    return FakeHttp([answer(GOOD), answer({**GOOD, "app": "481"}), answer(GOOD)])


@pytest.fixture
def poolhouse_plugins() -> Sequence[str]:
    return ["game-ticket"]


@pytest.fixture
def poolhouse_settings() -> Mapping[str, Mapping[str, Any]]:
    return {"plugins": {"game-ticket": {"url": URL, "key": KEY}}}


@pytest.fixture
def poolhouse_http(http: FakeHttp) -> FakeHttp:
    return http


async def test_a_player_has_one_identity(poolhouse: House) -> None:
    pool = await poolhouse.aws(
        "create_identity_pool",
        service="cognito-identity",
        IdentityPoolName="players",
        AllowUnauthenticatedIdentities=False,
        SupportedLoginProviders={PROVIDER: "480"},
    )

    async def get_id() -> str:
        found = await poolhouse.aws(
            "get_id", service="cognito-identity", IdentityPoolId=pool["IdentityPoolId"], Logins={PROVIDER: TICKET}
        )
        return str(found["IdentityId"])

    first = await get_id()
    with pytest.raises(poolhouse.boto3("cognito-identity").exceptions.NotAuthorizedException):
        await get_id()

    assert first == await get_id()
