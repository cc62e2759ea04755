"""What stands within the texts of second factors, remembered devices, answers to challenges and LambdaConfig is fuzzed,
too: each is read or refused, and never a 500."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.errors import Invalid, InvalidSession
from poolhouse.flows.factors.devices import DeviceSecret
from poolhouse.server.cognito.user_pools import challenges
from poolhouse.server.cognito.user_pools.shapes.factors import device_secret
from tests.security.served import served
from tests.security.test_insides_fuzz import UNHURRIED, Form, fuzzed
from tests.support.devices import ALWAYS, on_device
from tests.support.factors import EMAIL, SMS, TOTP, asked, with_factors
from tests.support.house import House
from tests.support.insides import changed
from tests.support.srp_client import N

ARN = "arn:aws:lambda:eu-north-1:123456789012:function:named:live"
KEY = "eu-north-1_00000000-0000-4000-8000-000000000000"
BLOCK = base64.b64encode(bytes(32)).decode()


async def forms_over(house: House) -> dict[str, Form]:
    pool = await with_factors(house, await house.pool(devices=ALWAYS), "OPTIONAL", SMS, TOTP, EMAIL)
    client = await house.client(pool)
    await house.user(client)
    device = await on_device(house, client)
    token = {"AccessToken": device.tokens.access}
    strict = await with_factors(house, await house.pool(), "ON", TOTP)
    newcomers = await house.client(strict)
    await house.user(newcomers)
    setting_up = {"Session": asked(await house.begin(newcomers)).handle}
    other = await house.sign_in(client)
    assert other.device is not None
    confirm = {"AccessToken": other.access, "DeviceKey": other.device.key, "DeviceSecretVerifierConfig": device.config}
    srp = {
        "ClientId": client.id,
        "AuthFlow": "USER_SRP_AUTH",
        "AuthParameters": {"USERNAME": "jane", "SRP_A": "abc" * 200, "DEVICE_KEY": device.key},
    }
    again = {
        "ClientId": client.id,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": device.tokens.refresh, "DEVICE_KEY": device.key},
    }
    with_version = {"LambdaVersion": "V2_0", "LambdaArn": ARN}

    def config(**functions: Any) -> dict[str, Any]:
        return {"PoolName": "people", "LambdaConfig": functions}

    return {
        "Salt": ("ConfirmDevice", confirm, ("DeviceSecretVerifierConfig", "Salt")),
        "PasswordVerifier": ("ConfirmDevice", confirm, ("DeviceSecretVerifierConfig", "PasswordVerifier")),
        "device": ("GetDevice", {**token, "DeviceKey": device.key}, ("DeviceKey",)),
        "device of another": (
            "AdminGetDevice",
            {"UserPoolId": pool.id, "Username": "jane", "DeviceKey": device.key},
            ("DeviceKey",),
        ),
        "cursor over devices": ("ListDevices", {**token, "PaginationToken": "AAAA.BBBB-_"}, ("PaginationToken",)),
        "device at the opening": ("InitiateAuth", srp, ("AuthParameters", "DEVICE_KEY")),
        "device at a refresh": ("InitiateAuth", again, ("AuthParameters", "DEVICE_KEY")),
        "session of setting up": ("AssociateSoftwareToken", setting_up, ("Session",)),
        "session of a first code": ("VerifySoftwareToken", {**setting_up, "UserCode": "123456"}, ("Session",)),
        "first code": ("VerifySoftwareToken", {**token, "UserCode": "123456"}, ("UserCode",)),
        "name of an app": (
            "VerifySoftwareToken",
            {**token, "UserCode": "123456", "FriendlyDeviceName": "my 2nd telephone"},
            ("FriendlyDeviceName",),
        ),
        "function": ("CreateUserPool", config(PreSignUp=ARN), ("LambdaConfig", "PreSignUp")),
        "function with a version": (
            "CreateUserPool",
            config(PreTokenGenerationConfig=with_version),
            ("LambdaConfig", "PreTokenGenerationConfig", "LambdaArn"),
        ),
        "version": (
            "CreateUserPool",
            config(PreTokenGenerationConfig=with_version),
            ("LambdaConfig", "PreTokenGenerationConfig", "LambdaVersion"),
        ),
    }


async def test_the_insides_of_what_factors_and_functions_are_told_are_read_or_refused() -> None:
    async with served() as (house, api):
        for name, (operation, content, path) in (await forms_over(house)).items():
            await asyncio.to_thread(fuzzed(api, name, operation, content, path))


RIGHT: Mapping[str, str] = {
    "USERNAME": "jane",
    "ANSWER": TOTP,
    "PASSWORD": "Correct-Horse-7",
    "NEW_PASSWORD": "Correct-Horse-8",
    "userAttributes.email": "jane@example.com",
    "SRP_A": "abc" * 200,
    "DEVICE_KEY": KEY,
    "PASSWORD_CLAIM_SECRET_BLOCK": BLOCK,
    "PASSWORD_CLAIM_SIGNATURE": BLOCK,
    "TIMESTAMP": "Tue Sep 5 02:05:06 UTC 2023",
    "SOFTWARE_TOKEN_MFA_CODE": "123456",
    "SMS_MFA_CODE": "123456",
    "EMAIL_OTP_CODE": "123456",
    "SMS_OTP_CODE": "123456",
}
ONE_CHANGED = st.sampled_from(sorted(RIGHT)).flatmap(
    lambda name: st.tuples(st.just(name), changed(RIGHT[name]) | st.text(max_size=40))
)


@pytest.mark.parametrize("challenge", sorted(challenges.KNOWN))
def test_whatever_stands_in_an_answer_it_is_read_or_refused(challenge: str) -> None:
    @UNHURRIED
    @given(ONE_CHANGED, st.none() | changed("AAAA-_.eu-north-1_AbCdEfGhI"))
    def read(one: tuple[str, str], handle: str | None) -> None:
        # Names and values may both be anything.
        responses = {**RIGHT, one[0]: one[1], one[1]: one[0], f"userAttributes.{one[1]}": one[1]}
        with suppress(Invalid, InvalidSession):
            challenges.answer(challenge, handle, responses, {})

    read()


@UNHURRIED
@given(changed(base64.b64encode(N.to_bytes(384, "big")).decode()), changed(BLOCK))
def test_whatever_is_sent_as_the_verifier_of_a_device_it_is_two_numbers_or_refused(verifier: str, salt: str) -> None:
    with suppress(Invalid):
        assert isinstance(device_secret({"PasswordVerifier": verifier, "Salt": salt}), DeviceSecret)
