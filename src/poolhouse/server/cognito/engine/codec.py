"""JSON as the protocol has it. Decoding is strict: what two readers could read differently is refused.

Refused are bodies that are not one JSON object in UTF-8, that name a member twice, that nest deeper than any input of
ours, or that hold half of a surrogate pair.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from poolhouse.server.cognito.engine.failures import ProtocolError

DEPTH_LIMIT: Final = 32
OPENED_LIMIT: Final = 50_000
SEPARATED_LIMIT: Final = 200_000
"""Brackets and commas in a body, also within texts: a hundred times what any input of ours needs. A megabyte of small
objects takes a second to read, one of text a hundredth of that."""
CONTENT_TYPE: Final = "application/x-amz-json-1.1"
_PARTED: Final = (b" :", b"\n:", b"\r:", b"\t:")
_ACCEPTED: Final = frozenset({CONTENT_TYPE, "application/x-amz-json-1.0", "application/json"})

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def decode(body: bytes) -> dict[str, Any]:
    """What a request body says. Raises ``ProtocolError``."""
    if body.count(b"[") + body.count(b"{") > OPENED_LIMIT or body.count(b",") > SEPARATED_LIMIT:
        raise ProtocolError("SerializationException", "The request body holds too many values.")
    try:
        value = _decode(body)
    except (ValueError, RecursionError):
        # The library's sentence may quote the body, so it is not passed on.
        raise ProtocolError("SerializationException", "The request body is not a JSON object.") from None
    if type(value) is not dict:
        raise ProtocolError("SerializationException", "The request body is not a JSON object.")
    kept = _members(value, 1)
    if not _names_each_once(body, kept):
        _refuse_repeated_names(body)
    return value


def encode(value: Mapping[str, Any]) -> bytes:
    """The JSON text. Bytes become base64 text."""
    return _encode(value)


def is_accepted(content_type: str) -> bool:
    """Whether this is a content type of the protocol. Parameters do not matter."""
    return content_type in _ACCEPTED or content_type.partition(";")[0].strip().lower() in _ACCEPTED


def _members(value: Any, depth: int) -> int:
    """How many members all objects have. Raises ``ProtocolError`` beyond the depth limit."""
    if depth > DEPTH_LIMIT:
        raise ProtocolError("SerializationException", "The request body is nested too deeply.")
    count = 0
    items = value
    if type(value) is dict:
        count = len(value)
        items = value.values()
    for item in items:
        if type(item) is dict or type(item) is list:
            count += _members(item, depth + 1)
    return count


def _names_each_once(body: bytes, kept: int) -> bool:
    """Whether counting shows already that no member was given twice. False says nothing: a text may look like members.

    Each member of the text has a colon of its own, behind the quote that ends its name, so there are at least as many
    of them as members were kept, and one more for each that was not. White space may part the two; where there is none
    before any colon, only such pairs count, and a time of day in a text is not taken for a member.
    """
    if body.count(b":") == kept:
        return True
    return body.count(b'":') == kept and not any(parted in body for parted in _PARTED)


def _refuse_repeated_names(body: bytes) -> None:
    """Looks closely: a text may hold colons too. Raises ``ProtocolError``."""

    def checked(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ProtocolError("SerializationException", "A member is given twice.")

    try:
        json.loads(body, object_pairs_hook=checked)
    except (ValueError, RecursionError):
        raise ProtocolError("SerializationException", "The request body is not a JSON object.") from None
