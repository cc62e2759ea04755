"""Keys for tests: a few real ones of RSA, made once per process when they are first needed, and handed out in turn.

Making one takes a tenth of a second, and every pool has two. Keys come back after ``COUNT`` of them, so a test that
needs more different keys makes its own. Those of the other algorithms are made on the spot.
"""

from __future__ import annotations

from functools import cache
from itertools import count

from poolhouse.records.keys import Algorithm
from poolhouse.tokens.making import new_key

COUNT = 6


class PremadeKeys:
    """A key maker that waits for nobody."""

    def __init__(self) -> None:
        self._turn = count()

    async def make(self, algorithm: Algorithm) -> bytes:
        if algorithm not in (Algorithm.RS256, Algorithm.RS512):
            return new_key(algorithm)
        return premade_key(next(self._turn) % COUNT)


@cache
def premade_key(number: int) -> bytes:  # noqa: ARG001 - it tells the keys apart
    """The key of this number in this process, PKCS #8 in DER."""
    return new_key(Algorithm.RS256)
