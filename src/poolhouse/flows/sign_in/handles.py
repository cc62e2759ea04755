"""What a client holds of an attempt: 32 bytes by chance, of which the store has the digest."""

from __future__ import annotations

import base64
import binascii
import hashlib

from poolhouse.errors import InvalidSession


def encode_handle(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_handle(text: str) -> bytes:
    """The 32 bytes of a handle, in either base64 alphabet. Raises ``InvalidSession``."""
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSession from None
    if len(raw) != 32:
        raise InvalidSession
    return raw


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
