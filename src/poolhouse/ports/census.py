"""Where it is kept how many users each pool has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct


class Share(Struct, frozen=True):
    """How many users one share of a pool has. ``version`` changes with every user who comes or goes."""

    number: int
    version: int


class Census(Struct, frozen=True):
    """``taken`` is when all users were counted last, None where that never happened."""

    shares: Mapping[str, Share]
    taken: float | None

    @property
    def number(self) -> int:
        return max(0, sum(share.number for share in self.shares.values()))


class Censuses(Protocol):
    """Each pool's users, counted as they come and go. A pool has many shares, so that no document is written by
    everybody; a process that dies between a user and the count leaves it wrong by that user."""

    async def read(self, pool_id: str) -> Census: ...

    async def note_taken(self, pool_id: str, at: float) -> None:
        """All users were counted at this instant."""

    async def look(self, pool_id: str, after: str, limit: int) -> tuple[Mapping[str, int], str | None]:
        """Some users after this id, as they are: how many of each share, and the last id; None where there are no
        more."""

    async def correct(self, pool_id: str, share: str, was: Share, number: int) -> bool:
        """The share has so many users; False, and nothing is changed, where somebody came or went since ``was``."""
