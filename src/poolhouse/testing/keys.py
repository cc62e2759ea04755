"""RSA keys for tests: a few real ones, made once per process when they are first needed, and handed out in turn.

Making a key takes a tenth of a second, and every pool has two. Keys come back after ``COUNT`` of them, so a test that
needs more different keys makes its own.
"""

from __future__ import annotations

from functools import cache
from itertools import count

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

COUNT = 6


class PremadeKeys:
    """A key maker that waits for nobody."""

    def __init__(self) -> None:
        self._turn = count()

    async def make(self) -> bytes:
        return premade_key(next(self._turn) % COUNT)


@cache
def premade_key(number: int) -> bytes:  # noqa: ARG001 - it tells the keys apart
    """The key of this number in this process, PKCS #8 in DER."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
