"""Grants and browser sessions in the store."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.records.grants import BrowserSession, Grant
from poolhouse.store.port import Entry, Equals, Query, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_entry, to_record
from poolhouse.store.repositories.shelf import Shelf

_SLACK = 86400
"""Seconds that a grant outlives its refresh token: an access token of the last moment still finds it."""
_AT_ONCE = 200


class GrantRepository:
    def __init__(self, store: Store) -> None:
        self._store = store
        shelf = Shelf(store, collections.GRANTS, Grant, _entry)
        self.get, self.add, self.save = shelf.get, shelf.add, shelf.save

    async def of_session(self, pool_id: str, session: str) -> Sequence[Grant]:
        found: list[Grant] = []
        query = Query(prefix=(pool_id,), where=Equals("session", session), limit=_AT_ONCE)
        while True:
            page = await self._store.find(collections.GRANTS, query)
            found += [to_record(stored, Grant) for stored in page.entries]
            if page.next is None:
                return found
            query = Query(prefix=query.prefix, where=query.where, limit=_AT_ONCE, after=page.next)


def _entry(grant: Grant) -> Entry:
    # Most were given by the JSON API, in no session: they are not to be found by one.
    index = {} if grant.session is None else {"session": grant.session}
    return to_entry(grant, (grant.pool_id, grant.id), expires=grant.expires + _SLACK, index=index)


class BrowserSessionRepository:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._shelf = Shelf(store, collections.BROWSER_SESSIONS, BrowserSession, _session_entry)
        self.get, self.add, self.save, self.delete = (
            self._shelf.get,
            self._shelf.add,
            self._shelf.save,
            self._shelf.delete,
        )

    async def take(self, pool_id: str, handle: str) -> BrowserSession | None:
        entry = await self._store.take(collections.BROWSER_SESSIONS, (pool_id, handle))
        return None if entry is None else to_record(entry, BrowserSession)

    async def of_user(self, pool_id: str, sub: str, limit: int) -> Sequence[BrowserSession]:
        return await self._shelf.find(Query(prefix=(pool_id,), where=Equals("user", sub), limit=limit))

    async def of_id(self, pool_id: str, session: str) -> BrowserSession | None:
        found = await self._shelf.find(Query(prefix=(pool_id,), where=Equals("session", session), limit=1))
        return found[0] if found else None


def _session_entry(session: BrowserSession) -> Entry:
    key = (session.pool_id, session.handle)
    return to_entry(session, key, expires=session.expires, index={"user": session.user_sub, "session": session.id})
