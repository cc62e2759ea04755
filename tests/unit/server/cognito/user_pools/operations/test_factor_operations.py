"""Second factors by the operations of the API: what goes in, what comes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from poolhouse.errors import InvalidParameter, NotInTier, PoolNotFound
from poolhouse.server.cognito.engine.output import compile_output
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.engine.validation import compile_input
from poolhouse.server.cognito.user_pools.call import OPERATIONS, Call
from tests.support.house import House, opened_house
from tests.support.json_api import user_pools

REGION = "eu-north-1"
APP_ON = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


class Api:
    """Asks an operation as the endpoint does, with results checked strictly against the model."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def __call__(self, name: str, **given: Any) -> Any:
        model = user_pools()
        operation = model.operations[name]
        call = Call(
            input=compile_input(model, operation.input)(given),
            services=self.house.services,
            region=REGION,
            account="000000000000",
            request_id="r",
            caller=None,
            source_ip="127.0.0.1",
        )
        result = await load_operations(OPERATIONS)[name](call)
        return compile_output(model, operation.output, strict=True)(result) if operation.output else result


@pytest.fixture
async def ask() -> AsyncIterator[Api]:
    async with opened_house() as house:
        yield Api(house)


@pytest.fixture
async def pool_id(ask: Api) -> str:
    return (await ask.house.pool()).id


async def test_a_pool_has_no_second_factor_until_one_is_set(ask: Api, pool_id: str) -> None:
    assert {"MfaConfiguration": "OFF"} == await ask("GetUserPoolMfaConfig", UserPoolId=pool_id)
    with pytest.raises(PoolNotFound):
        await ask("GetUserPoolMfaConfig", UserPoolId=f"{REGION}_absent")


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
async def test_what_is_set_is_shown(ask: Api, pool_id: str, mode: str) -> None:
    set_to = await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration=mode, **APP_ON)

    assert {"MfaConfiguration": mode, **APP_ON} == set_to
    assert set_to == await ask("GetUserPoolMfaConfig", UserPoolId=pool_id)
    described = await ask("DescribeUserPool", UserPoolId=pool_id)
    assert mode == described["UserPool"]["MfaConfiguration"]


SMS_ON = {
    "SmsMfaConfiguration": {
        "SmsAuthenticationMessage": "login {####}",
        "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"},
    }
}
EMAIL_ON = {"EmailMfaConfiguration": {"Message": "login {####}", "Subject": "login"}}


async def test_all_of_what_is_set_is_shown(ask: Api, pool_id: str) -> None:
    wanted = {"MfaConfiguration": "OPTIONAL", **APP_ON, **SMS_ON, **EMAIL_ON}

    assert wanted == await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, **wanted)
    assert wanted == await ask("GetUserPoolMfaConfig", UserPoolId=pool_id)
    described = (await ask("DescribeUserPool", UserPoolId=pool_id))["UserPool"]
    assert "login {####}" == described["SmsAuthenticationMessage"]
    assert SMS_ON["SmsMfaConfiguration"]["SmsConfiguration"] == described["SmsConfiguration"]


async def test_what_is_left_out_is_offered_no_more(ask: Api, pool_id: str) -> None:
    await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration="ON", **APP_ON, **SMS_ON)

    only = {"MfaConfiguration": "ON", **EMAIL_ON}
    assert only == await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, **only)


async def test_a_pool_that_says_how_messages_to_telephones_go_can_be_made_with_them_as_a_factor(ask: Api) -> None:
    made = await ask("CreateUserPool", PoolName="people", MfaConfiguration="ON", **SMS_ON["SmsMfaConfiguration"])

    shown = await ask("GetUserPoolMfaConfig", UserPoolId=made["UserPool"]["Id"])
    assert {"MfaConfiguration": "ON", **SMS_ON} == shown


@pytest.mark.parametrize(
    ("mechanism", "factor"), [("verified_phone_number", SMS_ON), ("verified_email", EMAIL_ON)], ids=["SMS", "e-mail"]
)
async def test_what_recovers_a_password_alone_is_no_second_factor(
    ask: Api, mechanism: str, factor: dict[str, Any]
) -> None:
    recovery = {"RecoveryMechanisms": [{"Name": mechanism, "Priority": 1}]}
    made = await ask("CreateUserPool", PoolName="people", AccountRecoverySetting=recovery)

    with pytest.raises(InvalidParameter, match=f"cannot use {mechanism} as a recovery mechanism"):
        await ask("SetUserPoolMfaConfig", UserPoolId=made["UserPool"]["Id"], MfaConfiguration="ON", **factor)


async def test_codes_by_e_mail_are_not_of_the_smallest_tier(ask: Api) -> None:
    made = await ask("CreateUserPool", PoolName="people", UserPoolTier="LITE")

    with pytest.raises(NotInTier):
        await ask("SetUserPoolMfaConfig", UserPoolId=made["UserPool"]["Id"], MfaConfiguration="ON", **EMAIL_ON)


async def test_ways_to_begin_are_set_and_shown(ask: Api, pool_id: str) -> None:
    allowed = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
    await ask("UpdateUserPool", UserPoolId=pool_id, Policies=allowed)

    described = await ask("DescribeUserPool", UserPoolId=pool_id)
    assert allowed["SignInPolicy"] == described["UserPool"]["Policies"]["SignInPolicy"]


async def test_a_mode_that_is_not_said_stays(ask: Api, pool_id: str) -> None:
    await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration="OPTIONAL", **APP_ON)

    assert {"MfaConfiguration": "OPTIONAL", **APP_ON} == await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, **APP_ON)


async def test_second_factors_can_be_switched_off_in_so_many_words(ask: Api, pool_id: str) -> None:
    await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration="ON", **APP_ON)
    off = {"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": {"Enabled": False}}

    assert {"MfaConfiguration": "OFF"} == await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, **off)
    with pytest.raises(PoolNotFound):
        await ask("SetUserPoolMfaConfig", UserPoolId=f"{REGION}_absent", **off)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"MfaConfiguration": "ON"}, "can't disable all MFAs with a required or optional configuration."),
        ({"MfaConfiguration": "OPTIONAL"}, "can't disable all MFAs with a required or optional configuration."),
        ({"MfaConfiguration": "OFF", **APP_ON}, "can't turn off MFA and configure an MFA together."),
        (APP_ON, "can't turn off MFA and configure an MFA together."),
        ({"WebAuthnConfiguration": {"RelyingPartyId": "https://example.com"}}, "RelyingPartyId is not a domain name"),
    ],
)
async def test_what_does_not_go_together_is_refused(
    ask: Api, pool_id: str, given: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidParameter, match=said):
        await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, **given)

    assert {"MfaConfiguration": "OFF"} == await ask("GetUserPoolMfaConfig", UserPoolId=pool_id)


async def test_what_is_said_of_passkeys_is_shown_where_second_factors_are_off_too(ask: Api, pool_id: str) -> None:
    said = {"RelyingPartyId": "example.com"}
    shown = {**said, "UserVerification": "preferred", "FactorConfiguration": "SINGLE_FACTOR"}

    changed = await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration="OFF", WebAuthnConfiguration=said)

    assert {"MfaConfiguration": "OFF", "WebAuthnConfiguration": shown} == changed
    await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration="OPTIONAL", **APP_ON)
    assert shown == (await ask("GetUserPoolMfaConfig", UserPoolId=pool_id))["WebAuthnConfiguration"]
    both = {**said, "UserVerification": "required", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
    await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, WebAuthnConfiguration=both, **APP_ON)
    assert both == (await ask("GetUserPoolMfaConfig", UserPoolId=pool_id))["WebAuthnConfiguration"]


async def test_an_update_that_says_nothing_of_second_factors_switches_them_off_and_one_that_does_keeps_them(
    ask: Api, pool_id: str
) -> None:
    """What is left out of an update returns to its default (contract: user pools)."""
    await ask("SetUserPoolMfaConfig", UserPoolId=pool_id, MfaConfiguration="ON", **APP_ON)

    await ask("UpdateUserPool", UserPoolId=pool_id, MfaConfiguration="OPTIONAL")
    assert {"MfaConfiguration": "OPTIONAL", **APP_ON} == await ask("GetUserPoolMfaConfig", UserPoolId=pool_id)
    await ask("UpdateUserPool", UserPoolId=pool_id)

    assert {"MfaConfiguration": "OFF"} == await ask("GetUserPoolMfaConfig", UserPoolId=pool_id)


async def test_a_pool_that_is_made_with_second_factors_says_how_messages_are_sent(ask: Api) -> None:
    with pytest.raises(
        InvalidParameter,
        match="SMS configuration and Auto verification for phone_number are required when MFA is required/optional",
    ):
        await ask("CreateUserPool", PoolName="people", MfaConfiguration="ON")


@pytest.mark.parametrize(
    "given", [{}, {"AccessToken": "a.b.c", "Session": "x" * 20}], ids=["neither of them", "both of them"]
)
async def test_an_app_is_set_up_by_a_token_or_by_a_session(ask: Api, given: dict[str, str]) -> None:
    for operation, more in (("AssociateSoftwareToken", {}), ("VerifySoftwareToken", {"UserCode": "123456"})):
        with pytest.raises(InvalidParameter, match="Exactly one of AccessToken and Session is required"):
            await ask(operation, **given, **more)


@pytest.mark.parametrize(
    "options",
    [
        [{"DeliveryMedium": "EMAIL", "AttributeName": "email"}],
        [{"DeliveryMedium": "SMS", "AttributeName": "email"}],
        [{"DeliveryMedium": "SMS"}],
        [{}],
    ],
)
async def test_settings_of_old_know_messages_to_phones_alone(
    ask: Api, pool_id: str, options: list[dict[str, str]]
) -> None:
    with pytest.raises(InvalidParameter, match="SMS"):
        await ask("AdminSetUserSettings", UserPoolId=pool_id, Username="jane", MFAOptions=options)
