"""``deploy/README.md`` names what is there."""

from __future__ import annotations

import re

from tests.support.fronts import DEPLOY


def test_every_file_has_its_line() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)

    told = {name for cell in cells for name in re.findall(r"`([^` ]+)`", cell)}

    there = {f"{path.name}/" if path.is_dir() else path.name for path in DEPLOY.iterdir()}
    assert there - {"README.md"} == told
