"""What an administrator does to factors and devices, typed at the AWS command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.test_factors import App
from tests.support.live import PASSWORD, Live
from tests.support.server_process import REGION, ROOT

AWS = Path(sys.executable).with_name("aws")
PATIENCE = 120.0


class CommandLine:
    """``aws cognito-idp``, with an address and a key, and nothing else of this machine."""

    def __init__(self, live: Live, folder: Path) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": live.base_url,
            "AWS_ACCESS_KEY_ID": ROOT[0],
            "AWS_SECRET_ACCESS_KEY": ROOT[1],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
        }

    def run(self, line: str, **more: str) -> subprocess.CompletedProcess[str]:
        words = [word for name, value in more.items() for word in (f"--{name.replace('_', '-')}", value)]
        return subprocess.run(
            [sys.executable, AWS, "cognito-idp", *line.split(), *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def __call__(self, line: str, **more: str) -> Any:
        """What it answers; None where that is nothing."""
        ended = self.run(line, **more)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout) if ended.stdout else None


@pytest.fixture
def aws(live: Live, tmp_path: Path) -> CommandLine:
    return CommandLine(live, tmp_path)


def test_factors_are_switched_on_for_a_pool_looked_at_and_taken_away_from_a_user(live: Live, aws: CommandLine) -> None:
    client = live.client(live.pool())
    pool, name = f"--user-pool-id {client.pool_id}", live.user(client)

    aws(f"set-user-pool-mfa-config {pool} --mfa-configuration OPTIONAL --software-token-mfa-configuration Enabled=true")
    shown = aws(f"get-user-pool-mfa-config {pool}")
    token = live.sign_in(client, name)["AccessToken"]
    app = App(live.aws.associate_software_token(AccessToken=token)["SecretCode"])
    live.aws.verify_software_token(AccessToken=token, UserCode=app.code())
    aws(f"admin-set-user-mfa-preference {pool} --username {name} --software-token-mfa-settings Enabled=true")
    factors = aws(f"admin-get-user {pool} --username {name}")["UserMFASettingList"]
    asked = aws(
        f"admin-initiate-auth {pool} --client-id {client.id} --auth-flow ADMIN_USER_PASSWORD_AUTH",
        auth_parameters=f"USERNAME={name},PASSWORD={PASSWORD}",
    )
    aws(f"admin-set-user-mfa-preference {pool} --username {name} --software-token-mfa-settings Enabled=false")

    assert ("OPTIONAL", {"Enabled": True}) == (shown["MfaConfiguration"], shown["SoftwareTokenMfaConfiguration"])
    assert (["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA") == (factors, asked["ChallengeName"])
    assert live.sign_in(client, name)["AccessToken"]


def test_devices_are_listed_looked_at_trusted_and_forgotten(live: Live, aws: CommandLine) -> None:
    from pycognito.aws_srp import generate_hash_device

    client = live.client(live.pool(DeviceConfiguration={"DeviceOnlyRememberedOnUserPrompt": True}))
    name = live.user(client)
    tokens: Any = live.sign_in(client, name)
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    _, config = generate_hash_device(tokens["NewDeviceMetadata"]["DeviceGroupKey"], key)
    live.aws.confirm_device(
        AccessToken=tokens["AccessToken"], DeviceKey=key, DeviceName="a laptop", DeviceSecretVerifierConfig=config
    )
    user = f"--user-pool-id {client.pool_id} --username {name}"

    listed = aws(f"admin-list-devices {user}")["Devices"]
    aws(f"admin-update-device-status {user} --device-key {key} --device-remembered-status remembered")
    shown = aws(f"admin-get-device {user} --device-key {key}")["Device"]
    aws(f"admin-forget-device {user} --device-key {key}")
    gone = aws.run(f"admin-get-device {user} --device-key {key}")

    about = {pair["Name"]: pair["Value"] for pair in shown["DeviceAttributes"]}
    assert [key] == [device["DeviceKey"] for device in listed]
    assert ("a laptop", "remembered") == (about["device_name"], about["dev:device_remembered_status"])
    assert [] == aws(f"admin-list-devices {user}")["Devices"]
    assert "(ResourceNotFoundException) when calling the AdminGetDevice operation" in gone.stderr
    assert "Device does not exist." in gone.stderr
