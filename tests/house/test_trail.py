"""Every operation says what it leaves in the audit trail, or why it leaves nothing; every word of the trail is used."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from poolhouse.records.audit import Action
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.identity_pools import call as identity_pools
from poolhouse.server.cognito.identity_pools import noted as of_identity_pools
from poolhouse.server.cognito.user_pools import call as user_pools
from poolhouse.server.cognito.user_pools import noted as of_user_pools

ROOT = Path(__file__).parents[2]
ACTIONS = set(get_args(Action))
SERVICES = ((user_pools, of_user_pools), (identity_pools, of_identity_pools))


@pytest.mark.parametrize(("service", "noted"), SERVICES, ids=["user_pools", "identity_pools"])
def test_every_operation_names_its_actions_or_the_reason_why_it_has_none(service: Any, noted: Any) -> None:
    silent = [name for names in noted.SILENT.values() for name in names]
    listed = Counter([*noted.NOTED, *silent])

    assert set() == set(load_operations(service.OPERATIONS)) ^ listed.keys()
    assert [] == [name for name, count in listed.items() if count > 1]
    assert [] == [name for name, actions in noted.NOTED.items() if not actions]


def test_every_action_is_left_by_somebody_and_no_other_is_named() -> None:
    by_operations = (actions for _, noted in SERVICES for actions in noted.NOTED.values())
    named = {action for actions in (*by_operations, *of_user_pools.ELSEWHERE.values()) for action in actions}

    assert ACTIONS == named


def test_the_page_of_security_speaks_of_every_action() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## The trail")[2]

    assert ACTIONS == set(re.findall(r"^\| `([a-z_.]+)` \|", text.partition("\n## ")[0], re.MULTILINE))
