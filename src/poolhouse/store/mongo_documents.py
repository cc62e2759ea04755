"""An entry as a MongoDB document, and back.

::

    {_id: packed key, tenant: its first part, version: .., expires: epoch seconds, purge: BSON date,
     index: {name: escaped value}, value: {..}}

Names inside ``value`` come from anywhere, and MongoDB gives a meaning to some: a dollar sign at the beginning, dots,
NUL and emptiness; small servers trip over more. So all but plain names are written as in an address, with percent
signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.store import documents, keys
from poolhouse.store.port import Collection, Document, Key, Stored

_EMPTY = "%"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DATE = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
_SLACK = 86400.0
_LEAST, _MOST = -(2**63), 2**63 - 1


def document(
    collection: Collection,
    key: Key,
    value: Document | bytes,
    expires: float | None,
    index: Mapping[str, str],
    ahead: float,
) -> dict[str, Any]:
    """The document of an entry at its next write. For ``ahead`` see ``expiry``."""
    documents.require_declared(collection, index)
    return {
        "_id": keys.pack(key),
        "tenant": tenant(key),
        "version": documents.fresh_version(),
        **(expiry(expires, ahead) if expires is not None else {}),
        "index": {name: keys.escape(text) for name, text in index.items()},
        "value": shield(documents.decode(value) if isinstance(value, bytes) else value),
    }


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
