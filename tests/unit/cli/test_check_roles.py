"""A file of roles that cannot be used stops the start, and ``poolhouse check`` says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from poolhouse.cli.checking import check
from poolhouse.config.settings import Access, Identities
from poolhouse.server.app import build
from poolhouse.server.ground import NotStartable
from tests.support.command import MASTER_KEY
from tests.support.roles import allow, arn, document, trust
from tests.unit.cli.world import SETTINGS

ROLES = {"app": {"AssumeRolePolicyDocument": trust(), "PolicyDocument": document(allow())}}


async def checked(monkeypatch: pytest.MonkeyPatch, **variables: str) -> tuple[int, dict[str, str]]:
    monkeypatch.setenv("POOLHOUSE_STORE", "memory:")
    monkeypatch.setenv("POOLHOUSE_MASTER_KEY", MASTER_KEY)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    told: dict[str, str] = {}
    status = await check(None, connect=False, tell=told.__setitem__)
    return status, told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file"),
        (b"\xff", "is not text in UTF-8"),
        (b"{", "cannot be used. The policy is not JSON"),
        (json.dumps({"app": {**ROLES["app"], "PolicyDocument": {}}}).encode(), "cannot be used. The role app: "),
    ],
)
async def test_a_file_that_cannot_be_used_stops_the_start_with_a_sentence_and_check_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes | None, told: str
) -> None:
    path = tmp_path / "roles.json"
    if text is not None:
        path.write_bytes(text)

    with pytest.raises(NotStartable) as stopped:
        await build(replace(SETTINGS, access=Access(roles_file=str(path))), [bytes(32)])
    status, said = await checked(monkeypatch, POOLHOUSE_ROLES_FILE=str(path))

    assert told in str(stopped.value)
    assert f"The file of roles {path}" in str(stopped.value)
    assert "\n" not in str(stopped.value)
    assert (2, f"WRONG: {stopped.value}") == (status, said["roles"])


async def test_a_policy_for_guests_that_is_none_stops_the_start_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotStartable, match="guest_policy cannot be used"):
        await build(replace(SETTINGS, identities=Identities(guest_policy="{}")), [bytes(32)])
    status, said = await checked(monkeypatch, POOLHOUSE_IDENTITIES_GUEST_POLICY="{}")

    assert 2 == status
    assert said["roles"].startswith("WRONG: The setting identities.guest_policy cannot be used.")


async def test_the_roles_of_a_good_file_are_told_and_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "roles.json"
    path.write_text(json.dumps(ROLES))

    server = await build(replace(SETTINGS, access=Access(roles_file=str(path))), [bytes(32)])
    found = await server.access.book.find(arn("app").replace("123456789012", SETTINGS.server.account_id))
    await server.workers.close()
    status, said = await checked(monkeypatch, POOLHOUSE_ROLES_FILE=str(path))

    assert found is not None
    assert (0, "ok (app)") == (status, said["roles"])
