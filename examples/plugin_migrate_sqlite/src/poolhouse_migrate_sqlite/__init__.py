"""Users of an old SQLite database come over when they first sign in, or ask for a new password.

Settings, with their defaults::

    [plugins.migrate-sqlite]
    database = "old.db"             # required
    table = "users"
    username = "username"           # the column that holds what users sign in with
    password_hash = "password_hash" # the column that holds the bcrypt hash
    trust_contacts = false          # whether the old system had verified e-mail addresses and numbers

    [plugins.migrate-sqlite.attributes]
    email = "email"                 # attribute of the pool = column of the table
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from poolhouse import Fit, MigratedUser, MigrateUser, PasswordFormat, PluginContext, SettingInvalid, hookimpl
from poolhouse_migrate_sqlite.bcrypt_format import BcryptFormat
from poolhouse_migrate_sqlite.old_users import Columns, OldUser, OldUsers

SETTINGS = ("database", "table", "username", "password_hash", "attributes", "trust_contacts")


class MigrateSqlite:
    """The plugin. Raises ``SettingInvalid``, and ``OSError`` where there is no such database."""

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        settings.only(*SETTINGS)
        attributes = settings.get("attributes", {"email": "email"})
        if not isinstance(attributes, Mapping):
            raise SettingInvalid("The setting 'attributes' is a table of attributes and columns.")
        self._trusts_contacts = settings.get("trust_contacts", False) is True
        self._old_users = OldUsers(
            settings.text("database"),
            Columns(
                table=settings.text("table", "users"),
                username=settings.text("username", "username"),
                password_hash=settings.text("password_hash", "password_hash"),
                attributes=dict(attributes),
            ),
        )
        self._format = BcryptFormat()
        some = self._old_users.any()
        # Fits no password, and costs as much as the hashes of this database.
        self._nobody = f"{some.password_hash[:7] if some else '$2b$12$'}{'.' * 53}"

    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        # The database and bcrypt both make their caller wait, so they run beside the event loop.
        return await asyncio.to_thread(self._migrated, event.username, event.password)

    @hookimpl
    def register_password_formats(self) -> Sequence[PasswordFormat]:
        return [self._format]

    def _migrated(self, username: str, password: str | None) -> MigratedUser | None:
        """The user; None where nobody has the name, or the password is wrong."""
        found = self._old_users.find(username)
        if password is None:
            # A forgotten password: the code goes to a contact that the old system had verified, or to nobody.
            return self._as_new(found, confirmed=False) if found is not None and self._trusts_contacts else None
        # A name that nobody has takes as long as a wrong password.
        fits = self._format.verify(self._nobody if found is None else found.password_hash, password)
        if found is None or not fits:
            return None
        # Of a long password bcrypt saw the beginning only. Then the old hash comes over, and goes on deciding.
        return self._as_new(found, confirmed=True, keeps_hash=fits is Fit.IN_PART)

    def _as_new(self, found: OldUser, *, confirmed: bool, keeps_hash: bool = False) -> MigratedUser:
        attributes = dict(found.attributes)
        if self._trusts_contacts:
            attributes |= {f"{name}_verified": "true" for name in ("email", "phone_number") if name in attributes}
        kept = found.password_hash if keeps_hash else None
        return MigratedUser(attributes=attributes, confirmed=confirmed, password_hash=kept)
