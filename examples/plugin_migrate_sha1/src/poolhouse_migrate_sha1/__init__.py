"""Users of an old table with salted SHA-1 come over at their first sign-in, and get a hash of today.

The table is ``users (email, salt, sha1)`` of an SQLite database; ``sha1`` is hex, of the salt and then the password::

    [plugins.migrate-sha1]
    database = "old.db"
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sqlite3
from contextlib import closing
from pathlib import Path

from poolhouse import MigratedUser, MigrateUser, PluginContext, SettingInvalid, hookimpl

SELECT = "SELECT email, salt, sha1 FROM users WHERE lower(email) = lower(?) LIMIT 2"
NOBODY = ("", "", "")


class MigrateSha1:
    def __init__(self, context: PluginContext) -> None:
        context.settings.only("database")
        self._database = Path(context.settings.text("database")).absolute()
        try:
            self._row("")
        except sqlite3.Error as error:
            raise SettingInvalid(f"The database cannot be asked for its users: {error}.") from error

    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        # The database makes its caller wait, so it is asked beside the event loop.
        found = await asyncio.to_thread(self._row, event.username)
        email, salt, sha1 = found or NOBODY
        if event.password is None:
            # A forgotten password: the code goes to the address that the old system had verified.
            return _migrated(email, confirmed=False) if email else None
        given = hashlib.sha1((salt + event.password).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
        fits = hmac.compare_digest(given.encode(), sha1.lower().encode())
        return _migrated(email, confirmed=True) if email and fits else None

    def _row(self, name: str) -> tuple[str, str, str] | None:
        """The one row with this address, however it is written; None for nobody, and where several have it."""
        with closing(sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute(SELECT, (name,)).fetchall()
        return tuple(found[0]) if len(found) == 1 else None


def _migrated(email: str, *, confirmed: bool) -> MigratedUser:
    # The name is that of the row, not what was typed: one row is one user, however its address is written.
    return MigratedUser({"email": email, "email_verified": "true"}, username=email, confirmed=confirmed)
