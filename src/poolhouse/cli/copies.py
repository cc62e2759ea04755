"""``poolhouse backup`` and ``poolhouse restore``: the SQLite store as one file, taken out and put back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from poolhouse.cli.failures import SETTINGS, STORE, Failure, told
from poolhouse.cli.kept import shown_store
from poolhouse.cli.opening import settings_of

T = TypeVar("T")


def back_up(config: Path | None, target: Path) -> str:
    """A sentence about the copy that was made. Raises ``Failure``."""
    from poolhouse.store import sqlite_copies

    store = _store(config)
    _done(store, target, sqlite_copies.back_up)
    return f"{target} is a copy of {store}: {target.stat().st_size} bytes, looked at, for its owner only."


def put_back(config: Path | None, copy: Path) -> str:
    """A sentence about what was put back. Raises ``Failure``."""
    from poolhouse.store import sqlite_copies

    store = _store(config)
    moves = _done(copy, store, sqlite_copies.put_back)
    said = [f"{log} stood there alone, and is {aside} now." for log, aside in moves]
    holds = f"{store} holds what {copy} holds. `poolhouse check` says whether the master key is its own."
    return " ".join([holds, *said])


def _store(config: Path | None) -> Path:
    settings = settings_of(config)
    if settings.store.kind == "sqlite":
        return Path(settings.store.url.reveal().removeprefix("sqlite:"))
    if settings.store.kind == "memory":
        raise Failure("The store memory: is gone with its process: there is nothing to copy.", SETTINGS)
    raise Failure(f"{shown_store(settings)} is copied by what MongoDB has for it, such as mongodump.", SETTINGS)


def _done(source: Path, target: Path, copy: Callable[[Path, Path], T]) -> T:
    try:
        with told(refused=STORE):
            return copy(source, target)
    except FileExistsError as error:
        raise Failure(f"{error} exists, and nothing is overwritten: move it away, or say another name.") from None
    except OSError as error:
        raise Failure(f"{target} cannot be written: {error.strerror}.") from None
