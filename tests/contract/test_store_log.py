"""How much one sign-in writes into SQLite's log: pages are counted, so it is exact but for splits of pages."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from statistics import mean, median

from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.store.sqlite_log import log_bytes
from poolhouse.testing.clock import FakeClock
from tests.support.house import opened_house

FRAME = 4096 + 24
USERS = 40


async def test_a_sign_in_writes_eight_pages(tmp_path: Path) -> None:
    """Two for what counts an attempt and forgets it, three each for the grant and the trail. It was twelve."""
    file, clock = tmp_path / "store.db", FakeClock()
    store = SqliteStore(file, collections.ALL, clock)
    async with opened_house(store, clock) as house:
        client = await house.client(await house.pool())
        for number in range(USERS):
            await house.user(client, f"jane-{number}")
        pages = []
        # A reader keeps the log from being begun anew, so that its length is what was written.
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            await house.sign_in(client, "jane-0")
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM c_users").fetchone()
            for number in range(USERS):
                before = log_bytes(f"sqlite:{file}")
                await house.sign_in(client, f"jane-{number}")
                pages.append((log_bytes(f"sqlite:{file}") - before) / FRAME)

    assert 8 == median(pages)
    assert mean(pages) <= 10
