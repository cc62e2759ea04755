"""Grants in the store."""

from __future__ import annotations

from poolhouse.records.grants import Grant
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import stored, to_entry, to_record


class GrantRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, pool_id: str, grant_id: str) -> Grant | None:
        entry = await self._store.get(collections.GRANTS, (pool_id, grant_id))
        return None if entry is None else to_record(entry, Grant)

    async def add(self, grant: Grant) -> Grant:
        return stored(grant, await self._store.insert(collections.GRANTS, _grant_entry(grant)))

    async def save(self, grant: Grant) -> Grant:
        return stored(grant, await self._store.replace(collections.GRANTS, _grant_entry(grant)))


_GRANT_SLACK = 86400
"""Seconds that a grant outlives its refresh token: an access token of the last moment still finds it."""


def _grant_entry(grant: Grant) -> Entry:
    return to_entry(grant, (grant.pool_id, grant.id), expires=grant.expires + _GRANT_SLACK)
