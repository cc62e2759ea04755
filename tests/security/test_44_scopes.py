"""Row 44: the scopes of a token are those that were granted; a plugin may add its own, and none of ours."""

from __future__ import annotations

import base64
import json
from dataclasses import replace as with_fields
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.flows.grants.claims import ADMIN_SCOPE
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from tests.support.house import House, opened_house


class Scopes:
    def __init__(self, *scopes: str) -> None:
        self.scopes = scopes

    @hookimpl
    def pre_token(self, event: PreToken) -> PreToken:
        return with_fields(event, scopes=self.scopes, access_claims={"scope": "everything", "client_id": "x"})


def scope(tokens: TokenSet) -> list[str]:
    body = tokens.access.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    found: list[str] = claims["scope"].split()
    return found


async def test_a_sign_in_by_the_api_gives_one_scope(house: House, client: Client) -> None:
    await house.user(client)

    reply = await house.begin(client, SCOPE="openid everything", scope="openid everything")
    tokens = reply.tokens  # type: ignore[union-attr]

    assert [ADMIN_SCOPE] == scope(tokens)
    assert [ADMIN_SCOPE] == scope(await house.refresh(client, tokens.refresh))


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (("billing",), ["billing"]),
        ((), []),
        (("aws.cognito.other",), []),
        (("a b", "", "c\nd", "e"), ["e"]),
        ((f"x {ADMIN_SCOPE}",), []),
    ],
)
async def test_a_plugin_gives_no_scope_of_ours(asked: tuple[str, ...], given: list[str]) -> None:
    async with opened_house(plugins=[("scopes", Scopes(*asked))]) as house:
        client = await house.client(await house.pool())
        await house.user(client)

        tokens = await house.sign_in(client)

        assert given == scope(tokens)
        assert given == scope(await house.refresh(client, tokens.refresh))
        with pytest.raises(errors.InvalidAccessToken, match="required scopes"):
            await house.bearer(tokens)


async def test_a_scope_that_was_not_granted_is_not_signed() -> None:
    """Whatever a plugin says, a grant without our own scope gives no token with it."""
    async with opened_house(plugins=[("scopes", Scopes(ADMIN_SCOPE, "billing"))]) as house:
        pool = await house.pool()
        client = await house.client(pool)
        user = await house.user(client)

        tokens = await house.services.grants.open(
            pool, client, user, event_id="e", source="s", metadata={}, flow="USER_PASSWORD_AUTH", scopes=("openid",)
        )

        assert ["billing"] == scope(tokens)
        assert ["billing"] == scope(await house.refresh(client, tokens.refresh))
