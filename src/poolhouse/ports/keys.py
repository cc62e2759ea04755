"""The keys that sign tokens, for those who replace them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.records.keys import Algorithm, SigningKey


class SigningKeyRing(Protocol):
    async def rotate(self, pool_id: str, overlap: float, algorithm: Algorithm | None = None) -> None:
        """Each use has a new key, which signs after the lead time, by this algorithm or by that of the key before. The
        keys before it stay published for so many seconds longer than they sign. Doing it twice does no more than doing
        it once. Raises ``NotOffered`` where the algorithm of the key before is not known, and none is asked for."""

    async def all_of(self, pool_id: str) -> Sequence[SigningKey]:
        """The keys of the pool, as they stand in the store."""
