"""What is published is used: every setting is read by somebody, and every hook is called by somebody."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from poolhouse.config.settings import Settings
from poolhouse.hooks import specs

SOURCE = Path(__file__).parents[2] / "src" / "poolhouse"
TREES = {
    path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")
}
# They declare settings, and fill them in; that is no use of them.
DECLARING = ("config/settings.py", "config/loading.py", "config/values.py")


def settings() -> Iterator[tuple[str, str]]:
    example = Settings()
    for section in dataclasses.fields(Settings):
        part = getattr(example, section.name)
        if dataclasses.is_dataclass(part):
            yield from ((section.name, field.name) for field in dataclasses.fields(part))


def read_in(tree: ast.Module) -> set[str]:
    """Every name behind a dot; and every text, where a module reads attributes by name."""
    nodes = list(ast.walk(tree))
    found = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    if any(isinstance(node, ast.Name) and node.id == "getattr" for node in nodes):
        found |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return found


READ = {name: read_in(tree) for name, tree in TREES.items() if name not in DECLARING}
HOOKS = sorted(
    node.name
    for node in TREES["hooks/specs.py"].body
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
)


@pytest.mark.parametrize("setting", sorted(settings()), ids=".".join)
def test_every_setting_is_read_by_somebody(setting: tuple[str, str]) -> None:
    section, name = setting

    assert [module for module, found in READ.items() if {section, name} <= found or _passes(module, section, name)]


def _passes(module: str, section: str, name: str) -> bool:
    """Whether the module is handed the section as a whole, and reads it."""
    return name in READ[module] and section.capitalize() in ast.dump(TREES[module])


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_called_by_somebody(hook: str) -> None:
    callers = [
        module
        for module, tree in TREES.items()
        if not module.startswith("hooks/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == hook
        and isinstance(node.value, ast.Name)
        and node.value.id == "specs"
    ]

    assert hasattr(specs, hook)
    assert callers
