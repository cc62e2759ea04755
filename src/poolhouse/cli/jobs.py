"""Jobs, as the commands treat them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from poolhouse.cli.failures import Failure
from poolhouse.records.jobs import RUNNING, WAITING, Job
from poolhouse.server.app import Server

if TYPE_CHECKING:
    from poolhouse.flows.jobs.leases import Leases


async def listed(server: Server) -> AsyncIterator[Job]:
    cursor: str | None = None
    while True:
        page = await server.jobs.leases.page(200, cursor)
        for job in page.items:
            yield job
        if (cursor := page.cursor) is None:
            return


async def cancel(server: Server, job_id: str) -> str:
    """The job has ended, or ends soon; a sentence that says which. Raises ``Failure``, and ``InvalidParameter`` for a
    job that is always finished."""
    leases = server.jobs.leases
    kind, subject = await _known(leases, job_id)
    if not await leases.cancel(kind, subject):
        raise Failure(f"{job_id} has ended already.")
    job = await leases.get(kind, subject)
    if job is not None and job.is_alive:
        return f"{job_id} ends after the part that is under way."
    return f"{job_id} is cancelled."


async def retry(server: Server, job_id: str) -> str:
    """The job waits for somebody to take it up; a sentence that says so. Raises ``Failure``."""
    leases = server.jobs.leases
    kind, subject = await _known(leases, job_id)
    if not await leases.retry(kind, subject):
        raise Failure(f"{job_id} is under way, or done: there is nothing to try again.")
    return f"{job_id} goes on as soon as somebody takes it up."


def id_of(job: Job) -> str:
    return f"{job.kind}/{job.subject}"


def summary(job: Job) -> dict[str, Any]:
    return {
        "id": id_of(job),
        "kind": job.kind,
        "subject": job.subject,
        "state": job.state,
        "progress": job.progress,
        "tries": job.tries,
        "last_error": job.last_error,
        "can_be_cancelled": job.can_be_cancelled,
        "is_cancelling": job.is_cancelling,
        "created": _instant(job.created),
        "due": _instant(job.due) if job.state == WAITING else None,
        "leased_until": _instant(job.until) if job.state == RUNNING else None,
        "ended": None if job.ended is None else _instant(job.ended),
    }


def told(job: Job) -> str:
    """Since when or until when it is so, and how far it came."""
    if job.ended is not None:
        when = f"at {_instant(job.ended)}"
    elif job.state == RUNNING:
        when = f"leased until {_instant(job.until)}"
    else:
        when = f"due {_instant(job.due)}"
    # Figures alone: the rest is for the job itself.
    figures = [f"{name} {value}" for name, value in job.progress.items() if type(value) is int]
    failures = [f"failed {job.tries} times in a row: {job.last_error}"] if job.last_error else []
    return "  ".join([when, *(["being cancelled"] if job.is_cancelling else []), ", ".join(figures), *failures])


async def _known(leases: Leases, job_id: str) -> tuple[str, str]:
    """The kind and the subject of a job that is there. Raises ``Failure``."""
    kind, _, subject = job_id.partition("/")
    if await leases.get(kind, subject) is None:
        raise Failure(f"There is no job {job_id}.")
    return kind, subject


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
