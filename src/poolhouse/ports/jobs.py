"""Where jobs are kept, and where they are asked for. Protocols only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from poolhouse.ports.paging import Slice
from poolhouse.records.jobs import Job


class Jobs(Protocol):
    """Jobs in the store: one of a kind for a subject. Those that ended well go by."""

    async def get(self, kind: str, subject: str) -> Job | None: ...

    async def insert(self, job: Job) -> bool:
        """The job is there. False if one of this kind and subject was there before: then nothing changed."""

    async def due(self, kind: str, now: float, limit: int) -> Sequence[Job]:
        """Living jobs of the kind whose ``ripe`` is not after ``now``, the first at the front."""

    async def far(self, kind: str, after: float, limit: int) -> Sequence[Job]:
        """Living jobs of the kind whose ``ripe`` is after this instant, the first at the front."""

    async def save(self, job: Job) -> Job:
        """The job is stored under its next version. Raises ``VersionConflict`` when somebody else was faster."""

    async def page(self, limit: int, cursor: str | None) -> Slice: ...


class JobQueue(Protocol):
    async def enqueue(self, kind: str, subject: str, *, can_be_cancelled: bool = True) -> Job:
        """The work will be done, soon, by somebody. While such a job lives, asking again changes nothing."""


class JobLeases(JobQueue, Protocol):
    """For those who do a job themselves, where they were asked for it."""

    @property
    def longest(self) -> float:
        """Seconds for which an owner may be silent, whatever a stored lease says."""

    async def get(self, kind: str, subject: str) -> Job | None: ...

    async def take(self, kind: str, subject: str) -> Job | None:
        """The job is the caller's, for the time of a lease; it is put where there is none. None while somebody else
        holds it, and where it has just come to its end."""

    async def renew(self, job: Job, progress: Mapping[str, Any]) -> Job:
        """The job has come so far, and stays the caller's. Raises ``JobLost``, ``JobCancelled``."""

    async def release(self, job: Job) -> None:
        """Anybody may take the job. Raises ``JobLost``."""

    async def finish(self, job: Job) -> None:
        """The job is done. Raises ``JobLost``."""
