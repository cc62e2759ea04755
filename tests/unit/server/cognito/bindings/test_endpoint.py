from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from poolhouse import errors as domain
from poolhouse.server.cognito.engine.registry import Handler, Result
from poolhouse.server.cognito.user_pools.call import Call
from tests.support.json_api import ApiClient, KeysInMemory, ManualClock, access_key, build, sign

Serve = Callable[..., Awaitable[ApiClient]]
POOL = "eu-west-1_Example1"
CLIENT = "0123456789abcdefghijklmnop"
TARGET = "AWSCognitoIdentityProviderService."
JSON = "application/x-amz-json-1.1"


def giving(result: Result) -> Handler:
    async def handler(call: Call) -> Result:
        return result

    return handler


def raising(error: BaseException) -> Handler:
    async def handler(call: Call) -> Result:
        raise error

    return handler


class Remembering:
    """A handler that keeps the calls it got."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def __call__(self, call: Call) -> Result:
        self.calls.append(call)
        return None


ALICE = giving({"Username": "alice", "UserAttributes": []})


async def test_an_answer_has_the_form_that_clients_expect(serve: Serve) -> None:
    api = await serve({"GetUser": ALICE})

    answer = await api.call("GetUser", {"AccessToken": "t"})

    assert 200 == answer.status
    assert {"Username": "alice", "UserAttributes": []} == answer.json
    assert JSON == answer.headers["Content-Type"]
    assert "request-1" == answer.headers["x-amzn-RequestId"]
    assert "*" == answer.headers["Access-Control-Allow-Origin"]
    assert "x-amzn-ErrorType" in answer.headers["Access-Control-Expose-Headers"]
    assert "Date" in answer.headers


async def test_an_error_has_the_form_that_clients_expect(serve: Serve) -> None:
    api = await serve({"GetUser": raising(domain.InvalidAccessToken())})

    answer = await api.call("GetUser", {"AccessToken": "t"})

    assert 400 == answer.status
    assert {"__type": "NotAuthorizedException", "message": "Invalid Access Token"} == answer.json
    assert "NotAuthorizedException:" == answer.headers["x-amzn-ErrorType"]
    assert "Invalid Access Token" == answer.headers["x-amzn-ErrorMessage"]
    assert "request-1" == answer.headers["x-amzn-RequestId"]
    assert "*" == answer.headers["Access-Control-Allow-Origin"]


async def test_an_error_message_cannot_break_out_of_its_header(serve: Serve) -> None:
    sentence = "bad\r\nSet-Cookie: a=b\x00é\U0001f600" + "x" * 1000
    api = await serve({"GetUser": raising(domain.InvalidParameter(sentence))})

    answer = await api.call("GetUser", {"AccessToken": "t"})

    assert sentence == answer.json["message"]
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["x-amzn-ErrorMessage"].startswith("bad  Set-Cookie: a=b ??xxx")
    assert 512 == len(answer.headers["x-amzn-ErrorMessage"])


@pytest.mark.parametrize("result", [None, {}])
async def test_operations_without_output_answer_an_empty_body_and_others_an_object(
    serve: Serve, result: Result
) -> None:
    api = await serve({"DeleteUser": giving(result), "GlobalSignOut": giving(result)})

    assert b"" == (await api.call("DeleteUser", {"AccessToken": "t"})).body
    assert b"{}" == (await api.call("GlobalSignOut", {"AccessToken": "t"})).body


async def test_any_path_will_do(serve: Serve) -> None:
    api = await serve({"GetUser": ALICE})
    api.url += "some/path?x=1"

    assert 200 == (await api.call("GetUser", {"AccessToken": "t"})).status


async def test_a_handler_gets_what_it_may_know(serve: Serve) -> None:
    remembering = Remembering()
    services = SimpleNamespace()
    api = await serve({"DeleteUser": remembering, "DeleteGroup": remembering}, services=services)

    await api.call("DeleteUser", {"AccessToken": "t", "Other": 1})
    await api.call("DeleteGroup", {"UserPoolId": POOL, "GroupName": "g"}, region="us-east-2")

    public, signed = remembering.calls
    assert {"AccessToken": "t"} == public.input
    assert ("eu-west-1", "123456789012", "127.0.0.1") == (public.region, public.account, public.source_ip)
    assert public.caller is None
    assert services is public.services
    assert "us-east-2" == signed.region
    assert signed.caller is not None
    assert "AKIAROOT" == signed.caller.key_id


async def test_a_call_finds_the_client_and_the_pool_that_its_input_names() -> None:
    class Kept:
        async def get(self, name: str) -> Any:
            return f"<{name}>"

    services: Any = SimpleNamespace(pools=Kept(), clients=Kept())
    call = Call(
        input={"UserPoolId": POOL, "ClientId": CLIENT}, services=services, region="r", account="a",
        request_id="i", caller=None, source_ip="",
    )  # fmt: skip

    assert f"<{POOL}>" == await call.pool()  # type: ignore[comparison-overlap]
    assert f"<{CLIENT}>" == await call.client()  # type: ignore[comparison-overlap]


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Type", JSON)],
        [("Content-Type", JSON), ("X-Amz-Target", "")],
        [("Content-Type", JSON), ("X-Amz-Target", "GetUser")],
        [("Content-Type", JSON), ("X-Amz-Target", f"{TARGET}GetUsers")],
        [("Content-Type", JSON), ("X-Amz-Target", f"{TARGET}GetUser"), ("X-Amz-Target", f"{TARGET}GetUser")],
        [("Content-Type", "text/plain"), ("X-Amz-Target", f"{TARGET}GetUser")],
        [("X-Amz-Target", f"{TARGET}GetUser")],
    ],
)
async def test_what_names_no_operation_is_unknown(serve: Serve, headers: list[tuple[str, str]]) -> None:
    api = await serve({"GetUser": ALICE})

    answer = await api.send(b'{"AccessToken": "t"}', headers)

    assert (400, "UnknownOperationException") == (answer.status, answer.error)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_operations_are_called_by_post_only(serve: Serve, method: str) -> None:
    api = await serve({"GetUser": ALICE})

    answer = await api.request(
        method, b'{"AccessToken": "t"}', {"Content-Type": JSON, "X-Amz-Target": f"{TARGET}GetUser"}
    )

    assert (405, "UnknownOperationException") == (answer.status, answer.error)


async def test_a_browser_may_ask_whether_it_may_call(serve: Serve) -> None:
    api = await serve({})

    answer = await api.request(
        "OPTIONS", None, {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST",
                          "Access-Control-Request-Headers": "content-type,x-amz-target,x-amz-user-agent"}
    )  # fmt: skip

    allowed = set(answer.headers["Access-Control-Allow-Headers"].split(","))
    assert 200 == answer.status
    assert "*" == answer.headers["Access-Control-Allow-Origin"]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert {"content-type", "x-amz-target", "x-amz-user-agent", "authorization", "cache-control"} <= allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_public_operation_needs_no_signature_and_ignores_a_wrong_one(serve: Serve) -> None:
    api = await serve({"InitiateAuth": giving({}), "GetUser": ALICE})
    given = {"AuthFlow": "USER_AUTH", "ClientId": CLIENT}

    assert 200 == (await api.call("InitiateAuth", given)).status
    assert 200 == (await api.call("InitiateAuth", given, signed=True, key=("nobody", "nothing"))).status
    assert 200 == (await api.call("GetUser", {"AccessToken": "t"}, signed=True, key=("nobody", "nothing"))).status


async def test_a_signed_operation_asks_for_a_signature_before_anything_else(serve: Serve) -> None:
    remembering = Remembering()
    api = await serve({"DeleteGroup": remembering})

    without = await api.call("DeleteGroup", {"broken": True}, signed=False)
    wrong = await api.call("DeleteGroup", {"UserPoolId": POOL, "GroupName": "g"}, key=("AKIAROOT", "guess"))
    unknown = await api.call("DeleteGroup", {"UserPoolId": POOL, "GroupName": "g"}, key=("AKIANONE", "guess"))

    assert (400, "MissingAuthenticationTokenException") == (without.status, without.error)
    assert (400, "InvalidSignatureException") == (wrong.status, wrong.error)
    assert (400, "UnrecognizedClientException") == (unknown.status, unknown.error)
    assert [] == remembering.calls


async def test_a_key_does_what_its_policy_allows(serve: Serve, keys: KeysInMemory) -> None:
    arn = f"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/{POOL}"
    statement = {"Effect": "Allow", "Action": "cognito-idp:DeleteGroup", "Resource": arn}
    keys.keys["AKIAONE"] = access_key("AKIAONE", "s3cret", statement)
    api = await serve({"DeleteGroup": giving(None), "AdminDeleteUser": giving(None)})
    api.key = ("AKIAONE", "s3cret")

    allowed = await api.call("DeleteGroup", {"UserPoolId": POOL, "GroupName": "g"})
    other_pool = await api.call("DeleteGroup", {"UserPoolId": "eu-west-1_Other", "GroupName": "g"})
    other_action = await api.call("AdminDeleteUser", {"UserPoolId": POOL, "Username": "alice"})

    assert 200 == allowed.status
    assert (400, "AccessDeniedException") == (other_pool.status, other_pool.error)
    assert (400, "AccessDeniedException") == (other_action.status, other_action.error)
    assert (
        "User: arn:aws:iam::123456789012:user/akiaone is not authorized to perform: cognito-idp:AdminDeleteUser "
        f"on resource: {arn}"
    ) == other_action.json["message"]


async def test_an_operation_that_is_not_offered_says_so_and_why(serve: Serve) -> None:
    api = await serve({})

    answer = await api.call("ListUserSessions", {"AccessToken": "t"})

    assert (400, "UnsupportedOperationException") == (answer.status, answer.error)
    assert (
        "ListUserSessions is not offered by this server yet: lists of a user's sessions are not part of this version."
        == answer.json["message"]
    )


async def test_an_operation_that_is_not_offered_still_asks_who_is_calling(serve: Serve) -> None:
    api = await serve({})

    assert "MissingAuthenticationTokenException" == (await api.call("CreateTerms", signed=False)).error


async def test_a_broken_constraint_reaches_the_caller_and_not_the_handler(serve: Serve) -> None:
    remembering = Remembering()
    api = await serve({"DeleteUser": remembering})

    answer = await api.call("DeleteUser", {"AccessToken": "not a token"})

    assert (400, "InvalidParameterException") == (answer.status, answer.error)
    assert answer.json["message"].startswith("1 validation error detected: Value at 'accessToken' failed")
    assert [] == remembering.calls


async def test_an_unexpected_exception_is_logged_once_and_told_to_nobody(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    api = await serve({"DeleteUser": raising(KeyError("hunter2"))}, strict=False)

    answer = await api.call("DeleteUser", {"AccessToken": "t"})

    (record,) = [record for record in caplog.records if record.name == "tests.json_api"]
    assert (500, "InternalErrorException") == (answer.status, answer.error)
    assert b"hunter2" not in answer.body
    assert "hunter2" not in caplog.text
    assert "DeleteUser raised KeyError" in record.getMessage()
    assert "in handler" in record.getMessage()
    assert "request-1" == record.__dict__["request_id"]


async def test_a_failed_plugin_is_logged_once_with_its_detail(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    failed = domain.PluginFailed("PreSignUp", "greeter", detail="took longer than 5 s")
    api = await serve({"DeleteUser": raising(failed)}, strict=False)

    answer = await api.call("DeleteUser", {"AccessToken": "t"})

    (record,) = [record for record in caplog.records if record.name == "tests.json_api"]
    assert 500 == answer.status
    assert "greeter (took longer" in record.getMessage().replace("plugin ", "").replace(".", "").replace("  ", " ")
    assert b"greeter" not in answer.body


async def test_the_detail_of_a_refusal_is_for_the_log_only(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    api = await serve({"DeleteUser": raising(domain.NotAuthorized(detail="epoch 3 of 4"))})

    answer = await api.call("DeleteUser", {"AccessToken": "t"})

    assert b"epoch" not in answer.body
    assert "epoch 3 of 4" in caplog.text


async def test_strict_finds_results_that_the_model_does_not_know(serve: Serve) -> None:
    wrong = {"Username": "alice", "UserAttributes": [], "Password": "x"}
    strict = await serve({"GetUser": giving(wrong)}, strict=True)
    lenient = await serve({"GetUser": giving(wrong)}, strict=False)

    assert 500 == (await strict.call("GetUser", {"AccessToken": "t"})).status
    assert {"Username": "alice", "UserAttributes": []} == (await lenient.call("GetUser", {"AccessToken": "t"})).json


async def test_too_many_requests_tell_when_to_come_back(serve: Serve) -> None:
    api = await serve({"DeleteUser": raising(domain.TooManyRequests(retry_after=7))})

    answer = await api.call("DeleteUser", {"AccessToken": "t"})

    assert (400, "TooManyRequestsException") == (answer.status, answer.error)
    assert "7" == answer.headers["Retry-After"]


async def test_a_body_may_come_in_chunks(serve: Serve) -> None:
    remembering = Remembering()
    api = await serve({"DeleteUser": remembering})

    async def chunks() -> Any:
        yield b'{"AccessToken"'
        await asyncio.sleep(0)
        yield b': "t"}'

    async with api.session.post(
        api.url, data=chunks(), headers={"Content-Type": JSON, "X-Amz-Target": f"{TARGET}DeleteUser"}
    ) as response:
        assert 200 == response.status
    assert {"AccessToken": "t"} == remembering.calls[0].input


async def talk(api: ApiClient, *packets: bytes) -> bytes:
    """The status line of the answer to a request that is sent packet by packet."""
    host, port = api.url.removeprefix("http://").rstrip("/").split(":")
    head = f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: {JSON}\r\nX-Amz-Target: {TARGET}DeleteUser\r\n"
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(head.encode())
        for packet in packets:
            writer.write(packet)
            await writer.drain()
        return await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_broken_chunk_is_no_server_error(serve: Serve) -> None:
    api = await serve({"DeleteUser": Remembering()})

    assert b" 400 " in await talk(api, b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")


async def test_a_body_that_does_not_come_is_not_waited_for(serve: Serve) -> None:
    remembering = Remembering()
    api = await serve({"DeleteUser": remembering}, body_seconds=0.05)

    assert b" 408 " in await talk(api, b"Content-Length: 20\r\n\r\n", b'{"Access')
    assert [] == remembering.calls


async def test_an_sdk_client_is_served_as_it_is(serve: Serve, keys: KeysInMemory) -> None:
    """boto3 itself: it signs, sends, reads answers and errors."""
    import time

    from boto3.session import Session
    from botocore.config import Config

    async def describe(call: Call) -> Result:
        if call.input["UserPoolId"] != POOL:
            raise domain.PoolNotFound(call.input["UserPoolId"])
        return {"UserPool": {"Id": POOL, "CreationDate": 1470957431.96549}}

    clock = ManualClock(time.time())
    from tests.support.json_api import running

    async with running(build({"DescribeUserPool": describe}, clock=clock, keys=keys)) as api:
        client = Session("AKIAROOT", "root-secret", region_name="eu-west-1").client(
            "cognito-idp", endpoint_url=api.url, config=Config(retries={"total_max_attempts": 1})
        )
        found = await asyncio.to_thread(client.describe_user_pool, UserPoolId=POOL)
        with pytest.raises(client.exceptions.ResourceNotFoundException, match="User pool eu-west-1_No does not exist"):
            await asyncio.to_thread(client.describe_user_pool, UserPoolId="eu-west-1_No")
        client.close()

    assert POOL == found["UserPool"]["Id"]
    assert 1470957431.965 == pytest.approx(found["UserPool"]["CreationDate"].timestamp(), abs=0.0005)
    assert "request-1" == found["ResponseMetadata"]["RequestId"]


def test_the_headers_that_the_test_client_signs_are_those_of_the_sdk() -> None:
    headers = sign("http://h/", b"{}", {"X-Amz-Target": "t", "Content-Type": JSON})

    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-target" in headers["Authorization"]
