"""Work that goes on when the one who began it is gone."""

from __future__ import annotations

from typing import Any

from poolhouse.records.base import StoredRecord

WAITING = "waiting"
RUNNING = "running"
DONE = "done"
FAILED = "failed"
CANCELLED = "cancelled"


class Job(StoredRecord, frozen=True, kw_only=True):
    """Work that outlives the process that began it. There is one of a kind for a subject.

    ``state`` is ``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``. While it is ``running``, ``owner``
    holds it until ``until``; after that anybody may take it over. ``tries`` counts failures since the last progress.
    ``is_cancelling``: somebody asked for its end, and its owner has not seen it yet. ``wanted_again``: after that
    somebody asked for the work once more, so another begins where this one ends.
    """

    kind: str
    subject: str
    created: float
    state: str = WAITING
    progress: dict[str, Any] = {}
    owner: str = ""
    until: float = 0.0
    due: float = 0.0
    tries: int = 0
    can_be_cancelled: bool = True
    is_cancelling: bool = False
    wanted_again: bool = False
    last_error: str | None = None
    ended: float | None = None

    @property
    def is_alive(self) -> bool:
        return self.state in (WAITING, RUNNING)

    @property
    def ripe(self) -> float:
        """When somebody may take it: when it is due, or when its owner's lease is over."""
        return self.until if self.state == RUNNING else self.due
