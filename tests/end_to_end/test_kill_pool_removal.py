"""A server that is killed, or told to stop, while it empties a deleted pool goes on with it after its restart."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from poolhouse.store.keys import pack
from tests.support import server_process
from tests.support.live import Live
from tests.support.server_process import ServerProcess

PEOPLE = 12_000
PATIENCE = 60.0


def fill(database: Path, pool_id: str) -> None:
    """Documents of so many people are there, each with a name."""
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        for table in ("c_users", "c_names"):
            rows = [
                (pack((pool_id, f"person-{number:05}")), pool_id, json.dumps({"sub": str(number)}).encode(), 1)
                for number in range(PEOPLE)
            ]
            connection.executemany(f"INSERT INTO {table} (key, tenant, value, version) VALUES (?, ?, ?, ?)", rows)


def left(database: Path, pool_id: str) -> int:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table} WHERE tenant = ?", (pool_id,)).fetchone()[0]
            for table in ("c_users", "c_names", "c_clients", "c_signing_keys")
        ]
    return sum(counts)


def let_the_lease_run_out(database: Path, pool_id: str) -> None:
    """The time is over for which whoever did the job had it to itself: nobody waits for that here. How long it is, and
    that it is kept, is shown in ``tests/unit/flows/test_jobs.py``."""
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        (found,) = connection.execute("SELECT key, value FROM c_jobs WHERE instr(key, ?)", (pool_id,)).fetchall()
        job = json.loads(found[1])
        if job.get("state") == "running":
            value = json.dumps({**job, "until": time.time()}).encode()
            connection.execute("UPDATE c_jobs SET value = ? WHERE key = ?", (value, found[0]))


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("ended", [ServerProcess.kill, ServerProcess.end], ids=["killed", "stopped"])
def test_the_removal_of_a_pool_goes_on_after_the_restart(
    tmp_path: Path, ended: Callable[[ServerProcess], None]
) -> None:
    database = tmp_path / "removal.db"
    server = server_process.start(f"sqlite:{database}", tmp_path, "server")
    try:
        live = Live(server.base_url, server.outbox, "sqlite")
        pool = live.pool()
        live.client(pool)
        fill(database, pool.id)

        live.aws.delete_user_pool(UserPoolId=pool.id)
        with pytest.raises(live.errors.ResourceNotFoundException):
            live.aws.describe_user_pool(UserPoolId=pool.id)
        wait_until(lambda: left(database, pool.id) < 2 * PEOPLE)
        ended(server)
        cut_short = left(database, pool.id)
        let_the_lease_run_out(database, pool.id)
        server = server_process.start(f"sqlite:{database}", tmp_path, "server", port=server.port)

        assert cut_short > 0
        wait_until(lambda: left(database, pool.id) == 0)
    finally:
        server.end()
