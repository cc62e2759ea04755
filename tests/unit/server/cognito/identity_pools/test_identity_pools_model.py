"""What the service model says of identity pools, and what is made of it."""

from __future__ import annotations

import json

import pytest

from poolhouse.config.settings import Settings
from poolhouse.errors import IdentityPoolNotFound, InvalidParameter
from poolhouse.server.cognito.identity_pools.model import identity_pools_model
from poolhouse.server.cognito.identity_pools.resources import pool_arn, pool_of_arn, resource_of

MODEL = identity_pools_model()
ACCOUNT = "000000000000"
POOL = "eu-west-1:177a950c-2c08-43f0-9983-28727cd1e4f2"
ARN = f"arn:aws:cognito-identity:eu-west-1:{ACCOUNT}:identitypool/{POOL}"
PUBLIC = {"GetCredentialsForIdentity", "GetId", "GetOpenIdToken", "UnlinkIdentity"}


def test_the_service_has_twenty_three_operations_and_four_of_them_are_for_anybody() -> None:
    assert ("cognito-identity", 23) == (MODEL.service, len(MODEL.operations))
    assert PUBLIC == {name for name, operation in MODEL.operations.items() if operation.caller == "public"}
    assert {"AWSCognitoIdentityService"} == {each.target.partition(".")[0] for each in MODEL.operations.values()}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_logins_are_never_logged_and_as_many_as_there_can_be_are_read_with_the_default_settings(name: str) -> None:
    logins = MODEL.shapes["LoginsMap"]
    assert logins.key is not None
    assert logins.value is not None
    key, value = MODEL.shapes[logins.key.shape], MODEL.shapes[logins.value.shape]
    many = {
        f"{number}".rjust(int(key.max or 0), "x"): "x" * int(value.max or 0) for number in range(int(logins.max or 0))
    }

    assert "LoginsMap" == MODEL.shapes[MODEL.operations[name].input].members["Logins"].shape
    assert value.sensitive
    assert (10, 128, 50_000) == (len(many), key.max, value.max)
    assert len(json.dumps({"IdentityId": POOL, "Logins": many})) < Settings().limits.open_body


def test_an_arn_is_made_of_the_id_and_leads_back_to_it() -> None:
    assert ARN == pool_arn(POOL, ACCOUNT)
    assert POOL == pool_of_arn(ARN, ACCOUNT)
    assert POOL == pool_of_arn(ARN.replace(ACCOUNT, ""), ACCOUNT)


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        (ARN.replace("identitypool", "userpool"), InvalidParameter),
        (ARN.replace("cognito-identity", "cognito-idp"), InvalidParameter),
        (f"{ARN}/identity/x", InvalidParameter),
        (f"{ARN}\n", InvalidParameter),
        (ARN.replace(f":{ACCOUNT}:", ":abc:"), InvalidParameter),
        (ARN.replace(ACCOUNT, "111111111111"), IdentityPoolNotFound),
        (ARN.replace(f":eu-west-1:{ACCOUNT}", f":us-east-1:{ACCOUNT}"), IdentityPoolNotFound),
    ],
)
def test_an_arn_of_something_else_leads_nowhere(arn: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        pool_of_arn(arn, ACCOUNT)


@pytest.mark.parametrize(
    ("given", "resource"),
    [
        ({"IdentityPoolId": POOL}, ARN),
        ({"ResourceArn": ARN}, ARN),
        (
            {"ResourceArn": ARN.replace("aws", "aws-cn").replace(ACCOUNT, "1").replace(":eu-west-1:", ":us-east-1:")},
            ARN,
        ),
        ({}, "*"),
        ({"MaxResults": 1}, "*"),
    ],
)
def test_policies_are_asked_about_the_pool_by_one_name(given: dict[str, str], resource: str) -> None:
    assert resource == resource_of(given, account=ACCOUNT)
