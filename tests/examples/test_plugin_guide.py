"""The project of docs/plugins.md, put into a folder as it stands there, passes its tests."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.examples.installing import PYTEST, as_installed

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the files of the page: each stands in a code block behind its name."""
    folder = tmp_path / "poolhouse-reserved-names"
    page = PAGE.read_text(encoding="utf-8")
    for name, text in re.findall(r"^`([\w./]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_page_has_the_whole_project(project: Path) -> None:
    files = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}

    assert files == {
        "pyproject.toml",
        "src/poolhouse_reserved_names/__init__.py",
        "tests/test_reserved_names.py",
        "poolhouse.toml",
    }


def test_the_tests_of_the_project_pass(project: Path, tmp_path: Path) -> None:
    command = [*PYTEST, "-W", "error", "tests"]

    run = subprocess.run(
        command,
        cwd=project,
        env=as_installed(project, tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "4 passed" in run.stdout


def test_the_plugin_shows_itself_as_the_page_says(project: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "poolhouse", "plugins"],
        cwd=project,
        env=as_installed(project, tmp_path) | {"POOLHOUSE_STORE": "memory:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    (line,) = [line for line in run.stdout.splitlines() if line.startswith("pre_sign_up")]
    assert line in PAGE.read_text(encoding="utf-8")


def test_the_settings_of_the_page_are_the_plugins(project: Path) -> None:
    settings = tomllib.loads((project / "poolhouse.toml").read_text(encoding="utf-8"))
    points = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]

    assert settings["plugins"].keys() == points["poolhouse"].keys()
