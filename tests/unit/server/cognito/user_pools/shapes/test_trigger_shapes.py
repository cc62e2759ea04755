from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.records.pools import Pool, Trigger
from poolhouse.server.cognito.user_pools.shapes.pools import pool_settings
from poolhouse.server.cognito.user_pools.shapes.triggers import lambda_config, triggers

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"
OTHER = "arn:aws:lambda:eu-west-1:123456789012:function:g"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
PLAIN = (
    "PreSignUp",
    "CustomMessage",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "UserMigration",
)


def shown(given: dict[str, Any]) -> dict[str, Any]:
    settings = pool_settings({"LambdaConfig": given})
    pool = Pool(
        id="eu-west-1_A",
        name="people",
        created=0.0,
        modified=0.0,
        triggers=settings.triggers,
        sender_key=settings.sender_key,
    )
    return lambda_config(pool)


def test_everything_is_read_back_as_it_was_said() -> None:
    said = {
        **dict.fromkeys(PLAIN, ARN),
        "PreTokenGeneration": OTHER,
        "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": OTHER},
        "CustomSMSSender": {"LambdaVersion": "V1_0", "LambdaArn": ARN},
        "CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": OTHER},
        "KMSKeyID": KEY,
    }

    assert said == shown(said)


def test_without_triggers_it_is_empty() -> None:
    assert {} == shown({})


@pytest.mark.parametrize(
    "said",
    [
        {"PreTokenGeneration": ARN},
        {"PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": ARN}},
    ],
)
def test_a_function_for_tokens_is_shown_in_both_ways_however_it_was_said(said: dict[str, Any]) -> None:
    both = {
        "PreTokenGeneration": ARN,
        "PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": ARN},
    }

    assert both == shown(said)
    assert (Trigger(name="PreTokenGeneration", function=ARN, events="V1_0"),) == triggers(said)


def test_two_functions_for_tokens_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="cannot have different values"):
        triggers({"PreTokenGeneration": ARN, "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": OTHER}})
