"""The real time and the real dice."""

from __future__ import annotations

import os
import secrets
import time
import uuid
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
        return str(uuid.UUID(bytes=os.urandom(16), version=4))
