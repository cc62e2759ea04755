"""The keys that sign tokens, for those who replace them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.records.keys import SigningKey


class SigningKeyRing(Protocol):
    async def rotate(self, pool_id: str, overlap: float) -> None:
        """Each use has a new key, which signs after the lead time. The keys before it stay published for so many
        seconds longer than they sign. Doing it twice does no more than doing it once."""

    async def all_of(self, pool_id: str) -> Sequence[SigningKey]:
        """The keys of the pool, as they stand in the store."""
