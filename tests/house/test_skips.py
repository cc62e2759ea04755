"""With POOLHOUSE_TEST_FORBID_SKIPS=1 nothing is skipped in silence. A process of its own runs tests to see it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"
MODULES = {
    "test_marked.py": "import pytest\n@pytest.mark.skip(reason='no server')\ndef test_one(): ...\n",
    "test_inside.py": "import pytest\ndef test_one(): pytest.skip('no server')\n",
    "test_before.py": "import pytest\n@pytest.fixture\ndef uri(): pytest.skip('no server')\ndef test_one(uri): ...\n",
    "test_module.py": "import pytest\npytest.skip('no server', allow_module_level=True)\n",
    "test_expected.py": "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_one(): raise ValueError\n",
}


def last_line(folder: Path, *options: str, forbidden: bool) -> str:
    """How pytest sums up a run over the modules above, beside our conftest."""
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, source in MODULES.items():
        (folder / name).write_text(source, encoding="utf-8")
    environment = {
        **os.environ,
        "POOLHOUSE_TEST_FORBID_SKIPS": "1" if forbidden else "",
        "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return re.sub(r" in .*", "", run.stdout.strip().splitlines()[-1])


def test_every_kind_of_skip_fails_where_skips_are_forbidden(tmp_path: Path) -> None:
    line = last_line(tmp_path, "--continue-on-collection-errors", forbidden=True)

    # What is skipped before a test begins is an error. The failure that was expected is no skip.
    assert line == "1 failed, 1 xfailed, 3 errors"


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    line = last_line(tmp_path, forbidden=False)

    assert line == "4 skipped, 1 xfailed"
