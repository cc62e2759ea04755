from __future__ import annotations

from typing import Any

import pytest

from poolhouse.server.cognito.user_pools.resources import resource_of

POOL = "us-east-2_Example1"
ARN = f"arn:aws:cognito-idp:us-east-2:123456789012:userpool/{POOL}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"UserPoolId": POOL, "Username": "alice"}, ARN),
        ({"ResourceArn": ARN}, ARN),
        ({"ResourceArn": f"arn:aws:cognito-idp:eu-west-1:999999999999:userpool/{POOL}"}, ARN),
        ({"Domain": "login"}, "*"),
        ({}, "*"),
    ],
)
def test_a_pool_has_one_name_however_it_is_called(given: dict[str, Any], expected: str) -> None:
    assert expected == resource_of(given, account="123456789012")
