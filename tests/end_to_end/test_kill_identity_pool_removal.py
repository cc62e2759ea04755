"""A server that is killed, or told to stop, while it empties a deleted identity pool goes on after its restart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from poolhouse.store.keys import pack
from tests.end_to_end.test_kill_pool_removal import let_the_lease_run_out, wait_until
from tests.support import server_process
from tests.support.live import Live, unique
from tests.support.server_process import REGION, ServerProcess

PEOPLE = 6_000


def identity_id(number: int) -> str:
    return f"{REGION}:00000000-0000-4000-8000-{number:012}"


def fill(database: Path, pool_id: str) -> None:
    """So many identities are there, each with a login."""
    everybody = range(PEOPLE)
    rows = {
        "c_pool_identities": [(pack((pool_id, identity_id(number))), pool_id, {}) for number in everybody],
        "c_identities": [
            (pack((identity_id(number),)), identity_id(number), {"id": identity_id(number), "pool_id": pool_id})
            for number in everybody
        ],
        "c_logins": [(pack((pool_id, f"{number:064}")), pool_id, {"provider": "p"}) for number in everybody],
    }
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        for table, entries in rows.items():
            connection.executemany(
                f"INSERT INTO {table} (key, tenant, value, version) VALUES (?, ?, ?, 1)",
                [(key, tenant, json.dumps(value).encode()) for key, tenant, value in entries],
            )


def left(database: Path) -> int:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("c_identities", "c_pool_identities", "c_logins")
        ]
    return sum(counts)


@pytest.mark.parametrize("ended", [ServerProcess.kill, ServerProcess.end], ids=["killed", "stopped"])
def test_the_removal_of_an_identity_pool_goes_on_after_the_restart(
    tmp_path: Path, ended: Callable[[ServerProcess], None]
) -> None:
    database = tmp_path / "removal.db"
    server = server_process.start(f"sqlite:{database}", tmp_path, "server")
    try:
        identity = Live(server.base_url, server.outbox, "sqlite").identity
        pool_id = identity.create_identity_pool(IdentityPoolName=unique("pool"), AllowUnauthenticatedIdentities=True)[
            "IdentityPoolId"
        ]
        fill(database, pool_id)

        identity.delete_identity_pool(IdentityPoolId=pool_id)
        with pytest.raises(identity.exceptions.ResourceNotFoundException):
            identity.describe_identity_pool(IdentityPoolId=pool_id)
        wait_until(lambda: left(database) < 3 * PEOPLE)
        ended(server)
        cut_short = left(database)
        let_the_lease_run_out(database, pool_id)
        server = server_process.start(f"sqlite:{database}", tmp_path, "server", port=server.port)

        assert cut_short > 0
        wait_until(lambda: left(database) == 0)
    finally:
        server.end()
