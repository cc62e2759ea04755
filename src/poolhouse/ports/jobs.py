"""Where jobs are kept, and where they are asked for. Protocols only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.jobs import Job


class Jobs(Protocol):
    """Jobs in the store: one of a kind for a subject. Those that ended well go by."""

    async def get(self, kind: str, subject: str) -> Job | None: ...

    async def insert(self, job: Job) -> bool:
        """The job is there. False if one of this kind and subject was there before: then nothing changed."""

    async def due(self, kind: str, now: float, limit: int) -> Sequence[Job]:
        """Living jobs of the kind whose ``ripe`` is not after ``now``, the first at the front."""

    async def save(self, job: Job) -> Job:
        """The job is stored under its next version. Raises ``VersionConflict`` when somebody else was faster."""

    async def page(self, limit: int, cursor: str | None) -> Slice: ...


class JobQueue(Protocol):
    async def enqueue(self, kind: str, subject: str, *, can_be_cancelled: bool = True) -> Job:
        """The work will be done, soon, by somebody. While such a job lives, asking again changes nothing."""
