"""The pytest plugin in other people's projects: found by itself, in either mode of pytest-asyncio, and without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

USES_IT = """
import pytest

@pytest.mark.asyncio
async def test_it(poolhouse):
    assert (await poolhouse.make_pool()).id
"""
SUITE = """
import pytest
from poolhouse.testing import PasswordFormatSuite

class Wrong:
    name = "wrong"
    def recognises(self, encoded): return encoded == "hash"
    def verify(self, encoded, password): return False

class TestWrong(PasswordFormatSuite):
    known = {"hash": "a horse"}

    @pytest.fixture
    def password_format(self):
        return Wrong()
"""


def run_in(folder: Path, source: str, *options: str, ini: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}", encoding="utf-8")
    (folder / "test_theirs.py").write_text(source, encoding="utf-8")
    # Without the plugins that are there for our own tests: they take longer to load than this takes to run.
    ours = [f"-pno:{name}" for name in ("cacheprovider", "hypothesispytest", "randomly", "xdist")]
    command = [sys.executable, "-m", "pytest", "-q", *ours, *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_the_fixture_works_in_either_mode_with_warnings_as_errors(tmp_path: Path, mode: str) -> None:
    ini = f"asyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"

    run = run_in(tmp_path, USES_IT, ini=ini)

    assert "1 passed" in run.stdout, run.stdout + run.stderr


def test_without_pytest_asyncio_the_fixture_says_what_is_missing(tmp_path: Path) -> None:
    run = run_in(tmp_path, USES_IT, "-p", "no:asyncio", "-W", "ignore")

    assert "The fixture poolhouse needs pytest-asyncio: pip install 'poolhouse[testing]'" in run.stdout


def test_a_failing_suite_shows_the_values(tmp_path: Path) -> None:
    run = run_in(tmp_path, SUITE, "-p", "no:asyncio")

    assert "assert False is True" in run.stdout
