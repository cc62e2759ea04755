"""The old database: read, never written."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from poolhouse import SettingInvalid

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand. ``attributes`` holds columns by attribute."""

    table: str
    username: str
    password_hash: str
    attributes: Mapping[str, str]

    def __post_init__(self) -> None:
        # Names cannot be parameters of a statement, so they are plain words, and quoted as well.
        for name in (self.table, self.username, self.password_hash, *self.attributes.values()):
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise SettingInvalid("The names of tables and columns are letters, digits and underscores.")

    def select(self) -> str:
        # With the table's name before it, a name that is no column is an error (SQLite would take it for a text).
        columns = ", ".join(f'"{self.table}"."{name}"' for name in (self.password_hash, *self.attributes.values()))
        return f'SELECT {columns} FROM "{self.table}"'  # noqa: S608 - plain words, checked above

    def where_username(self) -> str:
        return f'WHERE "{self.table}"."{self.username}" = ?'


@dataclass(frozen=True, slots=True)
class OldUser:
    """``attributes`` has no empty ones."""

    password_hash: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)


class OldUsers:
    """Raises ``FileNotFoundError`` where there is no database, ``SettingInvalid`` where it has no such columns."""

    def __init__(self, database: str, columns: Columns) -> None:
        path = Path(database).absolute()
        if not path.is_file():
            raise FileNotFoundError(f"There is no database {database}.")
        self._uri = f"{path.as_uri()}?mode=ro"
        self._attributes = tuple(columns.attributes)
        self._select = columns.select()
        self._where = columns.where_username()
        try:
            self.find("")
        except sqlite3.Error as error:
            raise SettingInvalid(f"The database cannot be asked for its users: {error}.") from error

    def find(self, username: str) -> OldUser | None:
        """The user with exactly this name; None for nobody, and where several users have it."""
        found = self._read(f"{self._select} {self._where} LIMIT 2", username)
        return found[0] if len(found) == 1 else None

    def any(self) -> OldUser | None:
        """Some user; None where there is none."""
        found = self._read(f"{self._select} LIMIT 1")
        return found[0] if found else None

    def _read(self, query: str, *parameters: str) -> list[OldUser]:
        # A connection each time: users come over once, and threads do not share connections.
        with closing(sqlite3.connect(self._uri, uri=True)) as database:
            return [self._user(row) for row in database.execute(query, parameters)]

    def _user(self, row: Sequence[object]) -> OldUser:
        password_hash, *values = row
        attributes = {
            name: str(value) for name, value in zip(self._attributes, values, strict=True) if value is not None
        }
        return OldUser(str(password_hash), {name: value for name, value in attributes.items() if value != ""})
