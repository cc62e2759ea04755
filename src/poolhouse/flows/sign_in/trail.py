"""The line that a refused sign-in leaves in the audit trail, whichever way it was tried and whoever was meant."""

from __future__ import annotations

from typing import Final

from poolhouse.errors import (
    CodeExpired,
    CodeMismatch,
    Denied,
    LimitExceeded,
    PoolhouseError,
    UserNotFound,
    WrongCredentials,
)
from poolhouse.ports.audit import AuditTrail
from poolhouse.records.clients import Client

REFUSALS: Final = (Denied, CodeMismatch, CodeExpired, LimitExceeded, UserNotFound)
"""What ends a sign-in with a no. What cannot be meant, what has to wait, and what broke, is none."""


async def note_failure(
    audit: AuditTrail,
    client: Client,
    refused: PoolhouseError | None,
    *,
    sub: str | None,
    flow: str | None,
    event_id: str | None = None,
) -> None:
    """``refused`` is None for a wrong answer that another question follows. ``sub`` is None for a name that nobody has,
    and where nobody is known yet."""
    facts = {"flow": flow, "event_id": event_id, "error": type(refused).__name__ if refused else "WrongCredentials"}
    if isinstance(refused, WrongCredentials) and refused.detail:
        # What only the trail may tell, where it was not a wrong guess.
        facts["cause"] = refused.detail
    await audit.note(
        "sign_in.failed",
        pool_id=client.pool_id,
        client_id=client.id,
        subject=sub,
        facts={name: value for name, value in facts.items() if value},
    )
