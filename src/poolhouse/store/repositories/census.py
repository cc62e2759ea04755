"""How many users a pool has: counted in shares, which a user's id decides."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping

from poolhouse.errors import KeyTaken, VersionConflict
from poolhouse.ports.census import Census, Share
from poolhouse.store.port import Entry, Position, Query, Store
from poolhouse.store.repositories import collections

SHARES = 256
_TAKEN = "taken"


class CensusRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, pool_id: str, sub: str, by: int) -> None:
        """So many users more have this id: one, or one less."""
        await self._store.increment(collections.CENSUS, (pool_id, _share(sub)), "number", by)

    async def read(self, pool_id: str) -> Census:
        page = await self._store.find(collections.CENSUS, Query(prefix=(pool_id,), limit=SHARES + 1))
        held = {entry.key[1]: entry for entry in page.entries}
        taken = held.pop(_TAKEN, None)
        shares = {share: Share(entry.value["number"], entry.version) for share, entry in held.items()}
        return Census(shares, taken.value["at"] if taken else None)

    async def note_taken(self, pool_id: str, at: float) -> None:
        key = (pool_id, _TAKEN)
        held = await self._store.get(collections.CENSUS, key)
        try:
            if held is None:
                await self._store.insert(collections.CENSUS, Entry(key=key, value={"at": at}))
            else:
                await self._store.replace(
                    collections.CENSUS, Entry(key=key, value={**held.value, "at": at}, version=held.version)
                )
        except (KeyTaken, VersionConflict):
            # Somebody else has just noted it.
            return

    async def look(self, pool_id: str, after: str, limit: int) -> tuple[Mapping[str, int], str | None]:
        position = Position("", (pool_id, after)) if after else None
        page = await self._store.find(collections.USERS, Query(prefix=(pool_id,), limit=limit, after=position))
        found = Counter(_share(entry.key[1]) for entry in page.entries if "gone" not in entry.value)
        return found, page.entries[-1].key[1] if page.next else None

    async def correct(self, pool_id: str, share: str, was: Share, number: int) -> bool:
        entry = Entry(key=(pool_id, share), value={"number": number}, version=was.version)
        try:
            if was.version:
                await self._store.replace(collections.CENSUS, entry)
            else:
                await self._store.insert(collections.CENSUS, entry)
        except (KeyTaken, VersionConflict):
            return False
        return True


def _share(sub: str) -> str:
    # Not its first letters: an import may bring ids of any kind.
    return hashlib.blake2b(sub.encode("utf-8", "surrogatepass"), digest_size=1).hexdigest()
