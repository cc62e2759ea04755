"""A key as one text: it sorts as the key does, and the keys under a prefix are one range of it.

Every part ends with U+0001. What could be mistaken for that end is written as U+0002 and a second character, so that
two keys never share a text, ("a",) is no prefix of ("ab",), and order by code points stays order by code points. NUL is
escaped too, because not every database keeps it.
"""

from __future__ import annotations

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.store.port import Key

_END = "\x01"
_ESCAPE = "\x02"
_AFTER_END = "\x02"
_ESCAPES = {"\x00": "\x02\x03", "\x01": "\x02\x04", "\x02": "\x02\x05"}
_TABLE = str.maketrans(_ESCAPES)
_PLAIN = {escaped[1]: plain for plain, escaped in _ESCAPES.items()}
_LAST = "\U0010ffff"


def pack(key: Key) -> str:
    """The key as one text. Raises ``InvalidParameter`` for a key without parts, or with a part that is not text."""
    packed = _END.join(key) + _END
    if not packed.isascii():
        _require_text(packed)
    if packed.count(_END) == len(key) and _ESCAPE not in packed and "\x00" not in packed:
        return packed
    if not key:
        raise InvalidParameter(Reason.KEY_EMPTY)
    return "".join(escape(part) + _END for part in key)


def unpack(packed: str) -> Key:
    """The key that ``pack`` was given."""
    parts = packed.split(_END)[:-1]
    if _ESCAPE in packed:
        return tuple(unescape(part) for part in parts)
    return tuple(parts)


def bounds(prefix: Key) -> tuple[str, str]:
    """The packed keys that begin with the parts of ``prefix`` are those from the first text up to before the second."""
    packed = pack(prefix)
    return packed, packed[:-1] + _AFTER_END


def escape(text: str) -> str:
    """The text without the three characters that keys need. It sorts, and begins, as the text does.
    Raises ``InvalidParameter`` for what is not text."""
    if not text.isascii():
        _require_text(text)
    if _ESCAPE in text or _END in text or "\x00" in text:
        return text.translate(_TABLE)
    return text


def unescape(text: str) -> str:
    """The text that ``escape`` was given."""
    if _ESCAPE not in text:
        return text
    first, *rest = text.split(_ESCAPE)
    return first + "".join(_PLAIN[piece[0]] + piece[1:] for piece in rest)


def ceiling(text: str) -> str | None:
    """The least text, by code points, that is above every text beginning with this one; None where there is none."""
    stem = text.rstrip(_LAST)
    if not stem:
        return None
    # No text holds the halves of surrogate pairs (U+D800 to U+DFFF), and encoders refuse them.
    following = 0xE000 if stem[-1] == "\ud7ff" else ord(stem[-1]) + 1
    return stem[:-1] + chr(following)


def _require_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidParameter(Reason.SURROGATE_NOT_TEXT) from None
