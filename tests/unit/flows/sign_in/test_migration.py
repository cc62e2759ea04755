"""One row of the old system is one user here, however its name is typed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from poolhouse import MigratedUser, MigrateUser, hookimpl
from poolhouse.testing import House, running_house
from poolhouse.testing.made import MadeClient

BY_EMAIL = {"UsernameAttributes": ["email"]}
BY_NAME: dict[str, Any] = {}


class OldSystem:
    """Knows one person, and does not mind how the name is written."""

    def __init__(self, *, tells_the_name: bool) -> None:
        self._username = "jane@example.com" if tells_the_name else None

    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        if event.username.lower() != "jane@example.com" or event.password not in {None, "Passw0rd!"}:
            return None
        attributes = {"email": "jane@example.com", "email_verified": "true"}
        return MigratedUser(attributes=attributes, username=self._username)


@pytest.mark.parametrize("first", ["Jane@example.com", "jane@example.com"])
@pytest.mark.parametrize(
    ("names", "tells_the_name"),
    [(BY_EMAIL, False), (BY_EMAIL, True), (BY_NAME, True)],
    ids=["an address", "an address, told", "a name, told"],
)
async def test_in_a_case_sensitive_pool_one_row_is_one_user(
    names: dict[str, Any], tells_the_name: bool, first: str
) -> None:
    old = OldSystem(tells_the_name=tells_the_name)
    async with running_house(plugins=[("old", old)]) as house:
        pool = await house.make_pool(UsernameConfiguration={"CaseSensitive": True}, **names)
        client = await house.make_client(pool)
        subs = {
            (await house.sign_in(client, name, "Passw0rd!")).id_claims["sub"]
            for name in (first, first.swapcase(), "jane@example.com", "Jane@example.com")
        }
        users = await house.aws("list_users", UserPoolId=pool.id)

    assert 1 == len(subs) == len(users["Users"])


async def test_another_spelling_does_not_get_past_the_password_that_was_set_here() -> None:
    async with running_house(plugins=[("old", OldSystem(tells_the_name=False))]) as house:
        pool = await house.make_pool(UsernameConfiguration={"CaseSensitive": True}, **BY_EMAIL)
        client = await house.make_client(pool)
        await house.sign_in(client, "jane@example.com", "Passw0rd!")
        await house.aws(
            "admin_set_user_password",
            UserPoolId=pool.id,
            Username="jane@example.com",
            Password="An0ther-one",
            Permanent=True,
        )

        with pytest.raises(house.boto3().exceptions.UserNotFoundException):
            await house.sign_in(client, "Jane@example.com", "Passw0rd!")


async def test_a_forgotten_password_under_another_spelling_is_that_of_the_one_user() -> None:
    async with running_house(plugins=[("old", OldSystem(tells_the_name=False))]) as house:
        pool = await house.make_pool(UsernameConfiguration={"CaseSensitive": True}, **BY_EMAIL)
        client = await house.make_client(pool)
        await house.sign_in(client, "jane@example.com", "Passw0rd!")
        await house.aws("forgot_password", ClientId=client.id, Username="Jane@example.com")
        users = await house.aws("list_users", UserPoolId=pool.id)

        assert house.last_code("jane@example.com")
    assert 1 == len(users["Users"])


async def by_choice(house: House, client: MadeClient, **given: str) -> dict[str, Any]:
    return await house.aws(
        "initiate_auth",
        ClientId=client.id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "jane@example.com", **given},
    )


@pytest.mark.parametrize("hiding", ["LEGACY", "ENABLED"])
async def test_who_gives_the_password_with_the_choice_comes_over_and_nobody_else_does(hiding: str) -> None:
    async with running_house(plugins=[("old", OldSystem(tells_the_name=False))]) as house:
        pool = await house.make_pool(**BY_EMAIL)
        client = await house.make_client(pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"], PreventUserExistenceErrors=hiding)
        refused = "UserNotFoundException" if hiding == "LEGACY" else "NotAuthorizedException"

        with pytest.raises(ClientError, match=refused):
            await by_choice(house, client, PREFERRED_CHALLENGE="PASSWORD", PASSWORD="Wr0ng-word!")
        if hiding == "LEGACY":
            for given in ({}, {"PREFERRED_CHALLENGE": "PASSWORD"}, {"PASSWORD": "Passw0rd!"}):
                with pytest.raises(ClientError, match=refused):
                    await by_choice(house, client, **given)
        nobody = await house.aws("list_users", UserPoolId=pool.id)
        moved = await by_choice(house, client, PREFERRED_CHALLENGE="PASSWORD", PASSWORD="Passw0rd!")
        again = await by_choice(house, client, PREFERRED_CHALLENGE="PASSWORD", PASSWORD="Passw0rd!")

    assert [] == nobody["Users"]
    assert moved["AuthenticationResult"]["AccessToken"] != again["AuthenticationResult"]["AccessToken"]
