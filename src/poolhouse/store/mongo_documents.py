"""An entry as a MongoDB document, and back.

::

    {_id: packed key, tenant: its first part, version: .., marks: [versions of the last writes],
     expires: epoch seconds, purge: BSON date, index: {name: escaped value}, value: {..}}

What is removed stays for a minute, as an entry that is over: ``expires`` is not after zero. A write whose answer was
lost is known by its mark, and it may be the removal.

Names inside ``value`` come from anywhere, and MongoDB gives a meaning to some: a dollar sign at the beginning, dots,
NUL and emptiness; small servers trip over more. So all but plain names are written as in an address, with percent
signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.store import documents, keys
from poolhouse.store.port import Collection, Document, Entry, Key, Stored

_EMPTY = "%"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DATE = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
_SLACK = 86400.0
_REMEMBERED = 60.0
"""Seconds for which the marks of what was removed are kept: longer than anybody waits for an answer."""
_MARKS = 16
"""Marks that a document keeps: as many writes may come between one and the question whether it has happened."""
_OVER = -1
"""``expires`` times this is over by any clock, and so is what never ended (a missing number is 0); and it still says
when the entry would have ended."""
_LEAST, _MOST = -(2**63), 2**63 - 1


def fields(collection: Collection, entry: Entry, version: int, ahead: float) -> dict[str, Any]:
    """All of an entry but its key and its marks, at the write of this version. For ``ahead`` see ``expiry``."""
    documents.require_declared(collection, entry.index)
    value = documents.decode(entry.value) if isinstance(entry.value, bytes) else entry.value
    return {
        "tenant": tenant(entry.key),
        "version": version,
        **(expiry(entry.expires, ahead) if entry.expires is not None else {}),
        "index": {name: keys.escape(text) for name, text in entry.index.items()},
        "value": shield(value),
    }


def change(new: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The update that makes a document one of these ``fields``."""
    missing = {name: "" for name in ("expires", "purge") if name not in new}
    return {"$set": dict(new), **({"$unset": missing} if missing else {}), **_marked(version)}


def count(
    key: Key, path: str, by: int, beside: Document, expires: float | None, version: int, ahead: float
) -> dict[str, Any]:
    """The update that adds to a number, and makes the document where there is none."""
    ends = {} if expires is None else expiry(expires, ahead)
    counted: dict[str, Any] = {
        "$inc": {path: by},
        "$set": {"version": version, **{f"value.{name}": value for name, value in shield(beside).items()}, **ends},
        "$setOnInsert": {"tenant": tenant(key), "index": {}},
        **_marked(version),
    }
    if expires is not None and "purge" not in ends:
        counted["$unset"] = {"purge": ""}
    return counted


def removal(version: int, database_now: float) -> dict[str, Any]:
    """The update that removes an entry: it is over, says nothing, and is found by nothing. The database frees its
    space; until then it keeps the marks."""
    return {
        "$set": {"version": version, "value": {}, "index": {}, **_swept_soon(database_now)},
        "$mul": {"expires": _OVER},
        **_marked(version),
    }


def taking(version: int, database_now: float) -> dict[str, Any]:
    """The same for an entry that is taken, which says until the end what it said (``as_it_was``): whoever took it may
    have to ask once more."""
    return {"$set": _swept_soon(database_now), "$mul": {"expires": _OVER}, **_marked(version)}


def as_it_was(taken: Mapping[str, Any]) -> Stored:
    """The entry before it was taken."""
    entry = stored(taken)
    return replace(entry, expires=-entry.expires if entry.expires else None)


def _swept_soon(database_now: float) -> dict[str, Any]:
    return {"purge": _EPOCH + timedelta(seconds=database_now + _REMEMBERED)}


def _marked(version: int) -> dict[str, Any]:
    return {"$push": {"marks": {"$each": [version], "$slice": -_MARKS}}}


def expiry(expires: float, ahead: float) -> dict[str, Any]:
    """The two fields that end an entry.

    ``expires`` is what counts: every verb compares it with the store's clock. ``purge`` is for the TTL index, which
    goes by the database's own clock: a day later, and ``ahead`` (how many seconds that clock is ahead of ours) later
    still, so that the sweep never takes what is alive by our clock. An entry that ends after the year 9999 has no such
    date.
    """
    last = expires + max(ahead, 0.0) + _SLACK
    if not last < _LAST_DATE:
        return {"expires": float(expires)}
    return {"expires": float(expires), "purge": _EPOCH + timedelta(seconds=last)}


def stored(found: Mapping[str, Any]) -> Stored:
    """What ``document`` was made of, as it is read."""
    return Stored(
        key=keys.unpack(found["_id"]),
        json=documents.encode(unshield(found["value"])),
        version=int(found["version"]),
        expires=found.get("expires"),
    )


def tenant(key: Key) -> str:
    return keys.escape(key[0]) if key else ""


def shield(value: Any) -> Any:
    """The value with all names shielded. Raises ``InvalidParameter`` for what JSON cannot say."""
    match value:
        case None | bool() | float():
            return value
        case str():
            if not value.isascii():
                keys.escape(value)  # raises for what is not text
            return value
        case int() if _LEAST <= value <= _MOST:
            return value
        case Mapping():
            return {shield_name(name): shield(inner) for name, inner in value.items()}
        case list() | tuple():
            return [shield(inner) for inner in value]
    raise InvalidParameter(Reason.DOCUMENT_NOT_JSON)


def unshield(value: Any) -> Any:
    """The value that ``shield`` was given, in plain types."""
    match value:
        case dict():
            return {unshield_name(name): unshield(inner) for name, inner in value.items()}
        case list():
            return [unshield(inner) for inner in value]
        case int() if not isinstance(value, bool):
            return int(value)  # the driver has a class of its own for large ones
    return value


def shield_name(name: str) -> str:
    """The name without a character that could have a meaning. Raises ``InvalidParameter`` for what is not text."""
    if name.isidentifier() and name.isascii():
        return name
    if not name:
        return _EMPTY
    try:
        shielded = quote(name, safe=" :/@").replace(".", "%2E")
    except UnicodeEncodeError:
        raise InvalidParameter(Reason.SURROGATE_NOT_TEXT) from None
    # A number could be a place in a list.
    return f"%{ord(name[0]):02X}{shielded[1:]}" if shielded[0].isdigit() else shielded


def unshield_name(name: str) -> str:
    if "%" not in name:
        return name
    return "" if name == _EMPTY else unquote(name)
