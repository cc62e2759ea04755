"""The audit trail, as the command shows it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Final

from poolhouse.cli.failures import SETTINGS, Failure
from poolhouse.flows.audit import Wanted
from poolhouse.records.audit import AuditEntry

_AGO: Final = re.compile(r"([0-9]{1,6})([mhd])")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400}
_SHOWN: Final = ("id", "at", "action", "pool_id", "client_id", "subject", "actor", "source", "request_id", "facts")


def wanted(now: float, *, pool: str | None, user: str | None, since: str | None, action: str | None) -> Wanted:
    """Raises ``Failure``."""
    return Wanted(owner=pool, sub=user, action=action, since=instant(since, now) if since else 0.0)


def instant(text: str, now: float) -> float:
    """``12h`` before now, or an instant as ISO 8601 writes it, of UTC where it says no zone. Raises ``Failure``."""
    if (ago := _AGO.fullmatch(text)) is not None:
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(
            f"{text} is no instant: say 30m, 12h or 7d for so long ago, or 2026-11-01T08:00.", SETTINGS
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def as_line(entry: AuditEntry) -> str:
    """One line for people: what is not known is left out."""
    at = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds")
    told = (
        ("of", entry.subject),
        ("by", entry.actor),
        ("from", entry.source),
        ("in", entry.pool_id),
        ("client", entry.client_id),
        ("request", entry.request_id),
    )
    words = [f"{name} {value}" for name, value in told if value]
    facts = [f"{name}={value}" for name, value in sorted(entry.facts.items())]
    return "  ".join([at, entry.action, *words, *facts])


def as_json(entry: AuditEntry) -> str:
    return json.dumps({name: getattr(entry, name) for name in _SHOWN})
