"""Which functions a pool may name, over a real server: mapped ones, and in development whatever is a function."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from poolhouse import HttpNotSent, PluginContext
from poolhouse.hooks.manager import PluginError
from poolhouse.records.pools import Trigger
from poolhouse.testing import running_house

NAMED = "arn:aws:lambda:us-east-1:123456789012:function:named"
UNKNOWN = "arn:aws:lambda:us-east-1:123456789012:function:unknown"
HERE = f"python:{__name__}.returns_the_event"
NOWHERE_ELSE = {"dev": {"functions": ""}}
SENTENCE = (
    f"LambdaConfig.PreSignUp names {UNKNOWN}, and this server does not know where that function is: say so under "
    "[triggers] in its settings, or in POOLHOUSE_TRIGGERS."
)


def returns_the_event(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return event


async def test_a_function_that_nobody_mapped_is_refused_and_the_sentence_says_where_to_map_it() -> None:
    async with running_house(settings={**NOWHERE_ELSE, "triggers": {NAMED: HERE}}) as house:
        pool = await house.make_pool(LambdaConfig={"PreSignUp": NAMED})

        with pytest.raises(ClientError) as made:
            await house.make_pool(LambdaConfig={"PreSignUp": UNKNOWN})
        with pytest.raises(ClientError) as changed:
            await house.aws("update_user_pool", UserPoolId=pool.id, LambdaConfig={"PreSignUp": UNKNOWN})

        described = await house.aws("describe_user_pool", UserPoolId=pool.id)
    assert {"Code": "InvalidParameterException", "Message": SENTENCE} == made.value.response["Error"]
    assert {"Code": "InvalidParameterException", "Message": SENTENCE} == changed.value.response["Error"]
    assert {"PreSignUp": NAMED} == described["UserPool"]["LambdaConfig"]


async def test_triggers_are_changed_listed_and_taken_away() -> None:
    async with running_house(settings={**NOWHERE_ELSE, "triggers": {NAMED: HERE}}) as house:
        pool = await house.make_pool(LambdaConfig={"PreSignUp": NAMED})

        await house.aws("update_user_pool", UserPoolId=pool.id, LambdaConfig={"PostConfirmation": NAMED})
        described = await house.aws("describe_user_pool", UserPoolId=pool.id)
        listed = await house.aws("list_user_pools", MaxResults=10)
        await house.aws("update_user_pool", UserPoolId=pool.id)
        afterwards = await house.aws("describe_user_pool", UserPoolId=pool.id)

    assert {"PostConfirmation": NAMED} == described["UserPool"]["LambdaConfig"]
    assert {"PostConfirmation": NAMED} == listed["UserPools"][0]["LambdaConfig"]
    assert {} == afterwards["UserPool"]["LambdaConfig"]


async def test_in_development_a_function_is_looked_for_by_its_name_on_this_machine() -> None:
    async with running_house() as house:
        pool = await house.make_pool(LambdaConfig={"PreSignUp": UNKNOWN})
        client = await house.make_client(pool)

        with pytest.raises(ClientError) as unanswered:
            await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!")

    assert {
        "Code": "UnexpectedLambdaException",
        "Message": "PreSignUp invocation failed due to error not reached.",
    } == unanswered.value.response["Error"]


async def test_a_version_or_alias_of_a_mapped_function_is_that_function() -> None:
    async with running_house(settings={**NOWHERE_ELSE, "triggers": {NAMED: HERE}}) as house:
        pool = await house.make_pool(LambdaConfig={"PreSignUp": f"{NAMED}:live"})
        client = await house.make_client(pool)

        await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!")


async def test_a_pool_whose_function_is_mapped_no_more_does_not_go_on_without_it() -> None:
    async with running_house(settings={**NOWHERE_ELSE, "triggers": {NAMED: HERE}}) as house:
        pool = await house.make_pool(LambdaConfig={"PreSignUp": NAMED})
        client = await house.make_client(pool)
        # As after a start with other settings.
        stored = await house.server.ports.pools.get(pool.id)
        moved = (Trigger(name="PreSignUp", function=UNKNOWN),)
        await house.server.ports.pools.save(replace(stored, triggers=moved))

        with pytest.raises(ClientError) as refused:
            await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!")

    assert "UnexpectedLambdaException" == refused.value.response["Error"]["Code"]


class Wanderer:
    """A plugin that goes where a function is."""

    def __init__(self, context: PluginContext) -> None:
        self.http = context.http


async def test_where_a_function_is_no_plugin_may_go_by_that() -> None:
    plugin = ("wanderer", Wanderer)
    async with running_house(settings={"triggers": {NAMED: "http://127.0.0.1:9/f"}}, plugins=[plugin]) as house:
        way_out = house.context("wanderer").http

        with pytest.raises(HttpNotSent, match="Only https may be used"):
            await way_out.request("GET", "http://127.0.0.1:9/f")


@pytest.mark.parametrize(
    "arn", ["arn:aws:lambda:us-east-1:123456789012:function:../../etc", "arn:aws:x:us-east-1:1:f:g"]
)
async def test_in_development_what_is_no_function_by_its_arn_has_no_place(arn: str) -> None:
    async with running_house() as house:
        with pytest.raises(ClientError) as refused:
            await house.make_pool(LambdaConfig={"PreSignUp": arn})

    assert "InvalidParameterException" == refused.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("python:no_such_module.f", "no_such_module.f cannot be imported: ModuleNotFoundError"),
        (f"python:{__name__}.NAMED", "cannot be called"),
        ("ftp://127.0.0.1/f", "'ftp' does not begin the place of a function"),
        ("http://user:pass@127.0.0.1/f", "'http' does not begin the place of a function"),
        ("shop.functions.f", "does not begin the place of a function"),
    ],
)
async def test_a_place_that_cannot_be_meant_keeps_the_server_from_starting(place: str, why: str) -> None:
    with pytest.raises(PluginError, match=why):
        async with running_house(settings={"triggers": {NAMED: place}}):
            raise AssertionError("it started")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"triggers": {NAMED: "ftp://127.0.0.1/f"}}, f"{NAMED}: 'ftp' does not begin"),
        ({"triggers": {NAMED: "http://127.0.0.1:port/f"}}, f"{NAMED}: 'http' does not begin"),
        ({"triggers": {"arn:aws:lamda:us-east-1:1:function:f": HERE}}, "lamda.* is no ARN of a function"),
        ({"dev": {"functions": "127.0.0.1:9914/"}}, r"dev\.functions"),
        ({"dev": {"functions": "http://127.0.0.1:9914"}}, r"dev\.functions.*with an end that"),
        ({"dev": {"functions": "http://user:pass@127.0.0.1/"}}, r"dev\.functions"),
        ({"dev": {"functions": "python:no_such_module."}}, "no_such_module cannot be imported"),
    ],
)
async def test_a_mistake_in_where_functions_are_is_told_at_the_start_with_its_name(
    settings: dict[str, Any], why: str
) -> None:
    with pytest.raises(PluginError, match=why) as told:
        async with running_house(settings=settings):
            raise AssertionError("it started")

    assert "pass@" not in str(told.value)


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:9914/", "http://[::1]:1/f?name=", f"python:{__name__}."])
async def test_what_a_name_can_be_put_behind_is_where_all_others_are(elsewhere: str) -> None:
    async with running_house(settings={"dev": {"functions": elsewhere}}) as house:
        assert await house.make_pool(LambdaConfig={"PreSignUp": UNKNOWN})
