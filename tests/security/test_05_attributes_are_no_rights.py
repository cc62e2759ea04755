"""Row 5: users write what they may write, see what they may see, and get rights from groups only."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.directory.definitions import Declaration
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House
from tests.support.sign_in import Asking

FOUNDATION = PoolFoundation(
    declarations=(
        Declaration(name="role", type="String"),
        Declaration(name="rank", type="String", developer_only=True),
        Declaration(name="groups", type="String"),
    )
)


@pytest.fixture
async def pool(house: House) -> Pool:
    return await house.pool(foundation=FOUNDATION)


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return decoded


async def signed_in(house: House, pool: Pool, **settings: Any) -> TokenSet:
    client = await house.client(pool, **settings)
    await house.user(client)
    return await house.sign_in(client)


async def test_an_attribute_that_the_client_does_not_list_is_not_written(house: House, pool: Pool) -> None:
    tokens = await signed_in(house, pool, write_attributes=("email", "nickname"))

    for name in ("custom:role", "name", "preferred_username"):
        with pytest.raises(errors.NotAuthorized, match="unauthorized attribute"):
            await house.services.profile.update(tokens.access, {name: "admin", "nickname": "j"}, {})
        with pytest.raises(errors.NotAuthorized):
            await house.services.profile.remove(tokens.access, [name])

    assert "nickname" not in (await house.services.users.require(pool, "jane")).attributes


async def test_it_is_not_written_at_sign_up_either(house: House, pool: Pool) -> None:
    client = await house.client(pool, write_attributes=("email",))

    with pytest.raises(errors.NotAuthorized):
        await house.sign_up(client, email="jane@example.com", **{"custom:role": "admin"})


async def test_it_is_not_written_with_a_new_password_either(house: House, pool: Pool) -> None:
    client = await house.client(pool, write_attributes=("email",))
    await house.services.users.invite(pool, Invitation(username="jane", password=PASSWORD, silent=True))
    asking = await house.begin(client)

    with pytest.raises(errors.NotAuthorized):
        await house.answer(client, asking, NEW_PASSWORD="An0ther-Horse!", **{"userAttributes.custom:role": "admin"})


@pytest.mark.parametrize("listed", [None, ("email",)], ids=["all", "some"])
async def test_attributes_for_developers_are_not_for_users(
    listed: tuple[str, ...] | None, house: House, pool: Pool
) -> None:
    tokens = await signed_in(house, pool, write_attributes=listed)

    with pytest.raises(errors.NotAuthorized):
        await house.services.profile.update(tokens.access, {"dev:custom:rank": "1"}, {})


@pytest.mark.parametrize("name", ["sub", "identities", "cognito:groups", "cognito:username", "cognito:user_status"])
async def test_what_we_say_of_a_user_the_user_does_not_say(name: str, house: House, pool: Pool) -> None:
    tokens = await signed_in(house, pool)

    with pytest.raises((errors.InvalidParameter, errors.NotAuthorized)):
        await house.services.profile.update(tokens.access, {name: "admins"}, {})


async def test_an_attribute_makes_no_claim_about_rights(house: House, pool: Pool) -> None:
    client = await house.client(pool)
    await house.user(client, email="jane@example.com", **{"custom:groups": "admins", "custom:role": "root"})

    tokens = await house.sign_in(client)

    for token in (tokens.access, tokens.id):
        assert "cognito:groups" not in claims(token)
        assert "cognito:roles" not in claims(token)
    assert {"custom:groups", "custom:role"} & claims(tokens.access).keys() == set()


async def test_what_the_client_may_not_read_is_in_no_answer_to_it(house: House, pool: Pool) -> None:
    """Not in the profile, not in the ID token, and not in the question for a new password."""
    client = await house.client(pool, read_attributes=("email",))
    attributes = {"email": "jane@example.com", "custom:role": "hidden-role", "dev:custom:rank": "hidden-rank"}
    await house.services.users.invite(
        pool, Invitation(username="jane", attributes=attributes, password=PASSWORD, silent=True)
    )

    asking = await house.begin(client)
    assert isinstance(asking, Asking)
    await house.answer(client, asking, NEW_PASSWORD="An0ther-Horse!")
    tokens = await house.sign_in(client, password="An0ther-Horse!")
    _, shown = await house.services.profile.show(tokens.access)

    assert {"email": "jane@example.com"} == json.loads(asking.public["userAttributes"])
    assert {"email": "jane@example.com"} == dict(shown)
    assert "hidden" not in json.dumps(claims(tokens.id))
