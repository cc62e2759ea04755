"""Jobs, under their kind: those that live are found by the instant at which somebody may take them."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.errors import KeyTaken
from poolhouse.ports.paging import Slice
from poolhouse.records.jobs import FAILED, Job
from poolhouse.store.port import Entry, Query, StartsWith, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.mapping import stored, to_entry, to_record

_ENDED_IS_SHOWN = 7 * 86400
"""Seconds for which a job that was done or cancelled is still there to be seen. One that failed stays."""


class JobRepository:
    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors

    async def get(self, kind: str, subject: str) -> Job | None:
        entry = await self._store.get(collections.JOBS, (kind, subject))
        return None if entry is None else to_record(entry, Job)

    async def insert(self, job: Job) -> bool:
        try:
            await self._store.insert(collections.JOBS, _entry(job))
        except KeyTaken:
            return False
        return True

    async def due(self, kind: str, now: float, limit: int) -> Sequence[Job]:
        query = Query(prefix=(kind,), where=StartsWith("due", ""), limit=limit)
        page = await self._store.find(collections.JOBS, query)
        return [found for found in (to_record(entry, Job) for entry in page.entries) if found.ripe <= now]

    async def save(self, job: Job) -> Job:
        return stored(job, await self._store.replace(collections.JOBS, _entry(job)))

    async def page(self, limit: int, cursor: str | None) -> Slice:
        query = Query(limit=limit, after=self._cursors.read("jobs", cursor))
        page = await self._store.find(collections.JOBS, query)
        return Slice([to_record(entry, Job) for entry in page.entries], self._cursors.write("jobs", page.next))


def _entry(job: Job) -> Entry:
    index = {"due": f"{job.ripe:017.6f}"} if job.is_alive else {}
    expires = None if job.ended is None or job.state == FAILED else job.ended + _ENDED_IS_SHOWN
    return to_entry(job, (job.kind, job.subject), expires=expires, index=index)
