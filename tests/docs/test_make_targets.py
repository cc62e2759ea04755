"""The pages that show targets of the Makefile name such as there are. Running them is what ``.ci/run`` does, and
takes minutes."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from tests.docs.pages import ROOT, Block, blocks

SHOWN = [
    (block, line)
    for page in ("CONTRIBUTING.md", "docs/performance.md")
    for block in blocks(page)
    for line in block.text.splitlines()
]


@pytest.mark.parametrize(("block", "line"), SHOWN, ids=lambda value: str(value))
def test_a_target_that_is_shown_is_there(block: Block, line: str) -> None:
    words = shlex.split(line, comments=True)

    done = subprocess.run([*words, "--dry-run"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert "sh" == block.language
    assert (0, "make") == (done.returncode, words[0]), done.stderr
