from __future__ import annotations

from pathlib import Path

import pytest

from poolhouse.server.cognito.catalogue import Service, main, render, services
from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.identity_pools.call import OPERATIONS as OF_IDENTITY_POOLS
from poolhouse.server.cognito.identity_pools.model import identity_pools_model
from poolhouse.server.cognito.not_offered import SUBJECTS, reasons
from poolhouse.server.cognito.user_pools.call import OPERATIONS
from poolhouse.server.cognito.user_pools.noted import NOTED, SILENT


def page_of(model: ServiceModel, answered: set[str]) -> str:
    return render([Service(title="T", model=model, answered=answered, noted=NOTED, silent=SILENT, reasons=SUBJECTS)])


def test_each_operation_stands_in_the_page_once(model: ServiceModel) -> None:
    page = page_of(model, {"GetUser", "SignUp"})

    assert [1] * 141 == [page.count(f"| `{name}` |") for name in model.operations]


def test_the_page_tells_who_may_call_and_why_an_operation_is_not_answered(model: ServiceModel) -> None:
    page = page_of(model, {"GetUser", "SignUp"})

    assert "| `SignUp` | anybody | `sign_up`, `code.requested`, `client.refused` |\n\n### T: not answered" in page
    assert "| `GetUser` | access token | nothing: reads the user's own record; " in page
    assert "| `ListUserSessions` | access token | lists of a user's sessions are not part of this version |" in page
    assert "| `AdminGetUser` | signature | it is not part of this version |" in page
    assert "`cognito-idp`, 141 operations: 2 are answered, 139 are not." in page


def test_every_operation_is_answered_or_has_a_reason(model: ServiceModel) -> None:
    assert model.operations.keys() == load_operations(OPERATIONS).keys() | reasons().keys()


def test_the_page_has_every_service_with_what_it_leaves_in_the_trail() -> None:
    page = render(services())

    assert ["## User pools", "## Identity pools"] == [line for line in page.splitlines() if line.startswith("## ")]
    assert "| `CreateIdentityPool` | signature | `identity_pool.created` |" in page
    assert "| ? |" not in page
    assert load_operations(OF_IDENTITY_POOLS).keys() <= identity_pools_model().operations.keys()


def test_an_answered_operation_loses_its_reason(model: ServiceModel) -> None:
    assert "| `ListUserSessions` | access token | lists" not in page_of(model, {"ListUserSessions"})


def test_the_page_is_written_and_then_found_up_to_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "docs" / "operations.md"

    assert 1 == main(["--check", "--path", str(path)])
    assert "not up to date" in capsys.readouterr().err
    assert 0 == main(["--path", str(path)])
    assert 0 == main(["--check", "--path", str(path)])
    path.write_text(path.read_text() + "more")
    assert 1 == main(["--check", "--path", str(path)])
