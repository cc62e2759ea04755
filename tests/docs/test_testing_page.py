"""Each example of docs/testing.md is a file of tests that passes, beside the plugin of docs/plugins.md."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import Block, blocks
from tests.examples.installing import PYTEST, as_installed
from tests.support.hook_passages import passages

BLOCKS = blocks("docs/testing.md")
OPTIONS = ("-oasyncio_mode=auto", "-oasyncio_default_fixture_loop_scope=function", "-Werror")


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    """The project of docs/plugins.md, and the plugins of docs/hooks.md that the page tests."""
    folder = tmp_path / "guide"
    for block in blocks("docs/plugins.md"):
        if block.file is not None:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")
    for module, hook in {"old_site": "migrate_user", "old_hashes": "register_password_formats"}.items():
        (folder / "src" / f"{module}.py").write_text(passages()[hook].example, encoding="utf-8")
    return folder


def test_every_example_is_python() -> None:
    assert {"python"} == {block.language for block in BLOCKS}


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_an_example_passes(block: Block, guide: Path, tmp_path: Path) -> None:
    (tmp_path / "test_shown.py").write_text(block.text, encoding="utf-8")

    done = subprocess.run(
        [*PYTEST, *OPTIONS, "test_shown.py"],
        cwd=tmp_path,
        env=as_installed(guide, tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"^\d+ passed in", done.stdout, re.MULTILINE)
