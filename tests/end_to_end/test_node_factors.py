"""Every factor and challenge by the vendor's clients for JavaScript, over a real socket and each kind of store. Each
journey is a program in ``node/`` that checks what it sees; the tokens it was given are checked here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from poolhouse.testing.made import MadeClient, MadePool
from tests.end_to_end.functions import riddle
from tests.end_to_end.test_factors import ALL, phone
from tests.end_to_end.test_node_clients import journey
from tests.support.live import EVERY_FLOW, PASSWORD, Live, Stranger, attributes, unique

pytestmark = pytest.mark.requires_node

# amazon-cognito-identity-js, and Amplify
SDKS = ("identity", "amplify")
APP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
FACTORS = {
    "identity": {name: ALL[name] for name in ("SoftwareTokenMfaConfiguration", "SmsMfaConfiguration")},
    "amplify": ALL,
}
FIRST = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
ON_PROMPT = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
CUSTOM = [*EVERY_FLOW, "ALLOW_CUSTOM_AUTH"]


def with_factors(live: Live, mode: str, factors: Mapping[str, Any], **parameters: Any) -> MadePool:
    made = live.pool(**parameters)
    live.aws.set_user_pool_mfa_config(UserPoolId=made.id, MfaConfiguration=mode, **factors)
    return made


def add_user(live: Live, client: MadeClient, name: str, **given: str) -> None:
    """Known, with a password of their own."""
    live.aws.admin_create_user(
        UserPoolId=client.pool_id, Username=name, MessageAction="SUPPRESS", UserAttributes=attributes(**given)
    )
    live.aws.admin_set_user_password(UserPoolId=client.pool_id, Username=name, Password=PASSWORD, Permanent=True)


def assert_good(live: Live, client: MadeClient, name: str, tokens: Mapping[str, str]) -> None:
    stranger = Stranger(f"{live.base_url}/{client.pool_id}")
    assert name == stranger.verified(tokens["access"])["username"]
    assert name == stranger.verified(tokens["id"], audience=client.id)["cognito:username"]


@pytest.mark.parametrize("sdk", SDKS)
def test_users_sign_in_with_each_factor_and_the_choice_between_them(live: Live, sdk: str) -> None:
    client = live.client(with_factors(live, "OPTIONAL", FACTORS[sdk], Policies=FIRST))
    needing = live.client(with_factors(live, "ON", APP))
    name, number = unique(), phone()
    contacts = {"email": f"{name}@example.com", "phone_number": number}
    add_user(live, client, name, **contacts, email_verified="true", phone_number_verified="true")
    add_user(live, needing, name)

    more = {"PHONE": number, "NEEDING_POOL_ID": needing.pool_id, "NEEDING_CLIENT_ID": needing.id}
    tokens = journey(live, client, name, f"{sdk}-factors.mjs", **more)

    assert_good(live, client, name, tokens)


@pytest.mark.parametrize("sdk", SDKS)
def test_a_device_is_remembered_and_its_program_finds_out_when_it_is_forgotten(live: Live, sdk: str) -> None:
    client = live.client(with_factors(live, "OPTIONAL", APP, DeviceConfiguration=ON_PROMPT))
    name = unique()
    add_user(live, client, name)

    tokens = journey(live, client, name, f"{sdk}-devices.mjs")

    assert_good(live, client, name, tokens)


@pytest.mark.parametrize("sdk", SDKS)
def test_users_answer_functions_and_choose_a_password(live: Live, sdk: str) -> None:
    schema = [{"Name": "given_name", "Required": True}]
    made = live.pool(LambdaConfig=riddle.TRIGGERS, Schema=schema)
    client = live.client(made, ExplicitAuthFlows=CUSTOM)
    name = unique()
    live.aws.admin_create_user(
        UserPoolId=made.id,
        Username=name,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=attributes(email=f"{name}@example.com"),
    )

    tokens = journey(live, client, name, f"{sdk}-challenges.mjs")

    assert_good(live, client, name, tokens)
