"""Each example is a package of its own, whose tests pass. ``.ci/run`` installs the wheels as a stranger does; here a
package seems to be installed: its source and the metadata that its project file gives it are on the path."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))


def project_of(example: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((example / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def installed(example: Path, folder: Path) -> str:
    """A search path on which the example is found like an installed distribution."""
    project = project_of(example)
    metadata = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    points = [f"{name} = {value}" for name, value in project["entry-points"]["poolhouse"].items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[poolhouse]", *points, ""]), encoding="utf-8")
    return os.pathsep.join([str(folder), str(example / "src")])


def test_there_are_examples() -> None:
    assert [example.name for example in EXAMPLES] == ["plugin_invite_only", "plugin_migrate_sqlite"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_tests_of_an_example_pass(example: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": installed(example, tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", str(example / "tests")]

    run = subprocess.run(
        command, cwd=example, env=environment, capture_output=True, text=True, timeout=120, check=False
    )

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "skipped" not in run.stdout


def test_the_smallest_example_is_small() -> None:
    module = ROOT / "examples" / "plugin_invite_only" / "src" / "poolhouse_invite_only" / "__init__.py"

    assert len(module.read_text(encoding="utf-8").splitlines()) < 20
