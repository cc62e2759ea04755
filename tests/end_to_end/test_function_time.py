"""A function that takes 4.9 seconds is waited for; one that takes 5.1 is not, is not called again, and leaves nothing
half-done. By each of the three ways to call one, with the limit that servers have by default. Nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from poolhouse.testing import House, running_house
from poolhouse.testing.made import MadeClient, MadePool
from tests.end_to_end.functions import faulty
from tests.end_to_end.functions.faulty import Slow
from tests.support.passing_time import PassingTime

ARN = "arn:aws:lambda:us-east-1:123456789012:function:slow"
WAYS = ("python", "http", "invoke")
PASSWORD = "Passw0rd!"
EMAIL = [{"Name": "email", "Value": "jane@example.com"}]

Act = Callable[[House, MadePool, MadeClient], Awaitable[object]]


async def sign_up(house: House, pool: MadePool, client: MadeClient) -> None:
    await house.aws("sign_up", ClientId=client.id, Username="john", Password=PASSWORD)


async def forget(house: House, pool: MadePool, client: MadeClient) -> None:
    await house.aws("forgot_password", ClientId=client.id, Username="jane")


async def sign_in(house: House, pool: MadePool, client: MadeClient) -> None:
    flow = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "jane", "PASSWORD": PASSWORD}}
    await house.aws("initiate_auth", ClientId=client.id, **flow)


ACTS: dict[str, Act] = {"PreSignUp": sign_up, "PreTokenGeneration": sign_in, "CustomMessage": forget}


@dataclass
class Played:
    """What the client was told, how often the function was called for that, and how many users and messages there are
    after it."""

    said: str
    calls: int
    users: int
    messages: int


async def played(way: str, trigger: str, *takes: float) -> list[Played]:
    """The act of the trigger, once for each of the seconds that the function takes."""
    async with AsyncExitStack() as stack:
        faulty.GATE.clear()
        stack.callback(faulty.GATE.set)
        if way == "python":
            place = f"python:{faulty.__name__}.slow"
        else:
            url = await stack.enter_async_context(faulty.served())
            place = url + ("/slow" if way == "http" else "/2015-03-31/functions/slow/invocations")
        house = await stack.enter_async_context(running_house(settings={"triggers": {ARN: place}}))
        pool = await house.make_pool()
        client = await house.make_client(pool)
        known = {"email": "jane@example.com", "email_verified": "true"}
        await house.make_user(pool, attributes=known, password=PASSWORD)
        await house.aws("update_user_pool", UserPoolId=pool.id, LambdaConfig={trigger: ARN})
        return [await once(house, pool, client, ACTS[trigger], seconds) for seconds in takes]


async def once(house: House, pool: MadePool, client: MadeClient, act: Act, seconds: float) -> Played:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PassingTime)
    faulty.CALLS.clear()
    faulty.SLOW[:] = [Slow(loop, seconds, answers=seconds < 5)]
    try:
        await act(house, pool, client)
    except ClientError as refused:
        said = f"{refused.response['Error']['Code']}: {refused.response['Error']['Message']}"
    else:
        said = "done"
    loop.go_on()
    users = await house.aws("list_users", UserPoolId=pool.id)
    return Played(said, faulty.CALLS["slow"], len(users["Users"]), len(house.messages))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("trigger", ACTS)
def test_a_function_is_waited_for_up_to_five_seconds_and_then_given_up_with_nothing_half_done(
    trigger: str, way: str
) -> None:
    with asyncio.Runner(loop_factory=PassingTime) as runner:
        late, in_time = runner.run(played(way, trigger, 5.1, 4.9))

    sentence = f"{trigger} invocation failed due to error in plugin lambda_bridge."
    users, messages = (2 if trigger == "PreSignUp" else 1), (1 if trigger == "CustomMessage" else 0)
    assert Played(f"UnexpectedLambdaException: {sentence}", 1, 1, 0) == late
    assert Played("done", 1, users, messages) == in_time
