"""The real time and the real dice."""

from __future__ import annotations

import os
import secrets
import time
from base64 import urlsafe_b64encode


class SystemClock:
    def now(self) -> float:
        return time.time()


class SystemChance:
    """Everything comes from the operating system's generator."""

    def token(self) -> str:
        return urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()

    def raw(self, size: int) -> bytes:
        return os.urandom(size)

    def digits(self, count: int) -> str:
        return str(secrets.randbelow(10**count)).zfill(count)

    def letters(self, count: int, alphabet: str) -> str:
        return "".join(secrets.choice(alphabet) for _ in range(count))

    def uuid(self) -> str:
        # RFC 9562, section 5.4, written out: the standard library's class takes five times as long, and every request
        # has an id.
        raw = bytearray(os.urandom(16))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
