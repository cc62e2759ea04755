"""docs/operating.md from an empty machine to an upgraded server and back: every command of the page is typed, in its
order."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.command import PATIENCE
from tests.support.machine import Machine
from tests.support.served import made_user, sign_in

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [text for language, text in FENCES if language == "sh"]
A_POOL = "eu-west-1_AbCdEfGhI"


def test_what_stands_in_a_fence_is_a_command_or_settings() -> None:
    assert {"sh", "toml"} == {language for language, _ in FENCES}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "machine")
    yield made
    made.turn_off()


def sdk(machine: Machine, number: int) -> Any:
    return boto3.client(
        "cognito-idp",
        endpoint_url=f"http://127.0.0.1:{machine.ports[number]}",
        region_name="eu-west-1",
        aws_access_key_id="admin",
        aws_secret_access_key=machine.path("/etc/poolhouse/root-secret").read_text(encoding="ascii").strip(),
        config=Config(retries={"max_attempts": 0}, read_timeout=PATIENCE, proxies={}),
    )


@pytest.mark.requires_packages
def test_an_empty_machine_becomes_a_server_that_is_upgraded_and_put_back(machine: Machine, packages: None) -> None:
    left = iter(COMMANDS)

    def typed_until(mark: str) -> str:
        """Blocks are typed, up to the first one that has this in it."""
        for commands in left:
            machine.type(commands)
            if mark in commands:
                return commands
        raise AssertionError(f"{mark} is in no block that was left")

    # From an empty machine.
    machine.check_out("0.1.0")
    typed_until("systemctl enable")
    for name in ("master-key", "root-secret", "poolhouse.toml"):
        assert 0o600 == stat.S_IMODE(machine.path(f"/etc/poolhouse/{name}").stat().st_mode)
    assert ["poolhouse-0.1.0"] * 2 == _versions(machine)
    made = made_user(sdk(machine, 0))
    token = sign_in(sdk(machine, 1), made["client"])
    typed_until("conf.d/poolhouse.conf")
    assert machine.path("/etc/nginx/conf.d/poolhouse.conf").is_file()

    # Upgraded: in the new checkout the wheel is made "as above".
    machine.check_out("0.2.0")
    machine.type(COMMANDS[0])
    typed_until("poolhouse backup")
    assert ["poolhouse-0.2.0"] * 2 == _versions(machine)
    assert sdk(machine, 0).get_user(AccessToken=token)["Username"] == "jane"
    assert sign_in(sdk(machine, 1), made["client"])
    sdk(machine, 0).admin_create_user(UserPoolId=made["pool"], Username="late", MessageAction="SUPPRESS")

    # And back.
    typed_until("ln -sfn")
    assert ["poolhouse-0.1.0"] * 2 == _versions(machine)
    assert sign_in(sdk(machine, 0), made["client"])

    # What is done from day to day.
    assert "poolhouse messages list" in typed_until("messages drop")
    rotation = next(left)
    assert A_POOL in rotation
    assert f"{made['pool']}  new keys" in machine.type(rotation.replace(A_POOL, made["pool"]))
    assert "ES256" in machine.type(f"poolhouse keys list {made['pool']}")
    typed_until("poolhouse backup")
    (today,) = machine.path("/var/backups/poolhouse").glob("20*.db")
    assert 0o600 == stat.S_IMODE(today.stat().st_mode)

    # Restored: as it was before the upgrade.
    typed_until("poolhouse restore")
    machine.type("curl --fail --silent --retry 30 --retry-delay 1 --retry-all-errors http://127.0.0.1:8081/readyz")
    assert sign_in(sdk(machine, 0), made["client"])
    users = sdk(machine, 0).list_users(UserPoolId=made["pool"])["Users"]
    assert ["jane"] == [user["Username"] for user in users]
    assert [] == list(left)


def _versions(machine: Machine) -> list[str]:
    return [found for command in machine.processes().values() for found in re.findall(r"poolhouse-[\d.]+", command)[:1]]


@pytest.mark.parametrize("commands", ["ln -s x /etc/haproxy/y", "poolhouse backup /tmp/x", "rm -r build", "reboot"])
def test_what_would_reach_the_machine_of_these_tests_is_not_typed(machine: Machine, commands: str) -> None:
    machine.check_out("0.1.0")

    with pytest.raises(AssertionError):
        machine.type(commands)


@pytest.mark.parametrize("commands", COMMANDS)
def test_no_command_of_the_page_reaches_the_machine_of_these_tests(machine: Machine, commands: str) -> None:
    machine.refuse_what_reaches_out(machine.here(commands))
