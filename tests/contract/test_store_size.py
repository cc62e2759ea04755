"""How much a user takes in the SQLite store."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

from msgspec.structs import replace

from poolhouse.flows.accounts.administration import Invitation
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, opened_house

USERS = 1000
MOST = 3000


async def test_a_user_with_a_verifier_takes_3_kb_at_most(tmp_path: Path) -> None:
    """The record, its names, and all that it is found by, with the pages' own waste."""
    file, clock = tmp_path / "store.db", FakeClock()
    store = SqliteStore(file, collections.ALL, clock)
    async with opened_house(store, clock) as house:
        pool = await house.pool()
        users = house.services.users
        attributes = {
            "email": "jane@example.com",
            "email_verified": "true",
            "given_name": "Jane",
            "family_name": "Doe",
            "name": "Jane Doe",
        }
        await users.invite(pool, Invitation(username="jane", attributes=attributes, silent=True))
        await users.set_password(pool, "jane", PASSWORD, permanent=True)
        first = await users.require(pool, "jane")
        empty = _bytes_in(file)
        made = [
            replace(
                first,
                version=0,
                sub=str(UUID(int=number * 2**96)),
                username=f"jane-{number}",
                attributes={**first.attributes, "email": f"jane-{number}@example.com"},
            )
            for number in range(USERS)
        ]
        await asyncio.gather(*(house.built.ports.users.add(pool, user) for user in made))

        assert first.credential is not None
        assert first.credential.verifier
        assert (_bytes_in(file) - empty) / USERS <= MOST


def _bytes_in(file: Path) -> int:
    """What is used of the file and its log."""
    with closing(sqlite3.connect(file)) as connection:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)
