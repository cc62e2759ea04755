"""One collection as an SQLite table: its columns, its statements, and what each verb does inside a transaction.

Statements are put together from checked names only; everything else is bound.
"""
# ruff: noqa: S608 - see above

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.store import documents, keys
from poolhouse.store.port import Collection, Document, Entry, Equals, Key, Page, Position, Query, Stored

_LIVE = "(expires IS NULL OR expires > ?)"
_NOTHING = Page(())
_LOOKED_AT = 2000
"""Small entries that a sweep looks at in one transaction: some forty pages."""


class Table:
    """The statements of a collection. Every method runs in the transaction that the connection is in.

    Keys are packed and index values escaped (``keys``): both sort as BINARY text, which is by code points.
    """

    def __init__(self, collection: Collection) -> None:
        documents.require_names(collection)
        self._collection = collection
        self._indexes = collection.indexes
        table = f"c_{collection.name}"
        index_columns = tuple(f"i_{name}" for name in collection.indexes)
        columns = ("key", "tenant", "value", "version", "expires", *index_columns)
        places = ", ".join("?" * len(columns))
        changed = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
        assigned = ", ".join(f"{column} = ?" for column in columns[2:])
        shown = "value, version, expires"
        self._name = table
        self._index_columns = index_columns
        self._insert = (
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) "
            f"ON CONFLICT (key) DO UPDATE SET {changed} WHERE expires <= ?"
        )
        self._upsert = (
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT (key) DO UPDATE SET {changed}"
        )
        self._replace = f"UPDATE {table} SET {assigned} WHERE key = ? AND version = ? AND {_LIVE}"
        self._recount = f"UPDATE {table} SET value = ?, version = ?, expires = ? WHERE key = ?"
        self._get = f"SELECT {shown} FROM {table} WHERE key = ? AND {_LIVE}"
        self._delete = f"DELETE FROM {table} WHERE key = ? AND {_LIVE}"
        self._take = f"DELETE FROM {table} WHERE key = ? AND {_LIVE} RETURNING {shown}"
        self._find = f"SELECT {shown}, key{{more}} FROM {table} WHERE "
        self._under = f"{self._find.format(more='')}key >= ? AND key < ? AND {_LIVE} ORDER BY key LIMIT ?"
        # Keys and values in one tree, and no index of what expires: a write touches one page, and not three. A table
        # that an earlier version made stays as it is, and that version can work with this one.
        self._kind = " WITHOUT ROWID" if collection.small else ""
        self._some = f"SELECT max(key), count(*) FROM (SELECT key FROM {table} WHERE key > ? ORDER BY key LIMIT ?)"
        self._sweep_some = f"DELETE FROM {table} WHERE key > ? AND key <= ? AND expires <= ?"
        self._looked_to = ""
        self._sweep = (
            f"DELETE FROM {table} WHERE key IN (SELECT key FROM {table} WHERE expires <= ? ORDER BY expires LIMIT ?)"
        )

    def create(self, connection: sqlite3.Connection) -> None:
        """The table, its columns and its indexes are there."""
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {self._name} (key TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, "
            f"value BLOB NOT NULL, version INTEGER NOT NULL, expires REAL){self._kind}"
        )
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({self._name})")}
        for column in self._index_columns:
            if column not in present:
                connection.execute(f"ALTER TABLE {self._name} ADD COLUMN {column} TEXT")
            connection.execute(
                f"CREATE INDEX IF NOT EXISTS {self._name}_{column} ON {self._name} (tenant, {column}, key) "
                f"WHERE {column} IS NOT NULL"
            )
        if not self._kind:
            connection.execute(
                f"CREATE INDEX IF NOT EXISTS {self._name}_expires ON {self._name} (expires) WHERE expires IS NOT NULL"
            )

    def get(self, connection: sqlite3.Connection, key: Key, now: float) -> Stored | None:
        row = connection.execute(self._get, (keys.pack(key), now)).fetchone()
        return None if row is None else Stored(key, *row)

    def insert(self, connection: sqlite3.Connection, entry: Entry, json: bytes, now: float) -> Stored:
        version = documents.fresh_version()
        cursor = connection.execute(
            self._insert,
            (keys.pack(entry.key), entry.key[0], json, version, entry.expires, *self._index_values(entry.index), now),
        )
        if cursor.rowcount != 1:
            raise KeyTaken
        return Stored(entry.key, json, version, entry.expires)

    def replace(self, connection: sqlite3.Connection, entry: Entry, json: bytes, now: float) -> Stored:
        version = documents.fresh_version()
        index_values = self._index_values(entry.index)
        cursor = connection.execute(
            self._replace,
            (json, version, entry.expires, *index_values, keys.pack(entry.key), entry.version, now),
        )
        if cursor.rowcount != 1:
            raise VersionConflict
        return Stored(entry.key, json, version, entry.expires)

    def delete(self, connection: sqlite3.Connection, key: Key, version: int | None, now: float) -> bool:
        if version is None:
            return connection.execute(self._delete, (keys.pack(key), now)).rowcount == 1
        return connection.execute(f"{self._delete} AND version = ?", (keys.pack(key), now, version)).rowcount == 1

    def take(self, connection: sqlite3.Connection, key: Key, now: float) -> Stored | None:
        rows = connection.execute(self._take, (keys.pack(key), now)).fetchall()
        return Stored(key, *rows[0]) if rows else None

    def increment(
        self,
        connection: sqlite3.Connection,
        key: Key,
        field: str,
        by: int,
        *,
        at_most: int | None,
        put: Document | None,
        expires: float | None,
        now: float,
    ) -> int | None:
        packed = keys.pack(key)
        row = connection.execute(self._get, (packed, now)).fetchone()
        value = documents.counted(documents.decode(row[0]) if row else {}, field, by, at_most, put)
        if value is None:
            return None
        json = documents.encode(value)
        version = documents.fresh_version()
        if row:
            connection.execute(self._recount, (json, version, row[-1] if expires is None else expires, packed))
        else:
            # An expired row may lie there.
            no_index = (None,) * len(self._indexes)
            connection.execute(self._upsert, (packed, key[0], json, version, expires, *no_index))
        number: int = value[field]
        return number

    def sweep(self, connection: sqlite3.Connection, now: float, at_most: int) -> tuple[int, bool]:
        """How many expired entries are gone, and whether to go on at once: of small ones some are looked at in each
        call, from where the last one ended."""
        if not self._kind:
            removed = connection.execute(self._sweep, (now, at_most)).rowcount
            return removed, removed == at_most
        start = self._looked_to
        end, looked_at = connection.execute(self._some, (start, _LOOKED_AT)).fetchone()
        self._looked_to = end if looked_at == _LOOKED_AT else ""
        if not looked_at:
            return 0, False
        removed = connection.execute(self._sweep_some, (start, end, now)).rowcount
        return removed, looked_at == _LOOKED_AT and removed > looked_at // 10

    def find(self, connection: sqlite3.Connection, query: Query, now: float) -> Page:
        if query.where is None and query.after is None and query.prefix:
            first, behind = keys.bounds(query.prefix)
            rows = connection.execute(self._under, (first, behind, now, query.limit + 1)).fetchall()
        else:
            statement, values = self._selection(query)
            rows = connection.execute(statement, (*values, now, query.limit + 1)).fetchall()
        if not rows:
            return _NOTHING
        page = rows[: query.limit]
        entries = [Stored(keys.unpack(row[3]), row[0], row[1], row[2]) for row in page]
        if len(rows) == len(page):
            return Page(entries)
        value = keys.unescape(page[-1][4]) if query.where else ""
        return Page(entries, Position(value, entries[-1].key))

    def _selection(self, query: Query) -> tuple[str, list[Any]]:
        """The statement of a query, up to the time and the limit. A column has one lower bound, the higher one: SQLite
        begins to read at whichever it meets first."""
        conditions: list[str] = []
        values: list[Any] = []

        def require(condition: str, *bound: Any) -> None:
            conditions.append(condition)
            values.extend(bound)

        more = ""
        order = "key"
        after_key = keys.pack(query.after.key) if query.after else ""
        if query.where is not None:
            documents.require_declared(self._collection, {query.where.index: ""})
            column = f"i_{query.where.index}"
            more = f", {column}"
            wanted = keys.escape(query.where.value)
            after_value = keys.escape(query.after.value) if query.after else ""
            if query.prefix:
                require("tenant = ?", query.prefix[0])
            if isinstance(query.where, Equals):
                require(f"{column} = ?", wanted)
                if after_value > wanted:
                    require("FALSE")
                elif after_value < wanted:
                    after_key = ""
            else:
                order = f"{column}, key"
                require(f"{column} >= ?", max(wanted, after_value))
                if (above := keys.ceiling(wanted)) is not None:
                    require(f"{column} < ?", above)
                if after_key:
                    require(f"({column}, key) > (?, ?)", after_value, after_key)
                    after_key = ""
        first, behind = keys.bounds(query.prefix) if len(query.prefix) > (1 if query.where else 0) else ("", "")
        if after_key >= first and after_key:
            require("key > ?", after_key)
        elif first:
            require("key >= ?", first)
        if behind:
            require("key < ?", behind)
        where = " AND ".join([*conditions, _LIVE])
        return f"{self._find.format(more=more)}{where} ORDER BY {order} LIMIT ?", values

    def _index_values(self, index: Mapping[str, str]) -> list[str | None]:
        if not index:
            return [None] * len(self._indexes)
        documents.require_declared(self._collection, index)
        return [keys.escape(index[name]) if name in index else None for name in self._indexes]
