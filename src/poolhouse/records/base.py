"""What every noun is made of.

Times are epoch seconds (float). Durations are seconds (int). ``None`` means "not set" unless a line says otherwise.
``version`` is the store's: 0 before the first write. It travels with the record, so that a change made on an old
reading cannot be written.
"""

from __future__ import annotations

from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of the domain."""


class StoredRecord(Record, frozen=True, kw_only=True):
    version: int = 0
