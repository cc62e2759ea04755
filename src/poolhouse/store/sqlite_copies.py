"""Copies of an SQLite store: made while servers write, looked at before they are believed, and put back.

A copy of the file alone is none: what was written last may stand beside it, and what is read meanwhile may be half of
two states. ``VACUUM INTO`` reads one state, however much is written at the same time, and ends.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.store.sqlite import APPLICATION_ID

_PATIENCE: Final = 10.0
_LOGS: Final = ("-wal", "-journal")
_INDEX: Final = "-shm"
_BESIDE: Final = (*_LOGS, _INDEX)
_DOCUMENT: Final = msgspec.json.Decoder(dict)


def require_sound(path: Path) -> None:
    """The file holds a store, SQLite finds no damage in it, and every document can be read: SQLite has no checksums, so
    it does not see what became of the bytes of a value. Raises ``InvalidParameter`` otherwise."""
    try:
        with contextlib.closing(_reading(path)) as connection:
            (owner,) = connection.execute("PRAGMA application_id").fetchone()
            found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if found == ["ok"] and owner == APPLICATION_ID:
                found = [why] if (why := _first_unreadable(connection)) else found
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error
    if found != ["ok"]:
        raise InvalidParameter(Reason.SQLITE_FILE_DAMAGED, path=str(path), why=" ".join(str(found[0]).split())[:200])
    if owner != APPLICATION_ID:
        raise InvalidParameter(
            Reason.SQLITE_FILE_FOREIGN if tables or owner else Reason.SQLITE_FILE_EMPTY, path=str(path)
        )


def back_up(path: Path, target: Path) -> None:
    """``target`` is a sound copy of the store, for its owner only. It stands there when all of it is on the disk, and
    replaces nothing.

    Raises ``InvalidParameter`` where the store or the copy is not sound, and ``OSError`` where it cannot be written.
    """
    with _draft_of(target) as draft:
        try:
            with contextlib.closing(_reading(path)) as connection:
                connection.execute("VACUUM INTO ?", (str(draft),))
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _damaged(path, error) from error
        require_sound(draft)


def put_back(copy: Path, path: Path) -> list[tuple[Path, Path]]:
    """``path`` is the store that the copy holds, for its owner only. Raises as ``back_up`` does; ``FileExistsError``
    where a store stands there.

    What stood beside a store that is gone would be taken for a part of this one. Its logs hold what was written last,
    so they are set aside: where they stood, and where they are. The index of a log (``-shm``) is made again from it.
    """
    require_sound(copy)
    if path.exists():
        raise FileExistsError(str(path))
    left = [path.with_name(path.name + beside) for beside in _LOGS if path.with_name(path.name + beside).exists()]
    moves = [(log, log.with_name(f"{log.name}.aside")) for log in left]
    for _, aside in moves:
        if aside.exists():
            raise FileExistsError(str(aside))
    for log, aside in moves:
        log.rename(aside)
    path.with_name(f"{path.name}{_INDEX}").unlink(missing_ok=True)
    back_up(copy, path)
    return moves


@contextlib.contextmanager
def _draft_of(target: Path) -> Iterator[Path]:
    """An empty file for its owner only, which becomes the target when all is well."""
    if target.exists():
        raise FileExistsError(str(target))
    draft = target.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield draft
        _on_disk(draft)
        # A link, and no move: it fails where somebody else has made the target meanwhile.
        target.hardlink_to(draft)
        _on_disk(target.parent)
    finally:
        for beside in ("", *_BESIDE):
            draft.with_name(draft.name + beside).unlink(missing_ok=True)


def _first_unreadable(connection: sqlite3.Connection) -> str | None:
    """Where a document stands that is none; None where all are."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'c_*'"
    for (table,) in connection.execute(query).fetchall():
        for value in connection.execute(f'SELECT value FROM "{table}"'):  # noqa: S608 - a name of ours
            try:
                _DOCUMENT.decode(value[0])
            except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
                return f"a document of {table.removeprefix('c_')} cannot be read"
    return None


def _reading(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise InvalidParameter(Reason.SQLITE_FILE_UNUSABLE, path=str(path), why="there is no such file")
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    # What a damaged file calls text may be none.
    connection.text_factory = lambda raw: raw.decode(errors="replace")
    return connection


def _damaged(path: Path, error: Exception) -> InvalidParameter:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    is_damage = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    reason = Reason.SQLITE_FILE_DAMAGED if is_damage else Reason.SQLITE_FILE_UNUSABLE
    return InvalidParameter(reason, path=str(path), why=str(error))


def _on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
