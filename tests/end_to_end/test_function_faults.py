"""A function that raises, hangs, blocks, or answers rubbish or for another user: the contracted error each time, by
each of the three ways to call one, after one call, and nothing half-done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poolhouse.testing import House, running_house
from tests.end_to_end.functions import faulty

LATE = 0.5
"""Seconds that a hook may take here, where something has to be late."""
UNUSABLE = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
FAULTS = {
    "raises": ("UserLambdaValidationException", "{trigger} failed with error denied."),
    "hangs": ("UnexpectedLambdaException", "{trigger} invocation failed due to error in plugin lambda_bridge."),
    "returns_rubbish": UNUSABLE,
    "returns_a_wrong_type": UNUSABLE,
    "returns_another_user": UNUSABLE,
}
WAYS = ("python", "http", "invoke")


def arn(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


@asynccontextmanager
async def house_with(way: str, limit: float) -> AsyncIterator[House]:
    """A server that knows each function by this way."""
    async with AsyncExitStack() as stack:
        stack.callback(faulty.GATE.set)
        faulty.GATE.clear()
        faulty.CALLS.clear()
        if way == "python":
            form = f"python:{faulty.__name__}.{{name}}"
        else:
            url = await stack.enter_async_context(faulty.served())
            form = url + ("/{name}" if way == "http" else "/2015-03-31/functions/{name}/invocations")
        targets = {arn(name): form.format(name=name) for name in (*FAULTS, "fine")}
        settings: Any = {"triggers": targets, "plugins": {"limits": {"lambda_bridge": limit}}}
        yield await stack.enter_async_context(running_house(settings=settings))


def error(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    told = refused.value.response["Error"]
    return told["Code"], told["Message"]


def expected(fault: str, trigger: str) -> tuple[str, str]:
    code, sentence = FAULTS[fault]
    return code, sentence.format(trigger=trigger)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_before_a_sign_up_makes_no_user(way: str, fault: str) -> None:
    async with house_with(way, LATE if fault == "hangs" else 30) as house:
        pool = await house.make_pool(LambdaConfig={"PreSignUp": arn(fault)})
        client = await house.make_client(pool)

        with pytest.raises(ClientError) as refused:
            await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!")

        users = await house.aws("list_users", UserPoolId=pool.id)
    assert expected(fault, "PreSignUp") == error(refused)
    assert ([], {fault: 1}) == (users["Users"], dict(faulty.CALLS))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "returns_a_wrong_type"])
async def test_a_fault_after_a_sign_in_gives_no_tokens(way: str, fault: str) -> None:
    async with house_with(way, LATE if fault == "hangs" else 30) as house:
        pool = await house.make_pool(LambdaConfig={"PostAuthentication": arn(fault)})
        client = await house.make_client(pool)
        user = await house.make_user(pool)

        with pytest.raises(ClientError) as refused:
            await house.sign_in(client, user)

    assert expected(fault, "PostAuthentication") == error(refused)
    assert {fault: 1} == dict(faulty.CALLS)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_in_the_words_of_a_message_sends_none_and_the_code_once_asked_again_works(
    way: str, fault: str
) -> None:
    async with house_with(way, LATE if fault == "hangs" else 30) as house:
        pool = await house.make_pool(LambdaConfig={"CustomMessage": arn(fault)}, AutoVerifiedAttributes=["email"])
        client = await house.make_client(pool)
        known = {"email": "jane@example.com", "email_verified": "true"}
        await house.make_user(pool, attributes=known)

        with pytest.raises(ClientError) as refused:
            await house.aws("forgot_password", ClientId=client.id, Username="jane")

        assert ([], {fault: 1}) == (house.messages, dict(faulty.CALLS))
        await house.aws(
            "update_user_pool",
            UserPoolId=pool.id,
            LambdaConfig={"CustomMessage": arn("fine")},
            AutoVerifiedAttributes=["email"],
        )
        await house.aws("forgot_password", ClientId=client.id, Username="jane")
        assert 1 == len(house.messages)
    assert expected(fault, "CustomMessage") == error(refused)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_before_tokens_are_signed_gives_none_and_leaves_no_grant(way: str, fault: str) -> None:
    async with house_with(way, LATE if fault == "hangs" else 30) as house:
        pool = await house.make_pool(LambdaConfig={"PreTokenGeneration": arn(fault)})
        client = await house.make_client(pool)
        user = await house.make_user(pool)

        with pytest.raises(ClientError) as refused:
            await house.sign_in(client, user)

    assert expected(fault, "PreTokenGeneration") == error(refused)
    assert {fault: 1} == dict(faulty.CALLS)


@pytest.mark.parametrize("fault", ["raises", "returns_rubbish", "hangs"])
async def test_who_is_confirmed_stays_so_whatever_a_function_says_afterwards(fault: str) -> None:
    async with house_with("python", LATE if fault == "hangs" else 30) as house:
        pool = await house.make_pool(LambdaConfig={"PostConfirmation": arn(fault)}, AutoVerifiedAttributes=["email"])
        client = await house.make_client(pool)
        email = [{"Name": "email", "Value": "jane@example.com"}]
        await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!", UserAttributes=email)
        code = house.last_code("jane@example.com")

        with pytest.raises(ClientError) as refused:
            await house.aws("confirm_sign_up", ClientId=client.id, Username="jane", ConfirmationCode=code)

        user = await house.aws("admin_get_user", UserPoolId=pool.id, Username="jane")
    assert expected(fault, "PostConfirmation") == error(refused)
    assert "CONFIRMED" == user["UserStatus"]


async def test_a_function_that_answers_within_its_time_is_waited_for() -> None:
    async with house_with("http", 30) as house:
        pool = await house.make_pool(LambdaConfig={"PreSignUp": arn("fine")})
        client = await house.make_client(pool)

        made = await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!")

    assert not made["UserConfirmed"]


@pytest.mark.parametrize(("fault", "outcome"), [("fine", "sent"), ("raises", "unclear")])
@pytest.mark.parametrize("way", WAYS)
async def test_a_function_that_sends_is_asked_once_whatever_comes_of_it(way: str, fault: str, outcome: str) -> None:
    sender = {"CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": arn(fault)}}
    async with house_with(way, 30) as house:
        pool = await house.make_pool(LambdaConfig=sender, AutoVerifiedAttributes=["email"])
        client = await house.make_client(pool)
        email = [{"Name": "email", "Value": "jane@example.com"}]

        await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!", UserAttributes=email)
        await house.drain_outbox()
        house.clock.advance(3600)
        await house.drain_outbox()

        counted = house.server.metrics.counted()["messages"]
    assert ({fault: 1}, [1.0]) == (dict(faulty.CALLS), counted["email:function", outcome])
