"""One vocabulary: a module or folder under a layer is called by its subject, in the tests too, and no subject has two
names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "poolhouse"
UNIT = ROOT / "tests" / "unit"

SUBJECTS = {
    "access": "Callers, their keys, and what they may do.",
    "accounts": "How users come, change and go.",
    "audit": "The trail of what was done.",
    "census": "How many users a pool has.",
    "clients": "App clients, their secrets and settings.",
    "directory": "Who is meant by a name, and what may be said of them.",
    "domains": "The names under which pools are reached.",
    "factors": "What users prove who they are by, beside a password.",
    "grants": "What a sign-in gives: tokens, and what renews and ends them.",
    "groups": "Groups, and who is in them.",
    "identities": "Who somebody is for an app, by an identifier that says nothing.",
    "jobs": "Work that goes on when the one who began it is gone.",
    "keys": "Keys that sign tokens.",
    "messages": "Messages: their words, their sending, the outbox.",
    "oauth": "What is asked for by OAuth: tokens, and the servers that they are for.",
    "passwords": "Hashes of passwords that come from elsewhere.",
    "plugins": "What plugins keep.",
    "pools": "User pools and what is set for them.",
    "protection": "What keeps guessers out.",
    "server": "The server's own life.",
    "sign_in": "Sign-ins under way, and the codes that are waited for.",
    "transfer": "Users in bulk, in and out.",
    "users": "Users as they are kept, and what proves who they are.",
}
"""The one name of each subject: what is kept, decided and told of it is called by that name in every layer."""

GROUND = {
    "errors": {"base", "reasons", "statements"},
    "records": {"base", "names"},
    "ports": {"world", "arithmetic", "paging", "user_pools", "origin"},
    "flows": {"flow", "loop", "services", "together"},
    "hooks/events": {"base"},
    "hooks/answers": set(),
    "store/repositories": {"cache", "collections", "cursors", "mapping", "shelf"},
    "server/cognito/identity_pools/operations": {"credentials", "developers"},
    "server/cognito/identity_pools/shapes": set(),
    "server/cognito/user_pools/operations": {"passkeys", "profile", "sign_up"},
    "server/cognito/user_pools/shapes": {"passkeys", "triggers"},
}
"""What each layer has of its own, beside subjects. (Operations are told apart by who calls them, too.)"""


def modules(layer: str) -> dict[str, list[Path]]:
    """What stands in a layer, by name, with the files of it."""
    found = {}
    for path in (PACKAGE / layer).iterdir():
        if path.suffix == ".py":
            found[path.stem] = [path]
        elif (path / "__init__.py").exists():
            found[path.name] = [*path.rglob("*.py")]
    found.pop("__init__", None)
    return found


def imported(path: Path) -> set[str]:
    """The modules of ours that a file imports."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def from_layer(paths: list[Path], layer: str) -> set[str]:
    """The subjects of a layer that the files import."""
    start = f"poolhouse.{layer.replace('/', '.')}."
    named = {module.removeprefix(start) for path in paths for module in imported(path) if module.startswith(start)}
    return named - GROUND[layer]


def of_subjects(layer: str) -> list[str]:
    return sorted(modules(layer).keys() - GROUND[layer])


@pytest.mark.parametrize("layer", GROUND)
def test_what_stands_in_a_layer_is_a_subject_or_its_ground(layer: str) -> None:
    assert modules(layer).keys() - SUBJECTS.keys() == GROUND[layer]


def test_every_subject_of_the_list_stands_somewhere() -> None:
    assert SUBJECTS.keys() - set().union(*(modules(layer) for layer in GROUND)) == set()


def test_each_name_of_the_list_stands_for_something_else() -> None:
    assert len(SUBJECTS) == len(set(SUBJECTS.values()))


@pytest.mark.parametrize("layer", ["ports", "store/repositories"])
def test_what_keeps_records_is_called_as_the_records_are(layer: str) -> None:
    kept = {name: from_layer(paths, "records") for name, paths in modules(layer).items() if name not in GROUND[layer]}

    assert {} == {name: records for name, records in kept.items() if records and name not in records}


@pytest.mark.parametrize("subject", of_subjects("records"))
def test_records_are_kept_under_their_own_name(subject: str) -> None:
    assert subject in modules("store/repositories")


@pytest.mark.parametrize("place", ["hooks/events", "hooks/answers"])
def test_a_hook_is_called_as_those_are_who_call_it(place: str) -> None:
    """Each event and answer is used by a module of its subject, below the hooks."""
    users = {
        name
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(PACKAGE / "hooks")
        for name in from_layer([path], place)
        if name in path.relative_to(PACKAGE).with_suffix("").parts
    }

    assert set(of_subjects(place)) == users


def test_tests_of_a_part_stand_in_folders_of_its_name() -> None:
    folders = {path.parent.relative_to(UNIT) for path in UNIT.rglob("*.py")}
    named = [folder for folder in folders if folder != Path()]

    strange = [
        folder.as_posix()
        for folder in named
        if not (PACKAGE / folder).is_dir() and not (PACKAGE / folder).with_suffix(".py").is_file()
    ]
    assert [] == strange


@pytest.mark.parametrize("layer", [layer for layer in GROUND if (UNIT / layer).is_dir()])
def test_tests_of_a_layer_are_sorted_by_subject(layer: str) -> None:
    named = {path.name for path in (UNIT / layer).iterdir() if path.is_dir() and any(path.glob("*.py"))}

    assert named - SUBJECTS.keys() - GROUND[layer] == set()
