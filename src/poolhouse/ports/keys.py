"""The keys that sign tokens, for those who replace them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from poolhouse.records.keys import Algorithm, SigningKey


class SigningKeyRing(Protocol):
    async def offer(self, pool_id: str, algorithm: Algorithm) -> None:
        """ID tokens of clients that choose this algorithm are signed by it, once its key has been published for the
        lead time."""

    async def rotate(
        self, pool_id: str, overlap: float, algorithm: Algorithm | None = None, chosen: Collection[str] = ()
    ) -> None:
        """Each use has a new key, which signs after the lead time, by this algorithm or by that of the key before. The
        keys before it stay published for so many seconds longer than they sign. Doing it twice does no more than doing
        it once. ``chosen`` are the algorithms that clients chose for their ID tokens: nothing is signed by what nobody
        chooses any more. Raises ``NotOffered`` where the algorithm of the key before is not known, and none is asked
        for."""

    async def all_of(self, pool_id: str) -> Sequence[SigningKey]:
        """The keys of the pool, as they stand in the store."""
