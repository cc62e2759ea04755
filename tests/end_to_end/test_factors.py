"""Second factors from the first call to the last: by the AWS SDK for Python, and by pycognito."""

from __future__ import annotations

import time
from typing import Any

import pytest

from poolhouse.testing.made import MadeClient, MadePool
from tests.support.factors import totp
from tests.support.live import PASSWORD, Live, attributes, refused, unique
from tests.support.server_process import REGION, ROOT

SMS, TOTP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
ALL = {
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "SmsMfaConfiguration": {"SmsAuthenticationMessage": "Your code is {####}."},
    "EmailMfaConfiguration": {"Message": "Your code is {####}.", "Subject": "Your code"},
}


def pool_with_factors(live: Live, mode: str, **factors: Any) -> MadePool:
    allowed = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
    pool = live.pool(Policies=allowed)
    live.aws.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration=mode, **(factors or ALL))
    return pool


def phone() -> str:
    return f"+1415555{int(unique().rpartition('-')[2], 16) % 10_000:04}"


class App:
    """An authenticator app. Each of its codes is shown once: the real clock is not waited for, but looked ahead."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._shown = 0

    def code(self) -> str:
        """One that was not shown yet: of the step before, of this one, of the next."""
        step = max(self._shown + 1, int(time.time()) // 30 - 1)
        self._shown = step
        return totp(self._secret, step * 30)


def begun(live: Live, client: MadeClient, name: str) -> Any:
    return live.aws.initiate_auth(
        ClientId=client.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD, **hashed(client, name)},
    )


def hashed(client: MadeClient, name: str) -> dict[str, str]:
    return {} if client.secret is None else {"SECRET_HASH": client.secret_hash(name)}


def answered(live: Live, client: MadeClient, name: str, asked: Any, **answers: str) -> Any:
    return live.aws.respond_to_auth_challenge(
        ClientId=client.id,
        ChallengeName=asked["ChallengeName"],
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": name, **answers, **hashed(client, name)},
    )


def test_an_app_is_set_up_with_a_token_and_asked_for_then(live: Live) -> None:
    client = live.client(pool_with_factors(live, "OPTIONAL"))
    name = live.user(client)
    token = live.sign_in(client, name)["AccessToken"]

    app = App(live.aws.associate_software_token(AccessToken=token)["SecretCode"])
    done = live.aws.verify_software_token(AccessToken=token, UserCode=app.code(), FriendlyDeviceName="phone")
    live.aws.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    shown = live.aws.get_user(AccessToken=token)
    seen = live.aws.admin_get_user(UserPoolId=client.pool_id, Username=name)
    asked = begun(live, client, name)
    code = app.code()
    tokens = answered(live, client, name, asked, SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]
    again = begun(live, client, name)

    assert "SUCCESS" == done["Status"]
    for told in (shown, seen):
        assert ([TOTP], TOTP) == (told["UserMFASettingList"], told["PreferredMfaSetting"])
    assert (TOTP, "phone") == (asked["ChallengeName"], asked["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"])
    assert live.refresh(client, tokens["RefreshToken"])["AccessToken"]
    assert "Your software token has already been used once." == refused(
        "ExpiredCodeException", answered, live, client, name, again, SOFTWARE_TOKEN_MFA_CODE=code
    )


def test_who_needs_a_factor_sets_an_app_up_before_there_are_tokens(live: Live) -> None:
    pool = pool_with_factors(live, "ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    client = live.client(pool, GenerateSecret=True)
    name = unique()
    live.aws.admin_create_user(UserPoolId=pool.id, Username=name, MessageAction="SUPPRESS")
    live.aws.admin_set_user_password(UserPoolId=pool.id, Username=name, Password=PASSWORD, Permanent=True)

    asked = begun(live, client, name)
    begun_app = live.aws.associate_software_token(Session=asked["Session"])
    app = App(begun_app["SecretCode"])
    wrong = refused(
        "EnableSoftwareTokenMFAException",
        live.aws.verify_software_token,
        Session=begun_app["Session"],
        UserCode="000000" if app.code() != "000000" else "111111",
    )
    done = live.aws.verify_software_token(Session=begun_app["Session"], UserCode=app.code())
    tokens = answered(live, client, name, {**asked, "Session": done["Session"]})["AuthenticationResult"]

    assert ("MFA_SETUP", '["SOFTWARE_TOKEN_MFA"]') == (
        asked["ChallengeName"],
        asked["ChallengeParameters"]["MFAS_CAN_SETUP"],
    )
    assert "Code mismatch and fail enable Software Token MFA" == wrong
    assert [TOTP] == live.aws.get_user(AccessToken=tokens["AccessToken"])["UserMFASettingList"]
    assert TOTP == begun(live, client, name)["ChallengeName"]


def test_a_code_goes_to_the_telephone_or_to_the_letter_box_as_the_user_chooses(live: Live) -> None:
    client = live.client(pool_with_factors(live, "ON"))
    name, number = unique(), phone()
    address = f"{name}@example.com"
    live.user(client, name, email=address, phone_number=number)

    for factor, to in ((SMS, number), (EMAIL, address)):
        asked = begun(live, client, name)
        assert "SELECT_MFA_TYPE" == asked["ChallengeName"]
        asked = answered(live, client, name, asked, ANSWER=factor)
        assert factor == asked["ChallengeName"]
        refused("CodeMismatchException", answered, live, client, name, asked, **{f"{factor}_CODE": "x"})
        done = answered(live, client, name, asked, **{f"{factor}_CODE": live.code(to)})
        shown = live.aws.get_user(AccessToken=done["AuthenticationResult"]["AccessToken"])

    assert {"Name": "phone_number_verified", "Value": "true"} in shown["UserAttributes"]


def test_a_code_instead_of_a_password(live: Live) -> None:
    client = live.client(pool_with_factors(live, "OPTIONAL"))
    name = live.user(client)

    asked = live.aws.initiate_auth(
        ClientId=client.id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"},
    )
    done = answered(live, client, name, asked, EMAIL_OTP_CODE=live.code(f"{name}@example.com"))
    factors = live.aws.get_user_auth_factors(AccessToken=done["AuthenticationResult"]["AccessToken"])

    assert ("EMAIL_OTP", "EMAIL") == (
        asked["ChallengeName"],
        asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"],
    )
    assert ["PASSWORD", "EMAIL_OTP"] == factors["ConfiguredUserAuthFactors"]


def test_an_administrator_takes_a_lost_factor_away(live: Live) -> None:
    pool = pool_with_factors(live, "OPTIONAL")
    client = live.client(pool)
    name, number = unique(), phone()
    live.user(client, name, email=f"{name}@example.com", phone_number=number)
    live.aws.admin_set_user_settings(
        UserPoolId=pool.id,
        Username=name,
        MFAOptions=[{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}],
    )
    assert SMS == begun(live, client, name)["ChallengeName"]
    seen = live.aws.admin_get_user(UserPoolId=pool.id, Username=name)
    assert [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}] == seen["MFAOptions"]

    live.aws.admin_set_user_mfa_preference(UserPoolId=pool.id, Username=name, SMSMfaSettings={"Enabled": False})

    assert live.sign_in(client, name)["AccessToken"]


def pycognito(live: Live, client: MadeClient, username: str) -> Any:
    from pycognito import Cognito

    return Cognito(
        client.pool_id,
        client.id,
        username=username,
        client_secret=client.secret,
        boto3_client_kwargs={
            "endpoint_url": live.base_url,
            "region_name": REGION,
            "aws_access_key_id": ROOT[0],
            "aws_secret_access_key": ROOT[1],
        },
    )


@pytest.mark.parametrize("secret", [False, True], ids=["public", "secret"])
def test_pycognito_sets_an_app_up_and_signs_in_with_it(live: Live, *, secret: bool) -> None:
    from pycognito.exceptions import SoftwareTokenMFAChallengeException

    client = live.client(pool_with_factors(live, "OPTIONAL"), GenerateSecret=secret)
    name = unique()
    live.aws.admin_create_user(UserPoolId=client.pool_id, Username=name, MessageAction="SUPPRESS")
    live.aws.admin_set_user_password(UserPoolId=client.pool_id, Username=name, Password=PASSWORD, Permanent=True)
    user = pycognito(live, client, name)
    user.authenticate(password=PASSWORD)

    app = App(user.associate_software_token())
    assert user.verify_software_token(app.code(), "phone")
    user.set_user_mfa_preference(False, True, preferred="SOFTWARE_TOKEN")
    user = pycognito(live, client, name)
    with pytest.raises(SoftwareTokenMFAChallengeException):
        user.authenticate(password=PASSWORD)
    user.respond_to_software_token_mfa_challenge(app.code())

    user.verify_tokens()
    assert name == user.get_user().username


def test_pycognito_signs_in_with_a_code_by_sms(live: Live) -> None:
    from pycognito.exceptions import SMSMFAChallengeException

    client = live.client(pool_with_factors(live, "OPTIONAL"))
    name, number = unique(), phone()
    live.aws.admin_create_user(
        UserPoolId=client.pool_id,
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=attributes(phone_number=number, phone_number_verified="true"),
    )
    live.aws.admin_set_user_password(UserPoolId=client.pool_id, Username=name, Password=PASSWORD, Permanent=True)
    user = pycognito(live, client, name)
    user.authenticate(password=PASSWORD)
    user.set_user_mfa_preference(True, False, preferred="SMS")
    user = pycognito(live, client, name)

    with pytest.raises(SMSMFAChallengeException):
        user.authenticate(password=PASSWORD)
    user.respond_to_sms_mfa_challenge(live.code(number))

    user.verify_tokens()
