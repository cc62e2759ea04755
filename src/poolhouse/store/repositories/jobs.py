"""Jobs, under their kind: those that live are found by the instant at which somebody may take them."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.ports.paging import Slice
from poolhouse.records.jobs import FAILED, Job
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import to_entry
from poolhouse.store.repositories.shelf import Shelf, due

_ENDED_IS_SHOWN = 7 * 86400
"""Seconds for which a job that was done or cancelled is still there to be seen. One that failed stays."""


class JobRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._shelf = shelf = Shelf(store, collections.JOBS, Job, _entry)
        self._cursors = cursors
        self.get, self.insert, self.save = shelf.get, shelf.add_if_free, shelf.save

    async def due(self, kind: str, now: float, limit: int) -> Sequence[Job]:
        found = await self._shelf.waiting(kind, limit)
        # A later version may have others wait for an instant too: those are not ours to do (decision 0008).
        return [job for job in found if job.is_alive and job.ripe <= now]

    async def far(self, kind: str, after: float, limit: int) -> Sequence[Job]:
        return [job for job in await self._shelf.waiting(kind, limit, after=after) if job.is_alive]

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return await self._shelf.page(self._cursors, (), limit, cursor)


def _entry(job: Job) -> Entry:
    index = due(job.ripe) if job.is_alive else {}
    expires = None if job.ended is None or job.state == FAILED else job.ended + _ENDED_IS_SHOWN
    return to_entry(job, (job.kind, job.subject), expires=expires, index=index)
