"""The store in one SQLite file: the default.

What was acknowledged survives a crash of the process; and of the machine, unless its collection says that it need not.

Reads run on the event loop's thread, over a connection of their own: a point read takes some microseconds, a hop to a
thread several times as many. Writes share transactions (``group_commit``). Any number of processes, and of stores in
one process, may use the same file on a local disk; a process that forks opens its own store after the fork.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from poolhouse.errors import InvalidParameter, StoreAway
from poolhouse.errors.reasons import Reason
from poolhouse.store import documents
from poolhouse.store.group_commit import GroupCommit
from poolhouse.store.port import Clock, Collection, Document, Entry, Key, Page, Query, Stored
from poolhouse.store.sqlite_table import Table

APPLICATION_ID = 0x506F6F6C
_FORMAT = 1
_PATIENCE = 10.0
"""Seconds that a write, or the start, waits for other processes to finish their transactions."""
_SWEPT_AT_ONCE = 200


class SqliteStore:
    """Belongs to the event loop that started it."""

    _reader: sqlite3.Connection
    _writer: sqlite3.Connection
    _commits: GroupCommit
    _identity: tuple[int, int]
    _is_open = False

    def __init__(self, path: str | os.PathLike[str], collections: Iterable[Collection], clock: Clock) -> None:
        self._path = Path(path)
        self._clock = clock
        self._tables = {collection.name: Table(collection) for collection in collections}

    async def start(self) -> None:
        """Raises ``InvalidParameter`` where the file cannot be the store's."""
        if sqlite3.sqlite_version_info < (3, 35):
            raise InvalidParameter(Reason.SQLITE_TOO_OLD, version=sqlite3.sqlite_version)
        try:
            _prepare_file(self._path)
            # Another process may hold the file for a moment, and the loop must not wait for it.
            self._writer, self._reader = await asyncio.to_thread(_connections, self._path, self._tables.values())
        except OSError as error:
            raise InvalidParameter(
                Reason.SQLITE_FILE_UNUSABLE, path=str(self._path), why=str(error.strerror)
            ) from error
        except sqlite3.Error as error:
            raise InvalidParameter(Reason.SQLITE_FILE_UNUSABLE, path=str(self._path), why=str(error)) from error
        found = self._path.stat()
        self._identity = (found.st_dev, found.st_ino)
        self._commits = GroupCommit(self._writer, patience=_PATIENCE, check=self._check_file)
        self._is_open = True

    async def close(self) -> None:
        if self._is_open:
            self._is_open = False
            await self._commits.close()
            self._reader.close()

    async def ping(self) -> None:
        """Raises ``StoreAway`` where the file is not the one that was opened."""
        self._check_file()
        self._reader.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()

    def _check_file(self) -> None:
        """Before every transaction: what is written into a file that was deleted is gone with the process."""
        try:
            found = self._path.stat()
        except OSError:
            raise StoreAway(why="its file is gone") from None
        if (found.st_dev, found.st_ino) != self._identity:
            raise StoreAway(why="its file is another one")
        if found.st_size == 0:
            raise StoreAway(why="its file was emptied")

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        table = self._tables[collection.name]
        json = documents.encode(entry.value)
        return await self._commits.submit(
            lambda: table.insert(self._writer, entry, json, self._clock.now()), lasting=collection.lasting
        )

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        return self._tables[collection.name].get(self._reader, key, self._clock.now())

    async def find(self, collection: Collection, query: Query) -> Page:
        return self._tables[collection.name].find(self._reader, query, self._clock.now())

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        table = self._tables[collection.name]
        json = documents.encode(entry.value)
        return await self._commits.submit(
            lambda: table.replace(self._writer, entry, json, self._clock.now()), lasting=collection.lasting
        )

    async def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> bool:
        table = self._tables[collection.name]
        # What need not last does not hurry to be gone: a sign-in forgets its wrong guesses, and then writes the grant.
        return await self._commits.submit(
            lambda: table.delete(self._writer, key, version, self._clock.now()),
            lasting=collection.lasting,
            hurries=collection.lasting,
        )

    async def take(self, collection: Collection, key: Key) -> Stored | None:
        table = self._tables[collection.name]
        return await self._commits.submit(lambda: table.take(self._writer, key, self._clock.now()))

    async def increment(
        self,
        collection: Collection,
        key: Key,
        field: str,
        by: int = 1,
        *,
        at_most: int | None = None,
        put: Document | None = None,
        expires: float | None = None,
    ) -> int | None:
        table = self._tables[collection.name]
        return await self._commits.submit(
            lambda: table.increment(
                self._writer, key, field, by, at_most=at_most, put=put, expires=expires, now=self._clock.now()
            ),
            lasting=collection.lasting,
        )

    async def sweep(self) -> int:
        swept = 0
        for table in self._tables.values():
            more = True
            while more:
                removed, more = await self._commits.submit(partial(self._sweep_some, table), lasting=False)
                swept += removed
        return swept

    def _sweep_some(self, table: Table) -> tuple[int, bool]:
        return table.sweep(self._writer, self._clock.now(), _SWEPT_AT_ONCE)


def _prepare_file(path: Path) -> None:
    """The file exists, and no other user of the machine may read it or what SQLite keeps beside it.

    A file that may be open in this process is never opened here: closing it again would drop SQLite's locks.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    for suffix in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        with contextlib.suppress(FileNotFoundError):
            found = beside.stat()
            if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO) and found.st_uid == os.geteuid():
                beside.chmod(0o600)


def _connections(path: Path, tables: Iterable[Table]) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """One connection to write with, one to read with; all tables are there."""
    with contextlib.ExitStack() as opened:
        writer = opened.enter_context(contextlib.closing(_connect(path)))
        _require_ours(path, writer)
        _use_write_ahead_log(writer)
        writer.execute("PRAGMA synchronous = FULL")
        writer.execute("PRAGMA fullfsync = ON")
        writer.execute("PRAGMA secure_delete = FAST")
        writer.execute("PRAGMA journal_size_limit = 67108864")
        writer.execute("BEGIN IMMEDIATE")
        _require_ours(path, writer)
        if writer.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            writer.execute(f"PRAGMA user_version = {_FORMAT}")
        for table in tables:
            table.create(writer)
        writer.execute("COMMIT")
        writer.execute("PRAGMA busy_timeout = 0")
        reader = opened.enter_context(contextlib.closing(_connect(path)))
        reader.execute("PRAGMA query_only = ON")
        reader.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        opened.pop_all()
    return writer, reader


def _connect(path: Path) -> sqlite3.Connection:
    # Each connection is used by one thread at a time: the loop's, or the one that commits while the loop waits.
    # The busy timeout of a reader is used up only while another process recovers the file after a crash.
    connection = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -8000")
    return connection


def _require_ours(path: Path, connection: sqlite3.Connection) -> None:
    """Nothing is ever written into another program's database, or into one from a later Poolhouse."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (format_,) = connection.execute("PRAGMA user_version").fetchone()
    if owner != APPLICATION_ID and (tables or owner):
        raise InvalidParameter(Reason.SQLITE_FILE_FOREIGN, path=str(path))
    if owner == APPLICATION_ID and format_ > _FORMAT:
        raise InvalidParameter(Reason.SQLITE_FILE_NEWER, path=str(path))


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite does not wait by itself where two processes switch a new file at the same moment.
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            if mode != "wal":
                raise InvalidParameter(Reason.SQLITE_FILE_SYSTEM)
            return
