"""Row 24: an empty or odd request runs nothing, whoever sends it."""

from __future__ import annotations

import pytest

from poolhouse.server.cognito.engine.registry import Result
from poolhouse.server.cognito.user_pools.call import Call
from tests.support.json_api import Answer, KeysInMemory, ManualClock, build, running, sign

TARGET = "AWSCognitoIdentityProviderService."
JSON = "application/x-amz-json-1.1"


class Counting:
    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, call: Call) -> Result:
        self.count += 1
        return None


async def ask(method: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    handler = Counting()
    handlers = dict.fromkeys(("AssociateSoftwareToken", "DeleteUser", "DeleteUserPool"), handler)
    async with running(build(handlers, clock=ManualClock(), keys=KeysInMemory())) as api:
        answer = await api.request(method, body, {"Content-Type": JSON, **headers})
    assert 0 == handler.count
    return answer


@pytest.mark.parametrize("operation", ["AssociateSoftwareToken", "DeleteUser"])
@pytest.mark.parametrize("body", [None, b"", b" ", b"null", b"[]", b'""'])
async def test_an_empty_body_runs_nothing(operation: str, body: bytes | None) -> None:
    """The first of these operations has no required member at all."""
    answer = await ask("POST", body, {"X-Amz-Target": TARGET + operation})

    assert (400, "SerializationException") == (answer.status, answer.error)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_another_method_runs_nothing(method: str) -> None:
    answer = await ask(method, b'{"AccessToken":"t"}', {"X-Amz-Target": f"{TARGET}DeleteUser"})

    assert (405, "UnknownOperationException") == (answer.status, answer.error)


@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "X-Forwarded-For", "X-Original-URL", "X-Amz-Security-Token"]
)
async def test_no_other_header_stands_in_for_a_signature(name: str) -> None:
    answer = await ask(
        "POST", b'{"UserPoolId":"eu-west-1_a"}', {"X-Amz-Target": f"{TARGET}DeleteUserPool", name: "127.0.0.1"}
    )

    assert (400, "MissingAuthenticationTokenException") == (answer.status, answer.error)


async def test_a_signature_in_the_query_is_none() -> None:
    headers = sign("http://h/", b"{}", {"X-Amz-Target": f"{TARGET}DeleteUserPool", "Content-Type": JSON})
    handler = Counting()

    async with running(build({"DeleteUserPool": handler}, clock=ManualClock(), keys=KeysInMemory())) as api:
        api.url += f"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={headers['Authorization'][-64:]}"
        answer = await api.call("DeleteUserPool", {"UserPoolId": "eu-west-1_a"}, signed=False)

    assert "MissingAuthenticationTokenException" == answer.error
    assert 0 == handler.count
