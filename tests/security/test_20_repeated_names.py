"""Row 20: what is given twice could be read differently by two readers, so it is an error."""

from __future__ import annotations

import pytest

from poolhouse.server.cognito.engine.registry import Result
from poolhouse.server.cognito.user_pools.call import Call
from tests.support.json_api import KeysInMemory, ManualClock, build, running

TARGET = "AWSCognitoIdentityProviderService.DeleteUser"
JSON = "application/x-amz-json-1.1"


async def done(call: Call) -> Result:
    return None


@pytest.mark.parametrize(
    "body",
    [
        b'{"AccessToken":"a","AccessToken":"b"}',
        b'{"AccessToken":"a","Access\\u0054oken":"b"}',
        b'{"AccessToken":"a","Other":{"x":"\\u003a","x":1}}',
    ],
)
async def test_a_member_given_twice_runs_nothing(body: bytes) -> None:
    async with running(build({"DeleteUser": done}, clock=ManualClock(), keys=KeysInMemory())) as api:
        answer = await api.send(body, {"Content-Type": JSON, "X-Amz-Target": TARGET})

    assert (400, "SerializationException") == (answer.status, answer.error)


async def test_a_target_given_twice_runs_nothing() -> None:
    headers = [("Content-Type", JSON), ("X-Amz-Target", TARGET), ("X-Amz-Target", TARGET)]

    async with running(build({"DeleteUser": done}, clock=ManualClock(), keys=KeysInMemory())) as api:
        answer = await api.send(b'{"AccessToken":"a"}', headers)

    assert (400, "UnknownOperationException") == (answer.status, answer.error)
