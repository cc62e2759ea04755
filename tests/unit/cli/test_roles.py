"""Roles and policies, as the commands treat them; the simulator."""

from __future__ import annotations

import json
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from poolhouse.cli import roles
from poolhouse.cli.commands import app
from poolhouse.cli.failures import Failure
from poolhouse.errors import RoleNotFound
from poolhouse.flows.access.policies import Permissions
from poolhouse.server.app import Server
from tests.support.roles import allow, deny, document, trust

OWN = document(allow("s3:GetObject", "arn:aws:s3:::b/${k:sub}/*", Sid="Own"))


def written(folder: Path, name: str, value: Any) -> str:
    (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
    return str(folder / name)


def simulated(*words: str) -> tuple[int, list[str]]:
    # A command begins an origin of its own, which is not this test's.
    ended = copy_context().run(CliRunner().invoke, app, ["policies", "simulate", *words], prog_name="poolhouse")
    assert not isinstance(ended.exception, Failure), ended.exception
    return ended.exit_code, ended.stdout.splitlines()


async def test_roles_are_listed_and_shown(server: Server) -> None:
    await server.access.policies.create("shared", document(deny("s3:Delete*")))
    await server.access.roles.create("app", trust(), policies={"own": OWN}, path="/team/")
    await server.access.roles.attach("app", "shared")
    await server.access.roles.revoke_sessions("app")
    (role,) = [each async for each in roles.roles(server)]
    shown = "\n".join(roles.role_lines(server, role))

    assert "arn:aws:iam::000000000000:role/team/app  2 policies  local  made 2027-01-15T08:00:00+00:00" == (
        roles.role_line(server, role)
    )
    for told in (
        "longest   3600 s",
        "attached  shared",
        "revoked   what was made until 2027-",
        '"Sid": "Own"',
        "Federated",
    ):
        assert told in shown
    assert ["shared"] == [each.name async for each in roles.policies(server)]


async def test_the_simulator_asks_a_role_with_all_that_is_attached(server: Server) -> None:
    await server.access.policies.create("shared", document(deny("s3:Delete*", Sid="Keep")))
    await server.access.roles.create("app", trust(), policies={"own": document(allow())})
    await server.access.roles.attach("app", "shared")

    permissions = Permissions(await roles.documents_of(server, "app"))

    assert "denied by shared, statement 1 (Keep)" == roles.verdict(permissions.decide("s3:DeleteObject", "*"))
    assert [
        "  own, statement 1, Allow: matches",
        "  shared, statement 1 (Keep), Deny: does not match: another action",
    ] == roles.explained(permissions, "s3:GetObject", "*")
    with pytest.raises(RoleNotFound):
        await roles.documents_of(server, "none")


def test_the_exit_status_says_whether_it_is_allowed(tmp_path: Path) -> None:
    policy = ["--policy", written(tmp_path, "own.json", OWN), "--action", "s3:GetObject"]
    allowed = simulated(*policy, "--resource", "arn:aws:s3:::b/ada/1", "--context", "K:Sub=ada")
    refused = simulated(*policy, "--resource", "arn:aws:s3:::b/bob/1", "--context", "k:sub=ada")
    unknown = simulated(*policy, "--resource", "arn:aws:s3:::b/bob/1")

    assert (0, ["allowed by own.json, statement 1 (Own)", "  own.json, statement 1 (Own), Allow: matches"]) == allowed
    assert (1, "not allowed: no statement allows it") == (refused[0], refused[1][0])
    assert "  own.json, statement 1 (Own), Allow: does not match: k:sub has no value" == unknown[1][1]


def test_session_policies_and_that_of_guests_limit(tmp_path: Path) -> None:
    policy = ["--policy", written(tmp_path, "all.json", document(allow()))]
    session = ["--session", written(tmp_path, "session.json", document(allow("s3:Get*")))]

    assert 0 == simulated(*policy, *session, "--action", "s3:GetObject")[0]
    assert 1 == simulated(*policy, *session, "--action", "s3:PutObject")[0]
    assert 0 == simulated(*policy, "--guest", "--action", "s3:PutObject")[0]
    limited = simulated(*policy, "--guest", "--action", "dynamodb:GetItem")
    assert (1, "not allowed: the role allows it, and a session policy does not") == (limited[0], limited[1][0])
    assert "  session, guest policy, statement 1 (Guests), Allow: does not match: another action" in limited[1]


def test_a_key_that_is_said_several_times_has_several_values() -> None:
    assert {"k:a": ("x", "y=z", ""), "k:b": "1"} == roles.context_of(["k:a=x", "K:A=y=z", "k:b=1", "k:a="])
    with pytest.raises(Failure, match="expected KEY=VALUE"):
        roles.context_of(["a=b"])


@pytest.mark.parametrize(
    ("value", "is_trust", "told"),
    [
        ("{", False, "cannot be used. The policy is not JSON"),
        (document(allow("nothing")), False, "statement 1: nothing is no action"),
        (trust(), False, "Principal is not known here"),
        (OWN, True, "Resource is not known here"),
        ('{"Statement": [], "Statement": []}', False, "the same key twice"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_with_its_name(
    tmp_path: Path, value: Any, is_trust: bool, told: str
) -> None:
    path = Path(written(tmp_path, "policy.json", value))

    with pytest.raises(Failure, match=told) as refused:
        roles.read_document(path, trust=is_trust)
    assert str(refused.value).startswith(str(path))


def test_a_simulation_needs_somebodys_policies() -> None:
    ended = copy_context().run(CliRunner().invoke, app, ["policies", "simulate", "--action", "s3:GetObject"])

    assert "--role ROLE, or --policy FILE" in str(ended.exception)
