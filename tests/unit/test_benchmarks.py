"""The benchmarks run, and say what they measured. What they measure is another question, for a quiet machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.results import HEAD

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processor time of other processes is read in Linux's way"
)


def test_a_quick_run_prints_a_table_with_every_figure_of_the_work() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--only", "discovery"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (0, "") == (ran.returncode, ran.stderr)
    head, rule, row = ran.stdout.splitlines()
    assert HEAD == _cells(head)
    assert {"-"} == set(rule) - {"|", " "}
    work, limit, limit_figure, measured, beside, share, reach, verdict = _cells(row)
    assert ("Discovery", "A", ">= 0.8") == (work, limit, reach)
    assert 0 < int(limit_figure) < int(measured.replace(",", "")) * 10
    assert abs(int(measured) - int(limit_figure) - int(beside)) <= 1
    assert 0 < float(share) < 10
    assert verdict in ("reached", "missed")


def test_a_name_that_is_not_measured_is_refused() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "everything"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert 2 == ran.returncode
    assert "'everything'" in ran.stderr


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("|").split("|"))
