"""Row 35: text is never run. Code comes as installed packages, by the operator."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import poolhouse

ROOT = Path(str(poolhouse.__file__)).parent
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "execfile"}
RUNS_DATA = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "code", "codeop", "ctypes"}
STARTS_PROCESSES = {"subprocess", "os.system", "os.popen", "os.exec", "pty"}


def found_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNS_TEXT:
            yield node.func.id
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in RUNS_DATA | STARTS_PROCESSES)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in RUNS_DATA | STARTS_PROCESSES:
            yield node.module or ""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            if name in STARTS_PROCESSES or name in {"jinja2.Template", "environment.from_string"}:
                yield name


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_runs_text(path: Path) -> None:
    assert [] == list(found_in(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "source",
    ["eval(text)", "exec(code)", "import pickle", "from yaml import load", "os.system(x)", "import subprocess"],
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    assert [] != list(found_in(source))


def test_modules_are_imported_by_names_of_ours_only() -> None:
    """By name are imported: our own parts, operations and faces for plugin authors, and what the operator installed."""
    known = {
        "server/cognito/engine/registry.py",
        "server/parts/__init__.py",
        "hooks/manager.py",
        # What the operator names under [triggers]. A pool names an ARN, which is only looked up.
        "plugins/lambda_bridge/targets.py",
        "__init__.py",
        "testing/__init__.py",
    }

    users = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if "import_module" in path.read_text(encoding="utf-8") or "entry_points(" in path.read_text(encoding="utf-8")
    }

    assert users <= known
