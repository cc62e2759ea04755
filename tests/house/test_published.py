"""What is published is used: every setting is read by somebody, and every hook is called by somebody."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from poolhouse.config.settings import Settings
from poolhouse.hooks import specs

SOURCE = Path(__file__).parents[2] / "src" / "poolhouse"
# They declare settings, and fill them in; that is no use of them.
DECLARING = ("config/settings.py", "config/loading.py", "config/values.py")


def settings() -> Iterator[tuple[str, str]]:
    example = Settings()
    for section in dataclasses.fields(Settings):
        part = getattr(example, section.name)
        if dataclasses.is_dataclass(part):
            yield from ((section.name, field.name) for field in dataclasses.fields(part))


HOOKS = sorted(
    node.name
    for node in ast.parse((SOURCE / "hooks" / "specs.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
)


class Used(NamedTuple):
    """What a module uses: every name behind a dot, and every text, where it reads attributes by name; every word that
    stands in it; the hooks that it names as ``specs.<hook>``."""

    read: set[str]
    words: str
    hooks: set[str]


@cache
def used() -> dict[str, Used]:
    """By module. Read when a test asks for it, and not while tests are collected; no tree is kept."""
    paths = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py")}
    return {name: used_in(ast.parse(path.read_text(encoding="utf-8"))) for name, path in paths.items()}


def used_in(tree: ast.Module) -> Used:
    read, texts, words, hooks = set[str](), set[str](), set[str](), set[str]()
    for node in ast.walk(tree):
        words.update(value for _, value in ast.iter_fields(node) if isinstance(value, str))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            read.add(node.attr)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "specs":
            hooks.add(node.attr)
    return Used(read | texts if "getattr" in words else read, "\n".join(words), hooks)


@pytest.mark.parametrize("setting", sorted(settings()), ids=".".join)
def test_every_setting_is_read_by_somebody(setting: tuple[str, str]) -> None:
    section, name = setting

    assert [
        module
        for module, found in used().items()
        if module not in DECLARING
        # Or the module is handed the section as a whole, and reads it.
        and name in found.read
        and (section in found.read or section.capitalize() in found.words)
    ]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_called_by_somebody(hook: str) -> None:
    callers = [module for module, found in used().items() if not module.startswith("hooks/") and hook in found.hooks]

    assert hasattr(specs, hook)
    assert callers
