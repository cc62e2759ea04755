"""A record is its document: field by field, without the version, which is the entry's. JSON becomes a record, and a
record JSON, with nothing in between.

What this version does not know of a document is set aside in ``unknown``, and written back at its place: a process of
an older version that changes a record drops nothing of a newer one's (decision 0008). So it is with records inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, get_args

import msgspec
from msgspec.structs import force_setattr, replace

from poolhouse.errors import StoreAway
from poolhouse.records.base import Kept, StoredRecord
from poolhouse.store import documents
from poolhouse.store.port import Entry, Key, Stored

R = TypeVar("R", bound=StoredRecord)
_UNKNOWN = b'"unknown":'
TOMBSTONE = {"gone": True}
"""Fills the key of a record that is not to be made any more."""


def to_entry(
    record: StoredRecord, key: Key, *, expires: float | None = None, index: Mapping[str, str] | None = None
) -> Entry:
    """Raises ``InvalidParameter`` for a record that JSON cannot say."""
    # What has its default is left out, and so is nothing unknown.
    json = documents.encode(replace(record, version=0) if record.version else record)
    if _UNKNOWN in json:
        value = documents.decode(json)
        _put_back(value, type(record))
        json = documents.encode(value)
    return Entry(key, json, record.version, expires, index or {})


def to_record(stored: Stored, kind: type[R]) -> R:
    """Raises ``StoreAway`` for a document that no version of ours wrote."""
    record: R
    try:
        record = _decoder(kind).decode(stored.json)
    except (msgspec.DecodeError, UnicodeDecodeError):
        record = _of_another_version(stored, kind)
    # Nobody else has seen it yet.
    force_setattr(record, "version", stored.version)
    return record


def _of_another_version(stored: Stored, kind: type[R]) -> R:
    """Something is in it that this version does not know, as happens while a release is rolled out."""
    try:
        return msgspec.convert(_set_aside(stored.value, kind), kind)
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError) as error:
        why = f"a {kind.__name__} in it cannot be read: it is damaged"
        raise StoreAway(why=why, retry_after=60, detail=f"{'/'.join(stored.key)}: {error}") from error


def is_gone(stored: Stored) -> bool:
    """Whether a tombstone stands there."""
    return b'"gone"' in stored.json and "gone" in stored.value


def with_version(record: R, stored: Stored) -> R:
    """The record, with the version that it has in the store now."""
    return replace(record, version=stored.version)


@cache
def _decoder(kind: type[R]) -> msgspec.json.Decoder[R]:
    return msgspec.json.Decoder(kind)


@cache
def _shape(kind: type[Kept]) -> tuple[frozenset[str], tuple[tuple[str, type[Kept]], ...]]:
    """The names that a document of this kind can have, and which of them hold records: one, or a row of them."""
    fields = msgspec.structs.fields(kind)
    inside = tuple((field.name, inner) for field in fields for inner in _records_in(field.type))
    return frozenset(field.name for field in fields), inside


def _records_in(annotation: Any) -> Iterator[type[Kept]]:
    if isinstance(annotation, type) and issubclass(annotation, Kept):
        yield annotation
    for argument in get_args(annotation):
        yield from _records_in(argument)


def _set_aside(value: Mapping[str, Any], kind: type[Kept]) -> Mapping[str, Any]:
    """The document, with all that this version does not know under ``unknown``; as it is where there is no such
    thing."""
    names, inside = _shape(kind)
    changed: dict[str, Any] = {}
    for name, inner in inside:
        held = value.get(name)
        if isinstance(held, dict):
            kept: Any = _set_aside(held, inner)
            if kept is not held:
                changed[name] = kept
        elif isinstance(held, list | tuple):
            row = [_set_aside(one, inner) if isinstance(one, dict) else one for one in held]
            if any(new is not old for new, old in zip(row, held, strict=True)):
                changed[name] = row
    if value.keys() <= names:
        return {**value, **changed} if changed else value
    known = {name: held for name, held in value.items() if name in names}
    return {**known, **changed, "unknown": {name: held for name, held in value.items() if name not in names}}


def _put_back(value: dict[str, Any], kind: type[Kept]) -> None:
    for name, inner in _shape(kind)[1]:
        held = value.get(name)
        for one in held if isinstance(held, list | tuple) else (held,):
            if isinstance(one, dict):
                _put_back(one, inner)
    if "unknown" in value:
        value.update(value.pop("unknown"))
