"""The house checks itself: its import rules, its circles, its words, and what must never be written into it."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "poolhouse").rglob("*.py"))
WRITTEN = {
    ".cfg",
    ".css",
    ".html",
    ".ini",
    ".js",
    ".json",
    ".lock",
    ".md",
    ".py",
    ".sh",
    ".sql",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
}
MADE = {"__pycache__", "build", "dist", "node_modules", "work"}


def written_files() -> Iterator[Path]:
    """Everything somebody wrote: no environment, no cache, no build."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and (path.name == ".ci" or path.name[0] != ".")]
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in folders:
        files += [
            path
            for path in folder.rglob("*")
            if path.is_file() and not MADE.intersection(path.parts[len(ROOT.parts) :])
        ]
    for path in files:
        if path.suffix in WRITTEN or (path.suffix == "" and path.name != "LICENSE"):
            yield path


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_imports_that_must_not_happen_do_not_happen() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr


def test_the_command_line_holds_services_and_reaches_for_no_port_behind_them() -> None:
    commands = [path for path in SOURCES if path.parent.name == "cli"]
    reached = [
        f"{named(path)}:{node.lineno}"
        for path in commands
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("ports", "world")
    ]

    assert commands
    assert [] == reached


def test_no_module_needs_itself() -> None:
    graph = grimp.build_graph("poolhouse", cache_dir=None, exclude_type_checking_imports=True)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    order = list(graphlib.TopologicalSorter(imports).static_order())

    assert len(order) == len(graph.modules)


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_module_that_says_something_says_first_what_it_is(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))

    assert not module.body or ast.get_docstring(module)


def test_no_module_hides_what_it_is_about() -> None:
    vague = {"common", "helpers", "misc", "util", "utils"}

    assert [named(path) for path in SOURCES if vague.intersection(path.with_suffix("").parts)] == []


# A path that exists on one machine only. A word before it makes it part of something else: an address, another path.
ONE_MACHINE = re.compile(r"(?<![\w.:/$}*~-])/(?:home|mnt|opt|root|Users|work)/[\w.-]+")
ONE_INDEX = re.compile(r"--(?:extra-)?index-url[ =]|--trusted-host[ =]|--find-links[ =]|PIP_INDEX_URL=|PIP_FIND_LINKS=")


@pytest.mark.parametrize("pattern", [ONE_MACHINE, ONE_INDEX], ids=["path", "index"])
def test_nothing_written_here_depends_on_one_machine(pattern: re.Pattern[str]) -> None:
    found = [
        f"{named(path)}: {match}"
        for path in written_files()
        if path != Path(__file__)
        for match in pattern.findall(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_the_machine_patterns_know_what_they_look_for() -> None:
    texts = ["see /home/me/x", '"/root/.cache"', "(/work/main)", "pip --index-url=https://pypi.example"]

    assert [bool(ONE_MACHINE.search(text) or ONE_INDEX.search(text)) for text in texts] == [True] * 4
    assert not ONE_MACHINE.search("https://example.test/home/page and .ci/work/x and {base}/work/y")
