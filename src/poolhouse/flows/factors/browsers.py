"""A browser as a remembered device of a user: on the hosted pages a cookie holds the secret that SDKs keep themselves,
and the server computes for both sides. What is kept of it is a device like any other (``devices.py``)."""

from __future__ import annotations

import hmac
import re
from typing import Final

from msgspec import Struct

from poolhouse.records.factors import Device

SECONDS: Final = 30 * 86400
"""For how long a browser is remembered. After that its user is asked again."""
_TEXT: Final = re.compile(r"([\w-]{1,18}_[0-9a-f-]{36})\.([A-Za-z0-9_-]{43})", re.ASCII)
SALT: Final = 16
"""Bytes."""


class RememberedBrowser(Struct, frozen=True):
    """What the cookie holds: one for all users who are remembered in the browser."""

    key: str
    secret: str

    @property
    def text(self) -> str:
        return f"{self.key}.{self.secret}"

    def __repr__(self) -> str:
        return "RememberedBrowser(...)"


def read(text: str | None) -> RememberedBrowser | None:
    """What stands in a cookie; None where it cannot be one of ours."""
    found = _TEXT.fullmatch(text) if text and len(text) <= 128 else None
    return RememberedBrowser(found[1], found[2]) if found else None


def is_current(device: Device | None, now: float) -> bool:
    return device is not None and now < device.created + SECONDS


def salt_bytes(salt: str) -> bytes:
    """Of its hex number. The first byte is none that a number leaves out."""
    return bytes.fromhex(salt.rjust(2 * SALT, "0"))


def is_same(verifier: str, computed: str) -> bool:
    return hmac.compare_digest(verifier.encode(), computed.lstrip("0").encode())
