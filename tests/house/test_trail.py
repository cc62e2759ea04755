"""Every operation says what it leaves in the audit trail, or why it leaves nothing; every word of the trail is used."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import get_args

from poolhouse.records.audit import Action
from poolhouse.server.cognito.engine.registry import load_operations
from poolhouse.server.cognito.user_pools.call import OPERATIONS
from poolhouse.server.cognito.user_pools.noted import ELSEWHERE, NOTED, SILENT

ROOT = Path(__file__).parents[2]
ACTIONS = set(get_args(Action))


def test_every_operation_names_its_actions_or_the_reason_why_it_has_none() -> None:
    silent = [name for names in SILENT.values() for name in names]
    listed = Counter([*NOTED, *silent])

    assert set() == set(load_operations(OPERATIONS)) ^ listed.keys()
    assert [] == [name for name, count in listed.items() if count > 1]
    assert [] == [name for name, actions in NOTED.items() if not actions]


def test_every_action_is_left_by_somebody_and_no_other_is_named() -> None:
    named = {action for actions in (*NOTED.values(), *ELSEWHERE.values()) for action in actions}

    assert ACTIONS == named


def test_the_page_of_security_speaks_of_every_action() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## The trail")[2]

    assert ACTIONS == set(re.findall(r"^\| `([a-z_.]+)` \|", text.partition("\n## ")[0], re.MULTILINE))
