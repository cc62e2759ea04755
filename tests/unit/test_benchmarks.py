"""The benchmarks run, and say what they measured. What they measure is another question, for a quiet machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.factors import STEP, App
from benchmarks.load import Unexpected
from benchmarks.results import HEAD
from benchmarks.works import OAUTH, WORKS

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processor time of other processes is read in Linux's way"
)


def test_a_quick_run_prints_a_table_with_every_figure_of_the_work() -> None:
    ran = _run("--quick", "--only", "discovery")

    assert (0, "") == (ran.returncode, ran.stderr)
    head, rule, row = ran.stdout.splitlines()
    assert HEAD == _cells(head)
    assert {"-"} == set(rule) - {"|", " "}
    work, limit, limit_figure, measured, beside, share, reach, verdict = _cells(row)
    assert ("Discovery", "A", ">= 1.0") == (work, limit, reach)
    assert 0 < int(limit_figure) < int(measured.replace(",", "")) * 10
    assert abs(int(measured) - int(limit_figure) - int(beside)) <= 1
    assert 0 < float(share) < 10
    assert verdict in ("reached", "missed")


def test_people_go_through_the_pages_and_the_token_endpoint() -> None:
    ran = _run("--quick", "--only", "code-exchange", "token-refresh", "authorize", "sign-in-page")

    assert (0, "") == (ran.returncode, ran.stderr)
    rows = [_cells(line) for line in ran.stdout.splitlines()[2:]]
    assert [
        ("Code exchange with PKCE", "A + 2 signatures", ">= 0.6"),
        ("Refresh with rotation at the token endpoint", "A + 2 signatures", ">= 0.68"),
        ("Authorization request of who is signed in", "A", ""),
        ("Sign-in page", "A", ">= 0.3"),
    ] == [(work, limit, reach) for work, limit, _, _, _, _, reach, _ in rows]


def test_the_rows_of_oauth_have_one_name() -> None:
    assert set(OAUTH) <= {work.name for work in WORKS}
    assert len(OAUTH) == len(set(OAUTH))


def test_an_app_says_how_long_until_it_has_a_code_that_nobody_used() -> None:
    at = [1_000_000.0 * STEP + 10]
    app = App("JBSWY3DPEHPK3PXP" * 2, lambda: at[0])

    waits, shown = [], []
    for _ in range(6):
        waits.append(app.wait())
        at[0] += app.wait()
        shown.append(app.code())

    # The step before, this one and the next one are good; then each code is there when its step is the next.
    assert [0, 0, 0, 20, 30, 30] == waits
    assert len(shown) == len(set(shown))
    with pytest.raises(Unexpected):
        app.code()


def test_live_sessions_are_counted_when_asked_for_and_nothing_else_is() -> None:
    ran = _run("--sessions", "40")

    assert (0, "") == (ran.returncode, ran.stderr)
    works = [_cells(line)[0] for line in ran.stdout.splitlines()[2:]]
    assert 4 == len(works)
    assert all(work.startswith("40 live sessions of browsers: ") for work in works)


@pytest.mark.parametrize("asked", [("--only", "everything"), ("--sessions", "-1")])
def test_what_is_not_measured_is_refused(asked: tuple[str, str]) -> None:
    ran = _run(*asked)

    assert 2 == ran.returncode
    assert f"'{asked[1]}'" in ran.stderr


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("|").split("|"))
