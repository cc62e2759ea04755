"""What guests get by day, and what at night."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from poolhouse import NarrowCredentials, SettingInvalid
from poolhouse.testing import FakeClock, House, plugin_context
from poolhouse_guests_at_night import GuestsAtNight

MAY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cognito-identity:*", "Resource": "*"}]}


@pytest.fixture
def poolhouse_plugins() -> Sequence[str]:
    # The installed plugin, by the name of its entry point.
    return ["guests-at-night"]


def trust(pool_id: str) -> Mapping[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": pool_id}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


async def guest(house: House, pool_id: str) -> Any:
    """A client of the JSON API with the credentials of a new guest."""
    identity = await house.aws("get_id", service="cognito-identity", IdentityPoolId=pool_id)
    answer = await house.aws(
        "get_credentials_for_identity", service="cognito-identity", IdentityId=identity["IdentityId"]
    )
    given = answer["Credentials"]
    return boto3.client(
        "cognito-identity",
        endpoint_url=house.base_url,
        region_name="us-east-1",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretKey"],
        aws_session_token=given["SessionToken"],
    )


async def test_what_a_guest_may_do_by_day_is_refused_at_night(poolhouse: House) -> None:
    made = await poolhouse.aws(
        "create_identity_pool",
        service="cognito-identity",
        IdentityPoolName="photos",
        AllowUnauthenticatedIdentities=True,
    )
    pool_id = made["IdentityPoolId"]
    role = await poolhouse.server.access.roles.create("guests", trust(pool_id), policies={"may": MAY})
    await poolhouse.aws(
        "set_identity_pool_roles",
        service="cognito-identity",
        IdentityPoolId=pool_id,
        Roles={"unauthenticated": poolhouse.server.access.roles.arn(role)},
    )
    now = datetime.fromtimestamp(poolhouse.clock.now(), UTC)
    poolhouse.clock.advance(86_400 - 3600 * now.hour)
    at_night = await guest(poolhouse, pool_id)

    with pytest.raises(ClientError, match="not authorized to perform: cognito-identity:DescribeIdentityPool"):
        await asyncio.to_thread(at_night.describe_identity_pool, IdentityPoolId=pool_id)
    poolhouse.clock.advance(12 * 3600)
    by_day = await guest(poolhouse, pool_id)
    assert (await asyncio.to_thread(by_day.describe_identity_pool, IdentityPoolId=pool_id))["IdentityPoolName"]


def at(hour: int, **settings: Any) -> GuestsAtNight:
    clock = FakeClock(datetime(2026, 6, 15, hour, 30, tzinfo=UTC).timestamp())
    return GuestsAtNight(plugin_context(settings, clock=clock))


def asked(*, is_guest: bool = True) -> NarrowCredentials:
    return NarrowCredentials(identity_id="i", pool_id="p", role_arn="arn", is_guest=is_guest, policies=({"a": "b"},))


@pytest.mark.parametrize("hour", [22, 23, 0, 5])
async def test_at_night_guests_read_for_a_quarter_of_an_hour(hour: int) -> None:
    narrowed = await at(hour).narrow_credentials(asked())

    assert narrowed is not None
    first, added = narrowed.policies
    assert {"a": "b"} == first
    assert ["s3:Get*", "s3:List*"] == added["Statement"][0]["Action"]
    assert 900 == narrowed.seconds


@pytest.mark.parametrize("hour", [6, 12, 21])
async def test_by_day_nothing_is_changed(hour: int) -> None:
    assert await at(hour).narrow_credentials(asked()) is None


async def test_users_are_let_alone_at_night() -> None:
    assert await at(0).narrow_credentials(asked(is_guest=False)) is None


@pytest.mark.parametrize(("hour", "is_night"), [(0, False), (1, True), (4, True), (5, False)])
async def test_a_night_may_lie_within_a_day(hour: int, *, is_night: bool) -> None:
    assert is_night is (await at(hour, begins=1, ends=5).narrow_credentials(asked()) is not None)


@pytest.mark.parametrize("wrong", [{"begins": 24}, {"ends": -1}, {"begins": "ten"}, {"actions": []}, {"hours": 3}])
def test_settings_that_cannot_be_meant_stop_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingInvalid):
        at(0, **wrong)
