"""The outbox in the store.

What is not at its end is found by one index value, whose words sort as they are wanted:

* ``email 1 at 1700000000.000000``: a code that waits for an instant, or is held until one;
* ``email 1 in eu-west-1_A 1700000000.000000``: a code that waits for its pool's turn;
* ``email 2 at ...``, ``email 2 in ...``: the same for what has no code;
* ``~ 1700000000.000000``: what failed, or is unclear.

A version that knew of no turns wrote a bare instant. It sorts before all of these, and that version, looking for
instants, finds the others behind its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.ports.paging import Slice
from poolhouse.records.messages import SENDING, WAITING, OutboxEntry
from poolhouse.store.port import Entry, Page, Position, Query, StartsWith, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry, to_record
from poolhouse.store.repositories.pools import pool_key
from poolhouse.store.repositories.shelf import Shelf

_TENANT = "outbox"


class OutboxRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors
        self._shelf = shelf = Shelf(store, collections.OUTBOX, OutboxEntry, _entry)
        self.insert, self.save = shelf.add_if_free, shelf.save

    async def get(self, entry_id: str) -> OutboxEntry | None:
        return await self._shelf.get(_TENANT, entry_id)

    async def drop(self, entry: OutboxEntry) -> bool:
        return await self._store.delete(collections.OUTBOX, (_TENANT, entry.id), version=entry.version)

    async def is_pool(self, pool_id: str) -> bool:
        return await self._store.get(collections.POOLS, pool_key(pool_id)) is not None

    async def drop_some_of(self, pool_id: str, place: list[str] | None, limit: int) -> list[str] | None:
        page = await self._page("", limit, None if place is None else Position(place[0], (_TENANT, place[1])))
        for stored in page.entries:
            entry = to_record(stored, OutboxEntry)
            if entry.pool_id == pool_id and entry.state != SENDING:
                await self.drop(entry)
        return None if page.next is None else [page.next.value, page.next.key[-1]]

    # --- finding -----------------------------------------------------------------------------------------------------

    async def due(
        self, channel: str, *, urgent: bool, now: float, limit: int, behind: str | None = None
    ) -> Sequence[OutboxEntry]:
        line = _line(channel, urgent=urgent)
        waited = [entry for entry in await self._some(f"{line} at ", limit) if entry.ripe <= now]
        return [*waited, *await self._turns(f"{line} in ", limit, behind)]

    async def far(self, channel: str, *, urgent: bool, after: float, limit: int) -> Sequence[OutboxEntry]:
        line = f"{_line(channel, urgent=urgent)} at "
        # No second part of a key sorts behind this one.
        return await self._some(line, limit, Position(f"{line}{_instant(after)}", (_TENANT, "\U0010ffff")))

    async def left_by_older(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        # A bare instant begins as now does, or it is one of another century.
        return [entry for entry in await self._some(_instant(now)[0], limit) if entry.ripe <= now]

    async def _turns(self, line: str, limit: int, behind: str | None) -> list[OutboxEntry]:
        """At least one of each pool, until there are enough: each page begins behind the pool at which the one before
        ended, so that a pool with many is passed over in one step."""
        found: dict[str, OutboxEntry] = {}
        laps = ((None, None),) if behind is None else ((behind, None), (None, behind))
        for start, end in laps:
            while True:
                page = await self._page(line, limit, _behind(line, start))
                entries = [to_record(entry, OutboxEntry) for entry in page.entries]
                found.update((entry.id, entry) for entry in entries if entry.state == WAITING)
                if len({entry.pool_id for entry in found.values()}) >= limit:
                    return [*found.values()]
                if page.next is None or (end is not None and entries[-1].pool_id >= end):
                    break
                start = entries[-1].pool_id
        return [*found.values()]

    async def _some(self, beginning: str, limit: int, after: Position | None = None) -> list[OutboxEntry]:
        page = await self._page(beginning, limit, after)
        # A later version may have others wait here too: those are not ours to send (decision 0008).
        found = [to_record(entry, OutboxEntry) for entry in page.entries]
        return [entry for entry in found if entry.state in (WAITING, SENDING)]

    async def _page(self, beginning: str, limit: int, after: Position | None) -> Page:
        query = Query(prefix=(_TENANT,), where=StartsWith("due", beginning), limit=limit, after=after)
        return await self._store.find(collections.OUTBOX, query)

    async def page(self, limit: int, cursor: str | None) -> Slice:
        page = await self._page("", limit, self._cursors.read("outbox", cursor))
        found = [to_record(entry, OutboxEntry) for entry in page.entries]
        return Slice(found, self._cursors.write("outbox", page.next))


def _behind(line: str, pool_id: str | None) -> Position | None:
    """Behind all that a pool has in a line; None is the beginning."""
    return None if pool_id is None else Position(f"{line}{pool_id} ~", (_TENANT,))


def _entry(entry: OutboxEntry) -> Entry:
    place = _place(entry)
    index = {} if place is None else {"due": place}
    return to_entry(entry, (_TENANT, entry.id), expires=entry.expires, index=index)


def _place(entry: OutboxEntry) -> str | None:
    line = _line(entry.channel, urgent=entry.urgent)
    match entry.state:
        case "waiting" if entry.due <= entry.created:
            return f"{line} in {entry.pool_id} {_instant(entry.due)}"
        case "waiting":
            return f"{line} at {_instant(entry.due)}"
        case "sending" if entry.until:
            return f"{line} at {_instant(entry.until)}"
        case "failed" | "unclear":
            return f"~ {_instant(entry.due)}"
    return None


def _line(channel: str, *, urgent: bool) -> str:
    return f"{channel} {1 if urgent else 2}"


def _instant(at: float) -> str:
    """As text it sorts as the instants do."""
    return f"{at:017.6f}"
