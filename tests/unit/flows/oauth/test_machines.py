"""Tokens of clients that act for themselves, and what plugins and functions may change of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.errors import Refused
from poolhouse.flows.grants.machines import Machines
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.kinds import hookimpl
from tests.support.house import House, opened_house
from tests.support.oauth import claims_of


class Shaping:
    """Remembers what it was told, and changes what it was made with."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes
        self.told: list[PreToken] = []

    @hookimpl
    def pre_token(self, event: PreToken) -> PreToken | None:
        self.told.append(event)
        return replace(event, **self.changes) if self.changes else None


async def token(house: House, **metadata: str) -> tuple[str, dict[str, Any]]:
    pool = await house.pool()
    client = await house.client(pool, generates_secret=True)
    machines = Machines(house.built.world, house.built.ports.tokens)
    made = await machines.token(pool, client, ("notes/read",), metadata)
    claims = claims_of(made.access)
    assert claims["scope"].split() == list(made.scopes)
    return client.id, claims


async def test_a_plugin_is_told_of_the_client_in_place_of_a_user() -> None:
    shaping = Shaping()
    async with opened_house(plugins=[("shaping", shaping)]) as house:
        client_id, _ = await token(house, tenant="7")

    (event,) = shaping.told
    assert ("TokenGeneration_ClientCredentials", client_id, client_id) == (
        event.source,
        event.client_id,
        event.username,
    )
    assert ({}, ("notes/read",), {"tenant": "7"}) == (event.attributes, event.scopes, event.client_metadata)


async def test_a_plugin_adds_claims_and_scopes_and_changes_nothing_that_tells_who() -> None:
    claims = {"tenant": {"id": 7}, "sub": "x", "client_id": "x", "iss": "x", "exp": 1, "scope": "x", "aud": "x"}
    shaping = Shaping(access_claims=claims, scopes=("bills/read", "aws.cognito.signin.user.admin", "a b"))
    async with opened_house(plugins=[("shaping", shaping)]) as house:
        client_id, said = await token(house)

    assert ({"id": 7}, client_id, client_id, "bills/read") == tuple(
        said[name] for name in ("tenant", "sub", "client_id", "scope")
    )
    assert "aud" not in said
    assert said["exp"] == said["iat"] + 3600


async def test_a_plugin_that_says_no_keeps_the_token() -> None:
    class No:
        @hookimpl
        def pre_token(self, event: PreToken) -> None:
            raise Refused("no")

    async with opened_house(plugins=[("no", No())]) as house:
        with pytest.raises(errors.Refused):
            await token(house)
