"""An import that is killed goes on where it stopped, and nobody imports into the same pool meanwhile."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import PATIENCE, Running, free_port, run, started

PEOPLE = 5_000
CROWD = 50_000
LEASE = 10


@pytest.fixture
def pool(tmp_path: Path) -> str:
    """The demo pool, and files of people beside the store; no server runs."""
    with started("dev", folder=tmp_path, env={"POOLHOUSE_LISTEN": f"127.0.0.1:{free_port()}"}) as process:
        process.wait_for("Try: aws")
        (pool_id,) = re.findall(r"demo pool +(\S+)", process.stdout)
        process.send(signal.SIGTERM)
        assert process.end() == 0
    for name, size in (("people.jsonl", PEOPLE), ("crowd.jsonl", CROWD)):
        lines = (json.dumps({"username": f"person-{number:05}"}) + "\n" for number in range(size))
        (tmp_path / name).write_text("".join(lines))
    return pool_id


@contextmanager
def importing(folder: Path, pool: str, name: str) -> Iterator[Running]:
    """An import under way, with some hundred lines done."""
    with started("users", "import", pool, name, folder=folder) as process:
        wait_until(lambda: job(folder).get("progress", {}).get("lines", 0) > 200)
        yield process


def job(folder: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(folder / "poolhouse.db", timeout=30)) as connection:
        rows = connection.execute("SELECT value FROM c_jobs").fetchall()
    return json.loads(rows[0][0]) if rows else {}


def people(folder: Path) -> int:
    """How many users there are; what stands in the place of one who was never finished is none."""
    there = "SELECT count(*) FROM c_users WHERE CAST(value AS TEXT) NOT LIKE '%\"gone\"%'"
    with closing(sqlite3.connect(folder / "poolhouse.db", timeout=30)) as connection:
        return int(connection.execute(there).fetchone()[0])


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_import_goes_on_after_its_last_line_when_it_is_run_again(tmp_path: Path, pool: str) -> None:
    with importing(tmp_path, pool, "people.jsonl") as process:
        process.send(signal.SIGKILL)
        assert process.end() == -signal.SIGKILL
    done, some = job(tmp_path)["progress"]["lines"], people(tmp_path)
    assert 200 < done < PEOPLE

    again = run("users", "import", pool, "people.jsonl", folder=tmp_path)

    assert again.returncode == 0, again.stderr
    assert int(re.findall(r"waiting (\d+) s at most", again.stderr)[0]) <= LEASE
    assert f"going on after line {done}," in again.stderr
    imported, skipped = re.findall(r"(\d+) imported, (\d+) skipped", again.stdout)[0]
    assert PEOPLE == int(imported) + int(skipped) == people(tmp_path)
    # Those who were there already when the progress of their lines was not written yet.
    assert some - done == int(skipped)
    assert ("done", PEOPLE) == (job(tmp_path)["state"], job(tmp_path)["progress"]["lines"])


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_import_that_is_stopped_in_order_goes_on_at_once(
    tmp_path: Path, pool: str, number: signal.Signals, status: int
) -> None:
    with importing(tmp_path, pool, "people.jsonl") as process:
        process.send(number)
        assert process.end() == status
    # Nobody holds it: what is as it is at first is not written down.
    assert "owner" not in job(tmp_path)

    again = run("users", "import", pool, "people.jsonl", folder=tmp_path)

    assert again.returncode == 0, again.stderr
    assert "going on after line" in again.stderr
    assert "waiting" not in again.stderr
    assert people(tmp_path) == PEOPLE


def test_an_import_under_way_is_the_only_one_and_can_be_seen_and_cancelled(tmp_path: Path, pool: str) -> None:
    job_id = f"user-import/{pool}"
    with importing(tmp_path, pool, "crowd.jsonl") as process:
        second = run("users", "import", pool, "people.jsonl", folder=tmp_path)
        listed = run("jobs", "list", folder=tmp_path)
        cancelled = run("jobs", "cancel", job_id, folder=tmp_path)

        assert process.end() == 1
        assert "The import was cancelled. What it had imported by then stays.\n" == process.stderr
    again = run("jobs", "cancel", job_id, folder=tmp_path)

    assert (1, "") == (second.returncode, second.stdout)
    assert second.stderr.endswith("Another import into this pool is under way.\n")
    assert re.match(rf"{job_id} +running +leased until \S+  lines \d+, imported \d+", listed.stdout)
    assert f"{job_id} ends after the part that is under way.\n" == cancelled.stdout
    assert (1, f"{job_id} has ended already.\n") == (again.returncode, again.stderr)
    assert 0 < people(tmp_path) < CROWD
