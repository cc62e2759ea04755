"""A record is its document: field by field, without the version, which is the entry's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from poolhouse.records.base import StoredRecord
from poolhouse.store.port import Entry, Key

R = TypeVar("R", bound=StoredRecord)


def to_entry(
    record: StoredRecord, key: Key, *, expires: float | None = None, index: Mapping[str, str] | None = None
) -> Entry:
    value: dict[str, Any] = msgspec.to_builtins(record)
    value.pop("version", None)
    return Entry(key=key, value=value, version=record.version, expires=expires, index=index or {})


def to_record(entry: Entry, kind: type[R]) -> R:
    """Raises ``msgspec.ValidationError`` for a document that no version of ours wrote."""
    return msgspec.convert({**entry.value, "version": entry.version}, kind)


def stored(record: R, entry: Entry) -> R:
    """The record, with the version that it has in the store now."""
    return replace(record, version=entry.version)
