"""What every noun is made of.

Times are epoch seconds (float). Durations are seconds (int). ``None`` means "not set" unless a line says otherwise.
``version`` is the store's: 0 before the first write. It travels with the record, so that a change made on an old
reading cannot be written.
"""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

REGION: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""What the name of a region can be: it comes with a caller's signature, and becomes a part of ids and issuers."""


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
