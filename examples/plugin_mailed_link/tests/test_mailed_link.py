"""Who gets in by a link, and who does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from poolhouse.testing import House, MadeClient

VERIFIED = {"email": "jane@example.com", "email_verified": "true"}


@pytest.fixture
def poolhouse_plugins() -> Sequence[str]:
    return ["mailed-link"]


@pytest.fixture
def poolhouse_settings() -> Mapping[str, Mapping[str, Any]]:
    return {"plugins": {"mailed-link": {"page": "https://app.example/sign-in", "minutes": 5}}}


async def app_of(house: House, attributes: Mapping[str, str] = VERIFIED) -> MadeClient:
    pool = await house.make_pool()
    await house.make_user(pool, "jane", attributes=attributes)
    return await house.make_client(pool, AuthSessionValidity=15, PreventUserExistenceErrors="ENABLED")


async def ask(house: House, client: MadeClient, username: str = "jane") -> dict[str, Any]:
    return await house.aws(
        "initiate_auth", ClientId=client.id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": username}
    )


async def answer(house: House, client: MadeClient, asked: Mapping[str, Any], token: str) -> dict[str, Any]:
    return await house.aws(
        "respond_to_auth_challenge",
        ClientId=client.id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "jane", "ANSWER": token},
    )


def token_of(house: House) -> str:
    link = house.messages[-1].link or ""
    assert link in house.messages[-1].body
    return link.removeprefix("https://app.example/sign-in?token=")


async def test_who_follows_the_link_is_signed_in(poolhouse: House) -> None:
    client = await app_of(poolhouse)
    asked = await ask(poolhouse, client)
    await poolhouse.drain_outbox()

    signed_in = await answer(poolhouse, client, asked, token_of(poolhouse))

    assert ["jane@example.com"] == [message.to for message in poolhouse.messages]
    assert "AccessToken" in signed_in["AuthenticationResult"]


@pytest.mark.parametrize(("minutes", "token"), [(6, None), (0, "guessed")])
async def test_a_link_that_is_old_or_guessed_opens_nothing(poolhouse: House, minutes: int, token: str | None) -> None:
    client = await app_of(poolhouse)
    asked = await ask(poolhouse, client)
    poolhouse.clock.advance(minutes * 60)

    with pytest.raises(poolhouse.boto3().exceptions.NotAuthorizedException):
        await answer(poolhouse, client, asked, token_of(poolhouse) if token is None else token)


async def test_nobody_unknown_or_without_a_verified_address_gets_a_letter(poolhouse: House) -> None:
    client = await app_of(poolhouse, {"email": "jane@example.com"})

    known, unknown = await ask(poolhouse, client), await ask(poolhouse, client, "nobody")

    assert [] == poolhouse.messages
    assert known["ChallengeName"] == unknown["ChallengeName"]
    assert known["ChallengeParameters"]["medium"] == unknown["ChallengeParameters"]["medium"]
