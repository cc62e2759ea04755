"""What every adapter does with a document: JSON bytes and back, its index values, and the tag of a write."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.store.port import Collection, Document

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, Any]).decode
"""The document that ``encode`` was given, as a new dictionary."""


def encode(value: Document | Struct | bytes) -> bytes:
    """The document as JSON; as it is where it is that already. Raises ``InvalidParameter`` for what JSON cannot say."""
    if isinstance(value, bytes):
        return value
    try:
        return _encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        # The value may hold secrets, and the encoder's message may quote it.
        raise InvalidParameter(Reason.DOCUMENT_NOT_JSON) from None


def fresh_version() -> int:
    """A tag that no other write has: random, so that a version from an earlier life of a key fits no later one, and
    no count has to be kept across processes. It is at least 1, and a whole number in every JSON reader."""
    return (secrets.randbits(52) << 1) | 1


def require_names(collection: Collection) -> None:
    """Raises ``InvalidParameter`` for names that the port does not allow. The others are safe inside a statement."""
    for name in (collection.name, *collection.indexes):
        if not _NAME.fullmatch(name):
            raise InvalidParameter(Reason.STORE_NAME_INVALID, name=name)


def require_declared(collection: Collection, index: Mapping[str, str]) -> None:
    """Raises ``InvalidParameter`` for an index value that the collection does not declare."""
    for name in index:
        if name not in collection.indexes:
            raise InvalidParameter(Reason.INDEX_NOT_DECLARED, collection=collection.name, index=name)


def counted(value: Document, field: str, by: int, at_most: int | None, put: Document | None) -> dict[str, Any] | None:
    """The document after ``increment``; None where the new number would be over ``at_most``."""
    number = value.get(field, 0) + by
    if at_most is not None and number > at_most:
        return None
    return {**value, **(put or {}), field: number}
