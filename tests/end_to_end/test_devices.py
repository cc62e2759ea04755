"""Remembered devices by pycognito's half of SRP, over a real socket."""

from __future__ import annotations

import time
from typing import Any

from poolhouse.testing.made import MadeClient
from tests.support.factors import totp
from tests.support.live import PASSWORD, Live, refused, unique
from tests.support.server_process import REGION, ROOT


def boto_client(live: Live) -> Any:
    import boto3

    return boto3.client(
        "cognito-idp",
        endpoint_url=live.base_url,
        region_name=REGION,
        aws_access_key_id=ROOT[0],
        aws_secret_access_key=ROOT[1],
    )


def srp(live: Live, client: MadeClient, username: str, **device: str) -> Any:
    """pycognito's own client. It sends no session with a device, which is what ties the device to the password that was
    proven: here it is sent for it."""
    from pycognito.aws_srp import AWSSRP

    boto = boto_client(live)
    last: dict[str, Any] = {}

    def remember(parsed: dict[str, Any], **_: Any) -> None:
        last["Session"] = parsed.get("Session")

    def add(params: dict[str, Any], **_: Any) -> None:
        if params["ChallengeName"].startswith("DEVICE_"):
            params.setdefault("Session", last["Session"])

    boto.meta.events.register("after-call.cognito-identity-provider", remember)
    boto.meta.events.register("provide-client-params.cognito-identity-provider.RespondToAuthChallenge", add)
    return AWSSRP(username, PASSWORD, client.pool_id, client.id, client=boto, **device)


def test_a_device_of_pycognito_is_confirmed_stands_for_the_factor_and_is_forgotten(live: Live) -> None:
    from pycognito.aws_srp import generate_hash_device

    idp = live.aws
    made = live.pool(DeviceConfiguration={"ChallengeRequiredOnNewDevice": True})
    idp.set_user_pool_mfa_config(
        UserPoolId=made.id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    client, pool = live.client(made), made.id
    name = unique()
    idp.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)

    first = srp(live, client, name).authenticate_user()["AuthenticationResult"]
    key, group = first["NewDeviceMetadata"]["DeviceKey"], first["NewDeviceMetadata"]["DeviceGroupKey"]
    secret, config = generate_hash_device(group, key)
    confirmed = idp.confirm_device(
        AccessToken=first["AccessToken"], DeviceKey=key, DeviceName="a laptop", DeviceSecretVerifierConfig=config
    )
    assert confirmed["UserConfirmationNecessary"] is False
    shared = idp.associate_software_token(AccessToken=first["AccessToken"])["SecretCode"]
    idp.verify_software_token(AccessToken=first["AccessToken"], UserCode=totp(shared, time.time()))
    idp.set_user_mfa_preference(AccessToken=first["AccessToken"], SoftwareTokenMfaSettings={"Enabled": True})

    device = {"device_key": key, "device_group_key": group, "device_password": secret}
    again = srp(live, client, name, **device).authenticate_user()["AuthenticationResult"]

    assert "NewDeviceMetadata" not in again
    refreshed = idp.initiate_auth(
        ClientId=client.id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": again["RefreshToken"], "DEVICE_KEY": key},
    )
    assert refreshed["AuthenticationResult"]["AccessToken"]
    assert [key] == [one["DeviceKey"] for one in idp.admin_list_devices(UserPoolId=pool, Username=name)["Devices"]]
    idp.forget_device(AccessToken=again["AccessToken"], DeviceKey=key)
    assert "Device does not exist." == refused(
        "ResourceNotFoundException", srp(live, client, name, **device).authenticate_user
    )
