"""Row 51: temporary credentials are of one pool and of one kind of identity; the server chooses the role, a condition
that is missing lets nobody in, and there are no guests unless somebody says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poolhouse.testing import House, running_house

SERVICE = "cognito-identity"
ANY_POOL: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
        }
    ],
}


def only(pool_id: str, amr: str) -> dict[str, Any]:
    condition = {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": pool_id},
        "ForAnyValue:StringEquals": {"cognito-identity.amazonaws.com:amr": amr},
    }
    return {**ANY_POOL, "Statement": [{**ANY_POOL["Statement"][0], "Condition": condition}]}


async def made(house: House, **settings: Any) -> str:
    given = {
        "IdentityPoolName": "p",
        "AllowUnauthenticatedIdentities": True,
        "DeveloperProviderName": "app",
        **settings,
    }
    pool: str = (await house.aws("create_identity_pool", service=SERVICE, **given))["IdentityPoolId"]
    return pool


async def role(house: House, name: str, trust: dict[str, Any]) -> str:
    roles = house.server.access.roles
    return roles.arn(await roles.create(name, trust))


async def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as refused:
        await call
    code: str = refused.value.response["Error"]["Code"]
    return code


async def credentials(house: House, pool_id: str, **more: Any) -> Any:
    identity = (await house.aws("get_id", service=SERVICE, IdentityPoolId=pool_id))["IdentityId"]
    return await house.aws("get_credentials_for_identity", service=SERVICE, IdentityId=identity, **more)


@asynccontextmanager
async def two_pools() -> AsyncIterator[tuple[House, str, str]]:
    async with running_house() as house:
        yield house, await made(house), await made(house)


async def set_roles(house: House, pool_id: str, **roles: str) -> None:
    await house.aws("set_identity_pool_roles", service=SERVICE, IdentityPoolId=pool_id, Roles=roles)
    house.clock.advance(3)


async def test_there_are_no_guests_where_nobody_said_so() -> None:
    async with running_house() as house:
        pool_id = await made(house, AllowUnauthenticatedIdentities=False)

        assert "NotAuthorizedException" == await refusal(house.aws("get_id", service=SERVICE, IdentityPoolId=pool_id))


async def test_a_role_of_another_pool_or_of_users_is_no_guests() -> None:
    async with two_pools() as (house, mine, other):
        for name, trust in (("other", only(other, "unauthenticated")), ("users", only(mine, "authenticated"))):
            await set_roles(house, mine, unauthenticated=await role(house, name, trust))

            assert "InvalidIdentityPoolConfigurationException" == await refusal(credentials(house, mine))


async def test_a_role_without_a_condition_is_given_to_no_pool_and_taken_by_nobody() -> None:
    async with two_pools() as (house, mine, _):
        await set_roles(house, mine, unauthenticated=await role(house, "mine", only(mine, "unauthenticated")))
        wide = await role(house, "wide", ANY_POOL)
        set_it = await refusal(set_roles(house, mine, unauthenticated=wide))
        # It becomes wide only after it was given.
        await house.server.access.roles.trust("mine", ANY_POOL)
        house.clock.advance(6)
        taken = await refusal(credentials(house, mine))

    assert set_it != ""
    assert "InvalidIdentityPoolConfigurationException" == taken


async def test_the_client_does_not_choose_a_role() -> None:
    async with two_pools() as (house, mine, _):
        await set_roles(house, mine, unauthenticated=await role(house, "guests", only(mine, "unauthenticated")))
        users = await role(house, "users", only(mine, "authenticated"))

        assert "NotAuthorizedException" == await refusal(credentials(house, mine, CustomRoleArn=users))


async def test_a_token_of_one_pool_opens_no_other() -> None:
    async with two_pools() as (house, mine, other):
        await set_roles(house, other, authenticated=await role(house, "users", only(other, "authenticated")))

        async def token(pool_id: str) -> Any:
            return await house.aws(
                "get_open_id_token_for_developer_identity",
                service=SERVICE,
                IdentityPoolId=pool_id,
                Logins={"app": "jane"},
            )

        of_mine, of_other = await token(mine), await token(other)
        logins = {"cognito-identity.amazonaws.com": of_mine["Token"]}
        refused = await refusal(
            house.aws("get_credentials_for_identity", service=SERVICE, IdentityId=of_other["IdentityId"], Logins=logins)
        )
        by_sts = await refusal(
            house.aws(
                "assume_role_with_web_identity",
                service="sts",
                RoleArn=house.server.access.roles.arn(await house.server.access.roles.get("users")),
                RoleSessionName="me",
                WebIdentityToken=of_mine["Token"],
            )
        )

    assert ("NotAuthorizedException", "AccessDenied") == (refused, by_sts)
