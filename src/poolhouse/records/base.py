"""What every noun is made of.

Times are epoch seconds (float). Durations are seconds (int). ``None`` means "not set" unless a line says otherwise.
``version`` is the store's: 0 before the first write. It travels with the record, so that a change made on an old
reading cannot be written.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of the domain."""


class Kept(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that stands in the store, by itself or inside another. ``unknown`` holds what a later version of ours
    wrote into its document: it travels with the record and is written back (decision 0008). It counts where two are
    compared: equal records are stored alike, and either may be left unwritten for the other."""

    unknown: dict[str, Any] = {}

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "unknown")
        return f"{type(self).__name__}({shown})"


class StoredRecord(Kept, frozen=True, kw_only=True):
    version: int = 0
