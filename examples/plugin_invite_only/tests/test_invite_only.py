"""Who may sign up, and who may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poolhouse.testing import House, MadeClient


@pytest.fixture
def poolhouse_plugins() -> Sequence[str]:
    # The installed plugin, by the name of its entry point.
    return ["invite-only"]


@pytest.fixture
def poolhouse_settings() -> Mapping[str, Mapping[str, Any]]:
    return {"plugins": {"invite-only": {"code": "green door"}}}


async def sign_up(house: House, client: MadeClient, **more: Any) -> dict[str, Any]:
    return await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!", **more)


async def test_nobody_signs_up_without_an_invitation(poolhouse: House) -> None:
    client = await poolhouse.make_client(await poolhouse.make_pool())

    with pytest.raises(ClientError, match="PreSignUp failed with error An invitation is needed to sign up"):
        await sign_up(poolhouse, client)


@pytest.mark.parametrize("code", ["red door", "green", "green doors", "grün", " green door"])
async def test_nobody_signs_up_with_a_wrong_invitation(poolhouse: House, code: str) -> None:
    client = await poolhouse.make_client(await poolhouse.make_pool())

    with pytest.raises(ClientError, match="An invitation is needed"):
        await sign_up(poolhouse, client, ClientMetadata={"invitation": code})


@pytest.mark.parametrize(
    "more",
    [
        {"ClientMetadata": {"invitation": "green door"}},
        {"ValidationData": [{"Name": "invitation", "Value": "green door"}]},
    ],
    ids=["metadata", "validation data"],
)
async def test_who_is_invited_signs_up(poolhouse: House, more: dict[str, Any]) -> None:
    client = await poolhouse.make_client(await poolhouse.make_pool())

    answer = await sign_up(poolhouse, client, **more)

    assert answer["UserSub"]


async def test_an_administrator_needs_no_invitation(poolhouse: House) -> None:
    pool = await poolhouse.make_pool()

    user = await poolhouse.make_user(pool)

    assert user.sub
