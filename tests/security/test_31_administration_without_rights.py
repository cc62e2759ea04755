"""Row 31: no administrator's operation is open, and a key for one pool reaches no other."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest

from poolhouse.server.cognito.engine.registry import Result
from poolhouse.server.cognito.user_pools.call import Call
from tests.security.served import served
from tests.support.house import PASSWORD
from tests.support.json_api import NOON, KeysInMemory, ManualClock, access_key, build, running, user_pools
from tests.support.json_api_inputs import ARN, POOL, smallest
from tests.support.sign_in import Asking

MODEL = user_pools()
SIGNED = sorted(name for name, operation in MODEL.operations.items() if operation.caller == "signed")
OF_A_POOL = [name for name in SIGNED if "UserPoolId" in MODEL.shapes[MODEL.operations[name].input].required]
OTHER_POOL = "eu-west-1_Example2"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOT_THAT_POOL = {"Effect": "Deny", "Action": "*", "Resource": ARN}


class Counting:
    """A handler for all operations, that counts."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, call: Call) -> Result:
        self.count += 1
        return None


async def answers(
    names: list[str], *statements: dict[str, Any], pool: str = POOL, region: str = "eu-west-1"
) -> set[str]:
    """The errors ("" for none) that a key with these statements gets, for the smallest right input of operations."""
    counting = Counting()
    keys = KeysInMemory(access_key("AKIAONE", "s3cret", *statements))
    api = build(dict.fromkeys(MODEL.operations, counting), clock=ManualClock(), keys=keys, strict=False)
    errors = []
    async with running(api) as client:
        for name in names:
            given = smallest(MODEL, MODEL.operations[name])
            if "UserPoolId" in given:
                given["UserPoolId"] = pool
            answer = await client.call(name, given, key=("AKIAONE", "s3cret"), region=region)
            errors.append("" if answer.status == 200 else answer.error)
    assert counting.count == errors.count("")
    return set(errors)


async def test_without_a_signature_no_administrators_operation_runs() -> None:
    counting = Counting()
    api = build(dict.fromkeys(MODEL.operations, counting), clock=ManualClock(), keys=KeysInMemory())

    async with running(api) as client:
        errors = {
            (await client.call(name, smallest(MODEL, MODEL.operations[name]), signed=False)).error for name in SIGNED
        }

    assert {"MissingAuthenticationTokenException"} == errors
    assert 0 == counting.count


async def test_a_key_without_statements_may_do_nothing() -> None:
    assert {"AccessDeniedException"} == await answers(SIGNED)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"IpAddress": {"aws:SourceIp": ["127.0.0.0/8", "::1"]}}, ""),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, "AccessDeniedException"),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01"}}, "AccessDeniedException"),
        ({"NumericGreaterThan": {"aws:EpochTime": 1500000000}}, ""),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1", "aws:username": "akiaone"}}, ""),
        ({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}, "AccessDeniedException"),
        ({"Bool": {"aws:SecureTransport": "true"}}, "AccessDeniedException"),
        ({"StringLike": {"aws:UserAgent": "*"}}, ""),
    ],
    ids=str,
)
async def test_a_key_is_bound_to_what_its_policy_says_of_requests(condition: Any, expected: str) -> None:
    assert {expected} == await answers(OF_A_POOL[:3], {**EVERYTHING, "Condition": condition})


async def test_a_key_for_one_pool_reaches_it_and_no_other() -> None:
    only = {"Effect": "Allow", "Action": "*", "Resource": ARN}

    assert {""} == await answers(OF_A_POOL, only)
    assert {"AccessDeniedException"} == await answers(OF_A_POOL, only, pool=OTHER_POOL)


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"])
async def test_naming_one_pool_brings_nobody_in_by_a_client_of_another(flow: str) -> None:
    """The key is asked about the pool that is named; the client says which pool it really is about."""
    async with served() as (house, api):
        other, named = await house.pool(), await house.pool()
        theirs = await house.client(other)
        await house.user(theirs)
        parameters = {
            "USERNAME": "jane",
            "PASSWORD": PASSWORD,
            "REFRESH_TOKEN": (await house.sign_in(theirs)).refresh or "",
        }
        begun = {"ClientId": theirs.id, "AuthFlow": flow, "AuthParameters": parameters}

        across = await api.call("AdminInitiateAuth", {**begun, "UserPoolId": named.id})
        within = await api.call("AdminInitiateAuth", {**begun, "UserPoolId": other.id})

    assert (400, "ResourceNotFoundException") == (across.status, across.error)
    assert 200 == within.status


async def test_naming_one_pool_answers_nothing_for_a_client_of_another() -> None:
    async with served() as (house, api):
        other, named = await house.pool(), await house.pool()
        theirs = await house.client(other)
        await house.user(theirs)
        await house.services.users.set_password(other, "jane", PASSWORD, permanent=False)
        asking = await house.begin(theirs)
        assert isinstance(asking, Asking)
        answer = {
            "ClientId": theirs.id,
            "ChallengeName": asking.challenge,
            "Session": asking.handle,
            "ChallengeResponses": {"USERNAME": "jane", "NEW_PASSWORD": "An0ther-Horse!"},
        }

        across = await api.call("AdminRespondToAuthChallenge", {**answer, "UserPoolId": named.id})
        within = await api.call("AdminRespondToAuthChallenge", {**answer, "UserPoolId": other.id})

    assert (400, "ResourceNotFoundException") == (across.status, across.error)
    assert 200 == within.status


async def test_a_key_for_one_pool_sees_nothing_that_is_not_of_a_pool() -> None:
    only = {"Effect": "Allow", "Action": "*", "Resource": ARN}

    assert {"AccessDeniedException"} == await answers(["ListUserPools", "CreateUserPool"], only)


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
async def test_signing_for_another_region_evades_no_denial(region: str) -> None:
    assert {"AccessDeniedException"} == await answers(OF_A_POOL, EVERYTHING, NOT_THAT_POOL, region=region)


@pytest.mark.parametrize(
    "arn",
    [
        ARN,
        ARN.replace("eu-west-1:", "us-east-1:"),
        ARN.replace("123456789012", "999999999999"),
        ARN.replace("aws:", "a:"),
    ],
)
async def test_spelling_the_arn_otherwise_evades_no_denial(arn: str) -> None:
    keys = KeysInMemory(access_key("AKIAONE", "s3cret", EVERYTHING, NOT_THAT_POOL))
    api = build({"TagResource": Counting()}, clock=ManualClock(), keys=keys)

    async with running(api) as client:
        answer = await client.call("TagResource", {"ResourceArn": arn, "Tags": {"a": "b"}}, key=("AKIAONE", "s3cret"))

    assert "AccessDeniedException" == answer.error


async def test_a_signature_for_one_operation_is_no_good_for_another() -> None:
    counting = Counting()
    api = build(dict.fromkeys(MODEL.operations, counting), clock=ManualClock(), keys=KeysInMemory())
    body = b'{"UserPoolId": "eu-west-1_Example1"}'
    target = "AWSCognitoIdentityProviderService."
    from tests.support.json_api import sign

    async with running(api) as client:
        headers = sign(
            client.url, body, {"Content-Type": "application/json", "X-Amz-Target": f"{target}DescribeUserPool"}
        )
        answer = await client.send(body, {**headers, "X-Amz-Target": f"{target}DeleteUserPool"})

    assert "InvalidSignatureException" == answer.error
    assert 0 == counting.count


@pytest.mark.parametrize("left_out", ["Host", "X-Amz-Target", "X-Amz-Date"])
async def test_a_signature_that_does_not_cover_target_host_and_time_is_none(left_out: str) -> None:
    """Without its target, a signature for one operation would be good for all."""
    counting = Counting()
    keys = KeysInMemory(access_key("AKIAONE", "s3cret", EVERYTHING))
    body = b'{"MaxResults":1}'

    async with running(build({"ListUserPools": counting}, clock=ManualClock(), keys=keys)) as client:
        headers = {
            "Host": client.url.removeprefix("http://").rstrip("/"),
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools",
            "X-Amz-Date": datetime.fromtimestamp(NOON, UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        covered = {name: value for name, value in headers.items() if name != left_out}
        right = await client.send(body, {**headers, "Authorization": authorization(headers, body)})
        wrong = await client.send(body, {**headers, "Authorization": authorization(covered, body)})

    assert 200 == right.status
    assert (400, "IncompleteSignatureException") == (wrong.status, wrong.error)
    assert 1 == counting.count


def authorization(headers: dict[str, str], body: bytes) -> str:
    """A signature that is right, over these headers and no others (Signature Version 4)."""
    day = datetime.fromtimestamp(NOON, UTC).strftime("%Y%m%d")
    names = sorted(name.lower() for name in headers)
    lower = {name.lower(): value for name, value in headers.items()}
    lines = ["POST", "/", "", *(f"{name}:{lower[name]}" for name in names), "", ";".join(names)]
    canonical = "\n".join([*lines, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/eu-west-1/cognito-idp/aws4_request"
    instant = datetime.fromtimestamp(NOON, UTC).strftime("%Y%m%dT%H%M%SZ")
    text = "\n".join(["AWS4-HMAC-SHA256", instant, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4s3cret"
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    mac = hmac.digest(key, text.encode(), "sha256").hex()
    return f"AWS4-HMAC-SHA256 Credential=AKIAONE/{scope}, SignedHeaders={';'.join(names)}, Signature={mac}"
