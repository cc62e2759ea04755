"""Credentials of identities, as SDKs get and use them: boto3, over a real socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from poolhouse.testing import House, running_house

ACCOUNT = "000000000000"
SESSION = "CognitoIdentityCredentials"


def trust(pool_id: str, amr: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"cognito-identity.amazonaws.com:aud": pool_id},
                    "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": amr},
                },
            }
        ],
    }


def allowing(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}],
    }


MAY = allowing("cognito-identity:DescribeIdentityPool", "cognito-idp:ListUserPools")


@dataclass
class Guests:
    """An identity pool with guests, and roles for them and for users."""

    house: House
    pool_id: str

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """As an app has it: without credentials of its own, or with those of an identity."""
        signature = None if credentials else UNSIGNED
        config = Config(retries={"total_max_attempts": 1}, proxies={}, signature_version=signature)
        given = {}
        if credentials is not None:
            given = {
                "aws_access_key_id": credentials["AccessKeyId"],
                "aws_secret_access_key": credentials.get("SecretKey") or credentials["SecretAccessKey"],
                "aws_session_token": credentials["SessionToken"],
            }
        return boto3.Session().client(
            service, endpoint_url=self.house.base_url, region_name="us-east-1", config=config, **given
        )

    async def call(
        self, service: str, operation: str, credentials: Mapping[str, str] | None = None, **given: Any
    ) -> Any:
        return await asyncio.to_thread(getattr(self.client(service, credentials), operation), **given)

    async def guest(self) -> str:
        identity: str = (await self.call("cognito-identity", "get_id", IdentityPoolId=self.pool_id))["IdentityId"]
        return identity

    async def credentials(self, identity: str, **given: Any) -> Mapping[str, Any]:
        answer = await self.call("cognito-identity", "get_credentials_for_identity", IdentityId=identity, **given)
        credentials: Mapping[str, Any] = answer["Credentials"]
        return credentials

    async def developers_token(self, name: str = "jane") -> tuple[str, str]:
        answer = await self.house.aws(
            "get_open_id_token_for_developer_identity",
            service="cognito-identity",
            IdentityPoolId=self.pool_id,
            Logins={"app.example": name},
        )
        return answer["IdentityId"], answer["Token"]

    async def refused(self, credentials: Mapping[str, str]) -> str:
        return await refusal(self.describe(credentials))

    async def describe(self, credentials: Mapping[str, str]) -> Any:
        return await self.call("cognito-identity", "describe_identity_pool", credentials, IdentityPoolId=self.pool_id)


async def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as refused:
        await call
    code: str = refused.value.response["Error"]["Code"]
    return code


@asynccontextmanager
async def with_guests(policy: Mapping[str, Any] = MAY, **more: Any) -> AsyncIterator[Guests]:
    async with running_house(**more) as house:
        made = await house.aws(
            "create_identity_pool",
            service="cognito-identity",
            IdentityPoolName="people",
            AllowUnauthenticatedIdentities=True,
            AllowClassicFlow=True,
            DeveloperProviderName="app.example",
        )
        pool_id = made["IdentityPoolId"]
        arns = {}
        for kind in ("unauthenticated", "authenticated"):
            role = await house.server.access.roles.create(kind, trust(pool_id, kind), policies={"may": policy})
            arns[kind] = house.server.access.roles.arn(role)
        await house.aws("set_identity_pool_roles", service="cognito-identity", IdentityPoolId=pool_id, Roles=arns)
        yield Guests(house, pool_id)


async def test_a_guest_does_with_credentials_what_role_and_guests_policy_allow_and_nothing_else() -> None:
    async with with_guests() as guests:
        identity = await guests.guest()
        credentials = await guests.credentials(identity)

        described = await guests.describe(credentials)
        # The role allows it, and the policy of guests does not.
        listed = await refusal(guests.call("cognito-idp", "list_user_pools", credentials, MaxResults=1))
        deleted = await refusal(
            guests.call("cognito-identity", "delete_identity_pool", credentials, IdentityPoolId=guests.pool_id)
        )

    assert guests.pool_id == described["IdentityPoolId"]
    assert ("AccessDeniedException", "AccessDeniedException") == (listed, deleted)
    assert credentials["AccessKeyId"].startswith("ASIA")


async def test_a_user_of_a_developer_gets_the_role_of_users() -> None:
    async with with_guests() as guests:
        identity, token = await guests.developers_token()
        credentials = await guests.credentials(identity, Logins={"cognito-identity.amazonaws.com": token})

        await guests.call("cognito-idp", "list_user_pools", credentials, MaxResults=1)
        who = await guests.call("sts", "get_caller_identity", credentials)

    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/authenticated/{SESSION}" == who["Arn"]
    assert who["UserId"].endswith(f":{SESSION}")
    assert ACCOUNT == who["Account"]


async def test_who_they_are_callers_with_keys_may_ask_too() -> None:
    async with running_house() as house:
        who = await house.aws("get_caller_identity", service="sts")

    assert (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT) == (who["Arn"], who["UserId"], who["Account"])


async def test_credentials_are_over_after_an_hour() -> None:
    async with with_guests() as guests:
        credentials = await guests.credentials(await guests.guest())
        await guests.describe(credentials)
        guests.house.clock.advance(3601)

        assert "ExpiredTokenException" == await guests.refused(credentials)


@pytest.mark.parametrize("by", ["role", "identity", "pool", "deleted role"])
async def test_credentials_are_over_soon_after_they_were_taken_back(by: str) -> None:
    async with with_guests() as guests:
        identity = await guests.guest()
        credentials = await guests.credentials(identity)
        await guests.describe(credentials)
        guests.house.clock.advance(1)
        roles = guests.house.server.access.roles
        match by:
            case "role":
                await roles.revoke_sessions("unauthenticated")
            case "deleted role":
                await roles.delete("unauthenticated")
            case "identity":
                await guests.house.aws("delete_identities", service="cognito-identity", IdentityIdsToDelete=[identity])
            case _:
                await guests.house.aws(
                    "delete_identity_pool", service="cognito-identity", IdentityPoolId=guests.pool_id
                )
        # What was read of them is believed for a while: of the role first, then of all.
        guests.house.clock.advance(11)

        assert "ExpiredTokenException" == await guests.refused(credentials)


async def test_parts_of_two_credentials_are_none() -> None:
    async with with_guests() as guests:
        identity = await guests.guest()
        one, other = await guests.credentials(identity), await guests.credentials(identity)

        assert "UnrecognizedClientException" == await guests.refused({**one, "SessionToken": other["SessionToken"]})
        assert "UnrecognizedClientException" == await guests.refused({**one, "AccessKeyId": other["AccessKeyId"]})
        assert "InvalidSignatureException" == await guests.refused({**one, "SecretKey": other["SecretKey"]})
        sts = await refusal(guests.call("sts", "get_caller_identity", {**one, "SecretKey": other["SecretKey"]}))
        unknown = await refusal(
            guests.call("sts", "get_caller_identity", {**one, "SessionToken": other["SessionToken"]})
        )

    assert ("SignatureDoesNotMatch", "InvalidClientTokenId") == (sts, unknown)


# --- a role of another pool, or of nobody ----------------------------------------------------------------------------


async def test_a_guest_gets_neither_the_role_of_users_nor_one_of_another_pool() -> None:
    async with with_guests() as guests:
        roles = guests.house.server.access.roles
        foreign = await roles.create("foreign", trust("us-east-1:00000000-0000-0000-0000-000000000000", "*"))
        identity = await guests.guest()
        users = f"arn:aws:iam::{ACCOUNT}:role/authenticated"
        custom = await refusal(guests.credentials(identity, CustomRoleArn=users))
        await guests.house.aws(
            "set_identity_pool_roles",
            service="cognito-identity",
            IdentityPoolId=guests.pool_id,
            Roles={"unauthenticated": roles.arn(foreign)},
        )
        guests.house.clock.advance(3)
        of_another = await refusal(guests.credentials(identity))

    assert ("NotAuthorizedException", "InvalidIdentityPoolConfigurationException") == (custom, of_another)


# --- the classic flow ------------------------------------------------------------------------------------------------


async def test_a_role_is_taken_by_the_token_of_an_identity() -> None:
    async with with_guests() as guests:
        identity, token = await guests.developers_token()
        assumed = await guests.call(
            "sts",
            "assume_role_with_web_identity",
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/authenticated",
            RoleSessionName="mine",
            WebIdentityToken=token,
            DurationSeconds=900,
        )

        who = await guests.call("sts", "get_caller_identity", assumed["Credentials"])
        await guests.describe(assumed["Credentials"])

    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/authenticated/mine" == who["Arn"] == assumed["AssumedRoleUser"]["Arn"]
    assert who["UserId"] == assumed["AssumedRoleUser"]["AssumedRoleId"]
    assert (identity, guests.pool_id) == (assumed["SubjectFromWebIdentityToken"], assumed["Audience"])
    assert "cognito-identity.amazonaws.com" == assumed["Provider"]


async def test_a_token_gives_no_role_once_what_it_was_given_for_is_gone() -> None:
    async with with_guests() as guests:
        identity, token = await guests.developers_token()
        guest = await guests.guest()
        as_guest = (await guests.call("cognito-identity", "get_open_id_token", IdentityId=guest))["Token"]

        async def take(kind: str, held: str) -> Any:
            return await guests.call(
                "sts",
                "assume_role_with_web_identity",
                RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{kind}",
                RoleSessionName="mine",
                WebIdentityToken=held,
            )

        await take("authenticated", token)
        await take("unauthenticated", as_guest)
        named = {"IdentityPoolId": guests.pool_id, "DeveloperProviderName": "app.example"}
        await guests.house.aws(
            "unlink_developer_identity",
            service="cognito-identity",
            IdentityId=identity,
            DeveloperUserIdentifier="jane",
            **named,
        )
        # The guest becomes a user.
        await guests.house.aws(
            "get_open_id_token_for_developer_identity",
            service="cognito-identity",
            IdentityPoolId=guests.pool_id,
            IdentityId=guest,
            Logins={"app.example": "joe"},
        )
        refused = [await refusal(take("authenticated", token)), await refusal(take("unauthenticated", as_guest))]

    assert ["InvalidIdentityToken", "InvalidIdentityToken"] == refused


async def test_who_may_not_take_a_role_is_told_in_the_words_that_sdks_know() -> None:
    async with with_guests() as guests:
        _, token = await guests.developers_token()

        async def code(**change: Any) -> str:
            given = {
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/authenticated",
                "RoleSessionName": "mine",
                "WebIdentityToken": token,
                **change,
            }
            return await refusal(guests.call("sts", "assume_role_with_web_identity", **given))

        said = [
            await code(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/unauthenticated"),
            await code(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/of-nobody"),
            await code(WebIdentityToken="a.b.c"),
            await code(WebIdentityToken=token[:-8] + "AAAAAAAA"),
            await code(Policy="{"),
            await code(DurationSeconds=3601),
        ]
        guests.house.clock.advance(901)
        said.append(await code())

    assert [
        "AccessDenied",
        "AccessDenied",
        "InvalidIdentityToken",
        "InvalidIdentityToken",
        "MalformedPolicyDocument",
        "ValidationError",
        "ExpiredTokenException",
    ] == said


async def test_the_sdks_own_provider_of_web_identities_works_by_the_endpoint_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_guests() as guests:
        _, token = await guests.developers_token()
        held = tmp_path / "token"
        held.write_text(token)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in {
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(held),
            "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/authenticated",
            "AWS_ROLE_SESSION_NAME": "of-the-sdk",
            "AWS_ENDPOINT_URL": guests.house.base_url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": str(tmp_path / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        }.items():
            monkeypatch.setenv(name, value)

        def who() -> str:
            core = botocore.session.Session()
            arn: str = core.create_client("sts", config=Config(proxies={})).get_caller_identity()["Arn"]
            return arn

        arn = await asyncio.to_thread(who)

    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/authenticated/of-the-sdk" == arn
