"""The trail."""

from __future__ import annotations

from poolhouse.records.base import StoredRecord


class AuditEntry(StoredRecord, frozen=True, kw_only=True):
    """Something happened that an auditor asks for. What the fields hold, and must not hold, the event of plugins says
    (``hooks.events.audit.Audit``). Without ``pool_id`` it is of the server as a whole."""

    id: str
    action: str
    at: float
    expires: float
    pool_id: str | None = None
    client_id: str | None = None
    subject: str | None = None
    actor: str | None = None
    facts: dict[str, str] = {}
