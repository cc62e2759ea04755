"""A project that seems to be installed: its source is on the path, and the metadata that its project file gives it."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

_WITHOUT = ("cacheprovider", "hypothesispytest", "randomly", "xdist")
PYTEST = [sys.executable, "-m", "pytest", "-q", *(f"-pno:{name}" for name in _WITHOUT)]
"""As a stranger has it: without the plugins that are there for our own tests, which take longer to load than theirs
take to run."""


def as_installed(project: Path, folder: Path) -> dict[str, str]:
    """An environment for a process that finds the project like an installed distribution. ``folder`` is for the
    metadata."""
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = folder / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n", encoding="utf-8"
    )
    points = [f"{name} = {value}" for name, value in about["entry-points"]["poolhouse"].items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[poolhouse]", *points, ""]), encoding="utf-8")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(project / "src")]),
        "PYTEST_ADDOPTS": "",
    }
