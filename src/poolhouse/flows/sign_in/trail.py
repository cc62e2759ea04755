"""The line that a failed proof leaves in the audit trail, whichever way it was tried."""

from __future__ import annotations

from poolhouse.flows.sign_in.steps import Run
from poolhouse.ports.audit import AuditTrail


async def note_failure(audit: AuditTrail, run: Run, cause: str | None = None) -> None:
    """``cause`` is what only the trail may tell, where it was not a wrong guess."""
    facts = {"flow": run.flow, "event_id": run.event_id}
    await audit.note(
        "sign_in.failed",
        pool_id=run.pool.id,
        client_id=run.client.id,
        subject=run.user.sub if run.user else None,
        facts=facts if cause is None else {**facts, "cause": cause},
    )
