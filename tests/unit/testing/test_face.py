"""The two faces for authors, ``poolhouse`` and ``poolhouse.testing``: every name is there, and none costs anything
before it is used."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

import poolhouse
from poolhouse import testing
from poolhouse.hooks.dispatch import every_hook

FACES = [poolhouse, testing]


def typed_names(module: types.ModuleType) -> list[str]:
    """What a type checker sees: the imports under ``TYPE_CHECKING``."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    return sorted(
        alias.name
        for guarded in tree.body
        if isinstance(guarded, ast.If)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_what_a_type_checker_sees_is_what_is_there(face: types.ModuleType) -> None:
    assert sorted(face.__all__) == typed_names(face)
    assert [name for name in face.__all__ if not hasattr(face, name)] == []
    assert set(face.__all__) <= set(dir(face))


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_a_name_comes_from_where_the_type_checker_thinks(face: types.ModuleType) -> None:
    tree = ast.parse(Path(str(face.__file__)).read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("poolhouse.")
        for alias in node.names
    }

    strangers = [
        name for name, home in homes.items() if getattr(importlib.import_module(home), name) is not getattr(face, name)
    ]

    assert strangers == []


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_a_name_that_is_not_there_is_missed(face: types.ModuleType) -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing_like_it'"):
        face.nothing_like_it  # noqa: B018


def test_every_event_is_there() -> None:
    named = {inspect.get_annotations(hook)["event"] for hook in every_hook().values()}
    events = {name.rpartition(".")[2] for name in named}

    assert events - set(poolhouse.__all__) == set()


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh process has loaded after the code."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json; print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(run.stdout))


def test_importing_the_face_loads_nothing_else_of_ours() -> None:
    ours = {name for name in loaded_by("import poolhouse") if name.startswith("poolhouse")}

    assert ours == {"poolhouse"}


def test_the_pytest_plugin_loads_nothing_that_a_stranger_would_wait_for() -> None:
    loaded = loaded_by("import poolhouse.testing.plugin")

    assert {name for name in loaded if name.startswith("poolhouse")} == {
        "poolhouse",
        "poolhouse.testing",
        "poolhouse.testing.plugin",
    }
    assert loaded & {"aiohttp", "boto3", "botocore", "cryptography", "msgspec", "pytest_asyncio"} == set()
