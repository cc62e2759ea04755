"""The project that ``poolhouse plugins new`` makes builds, passes its test and its types as it is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.examples.installing import PYTEST, as_installed
from tests.support.command import run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ended = run("plugins", "new", "good-names", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    return tmp_path / "poolhouse-good-names"


def ended(*command: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=240, check=False)


def test_a_new_plugin_passes_its_tests_and_its_types(project: Path, tmp_path: Path) -> None:
    env = as_installed(project, tmp_path)

    tested = ended(*PYTEST, folder=project, env=env)
    typed = ended(sys.executable, "-m", "mypy", folder=project, env=env | {"MYPYPATH": "src"})

    assert "2 passed" in tested.stdout, tested.stdout[-2000:]
    assert typed.returncode == 0, typed.stdout[-2000:]


def test_a_new_plugin_is_built_to_a_wheel_with_its_entry_point(project: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    words = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(wheels), ".")

    built = ended(sys.executable, "-m", "pip", *words, folder=project, env=as_installed(project, tmp_path))

    assert built.returncode == 0, built.stderr[-2000:]
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
        points = files.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert "good-names = poolhouse_good_names:GoodNames" in points
    assert "poolhouse_good_names/py.typed" in names


def test_a_new_plugin_has_ci_that_runs_both(project: Path) -> None:
    workflow = (project / ".github" / "workflows" / "ci.yml").read_text()

    assert [step for step in ("run: pytest", "run: mypy") if step not in workflow] == []


def test_nothing_is_written_over(project: Path, tmp_path: Path) -> None:
    again = run("plugins", "new", "good-names", folder=tmp_path)

    assert (1, True) == (again.returncode, "is there already" in again.stderr)


@pytest.mark.parametrize("name", ["Good", "a--b", "../up", "-x", "a_b"])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    refused = run("plugins", "new", "--", name, folder=tmp_path)

    assert (2, []) == (refused.returncode, list(tmp_path.iterdir()))
