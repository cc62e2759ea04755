"""The factor of docs/writing-a-factor.md passes the tests that stand beside it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.docs.pages import blocks
from tests.examples.installing import PYTEST

OPTIONS = ("-oasyncio_mode=auto", "-oasyncio_default_fixture_loop_scope=function", "-Werror")


def test_the_factor_of_the_page_passes_its_tests(tmp_path: Path) -> None:
    for block in blocks("docs/writing-a-factor.md"):
        assert block.file is not None
        (tmp_path / block.file).write_text(block.text, encoding="utf-8")

    done = subprocess.run(
        [*PYTEST, *OPTIONS, "test_paper_words.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"^\d+ passed in", done.stdout, re.MULTILINE)
