"""How long SQLite's write-ahead log is.

It is copied into the file every few megabytes and begun anew, but not past what somebody still reads: a reader that
keeps its transaction open makes it grow with every write, until the disk is full.
"""

from __future__ import annotations

from pathlib import Path


def log_bytes(url: str) -> int:
    """Of the store with this address; 0 where there is none."""
    scheme, _, path = url.partition(":")
    if scheme != "sqlite":
        return 0
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:
        return 0
