"""One vocabulary: a module or folder under a layer is called by its subject, and no subject has two names."""

from __future__ import annotations

from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "poolhouse"

SUBJECTS = {
    "access": "callers, their keys and rights",
    "accounts": "users, as they come and change",
    "audit": "the trail",
    "clients": "app clients",
    "directory": "who is who in a pool",
    "grants": "what a sign-in gives",
    "groups": "groups and who is in them",
    "jobs": "work that goes on when the one who began it is gone",
    "keys": "keys that sign tokens",
    "messages": "messages, and the outbox",
    "passwords": "hashes of passwords",
    "plugins": "what plugins keep",
    "pools": "user pools",
    "protection": "what keeps guessers out",
    "server": "the server's own life",
    "services": "flows, wired to each other",
    "sign_in": "sign-ins under way",
    "tokens": "tokens about to be signed",
    "users": "users, as they are",
}

GROUND = {
    "errors": {"base", "reasons", "statements"},
    "records": {"base", "names"},
    "ports": {"world", "arithmetic", "paging", "user_pools", "origin"},
    "flows": {"flow", "loop"},
    "hooks/events": {"base"},
    "hooks/answers": set(),
    "store/repositories": {"cache", "collections", "cursors", "mapping"},
}
"""What each layer has of its own, beside subjects."""


def named_in(layer: str) -> set[str]:
    found = {
        path.stem for path in (PACKAGE / layer).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    return found - {"__init__"}


@pytest.mark.parametrize("layer", GROUND)
def test_what_stands_in_a_layer_is_a_subject_or_its_ground(layer: str) -> None:
    assert named_in(layer) - SUBJECTS.keys() == GROUND[layer]


def test_every_subject_of_the_list_stands_somewhere() -> None:
    assert SUBJECTS.keys() - set().union(*(named_in(layer) for layer in GROUND)) == set()
