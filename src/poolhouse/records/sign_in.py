"""What lives while somebody signs in, or waits for a code."""

from __future__ import annotations

from typing import Any

from poolhouse.records.base import StoredRecord


class Attempt(StoredRecord, frozen=True, kw_only=True):
    """A sign-in under way, between two steps. Taken out of the store with every step, so that each handle works once.

    ``user_sub`` is None for a simulated sign-in: the name is unknown, and nothing may tell. ``private`` is what the
    asked challenge keeps to itself. ``proofs`` is what was proven so far, ``passed`` the challenges that were passed,
    both in order. ``wrong`` counts wrong answers to the asked challenge. ``event_id`` names the sign-in in tokens, logs
    and the audit trail.
    """

    handle: str
    """The digest of what the client holds."""
    pool_id: str
    client_id: str
    submitted: str
    flow: str
    challenge: str
    created: float
    expires: float
    event_id: str
    user_sub: str | None = None
    username: str = ""
    private: dict[str, Any] = {}
    proofs: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    history: tuple[dict[str, Any], ...] = ()
    """The custom challenge session as its hooks see it: name, result, metadata."""
    device_key: str | None = None
    """The device that the client says it is on."""
    wrong: int = 0
    session: str | None = None
    """The id of the browser session that is to rise by this; None for a sign-in."""
    basis: str = ""
    """What the user's record was when this was asked, as far as earlier proofs depend on it."""

    def __repr__(self) -> str:
        return f"Attempt(flow={self.flow!r}, challenge={self.challenge!r}, event_id={self.event_id!r})"


class Code(StoredRecord, frozen=True, kw_only=True):
    """A one-time code, by its digest; the digits exist only in the message. There is no way to turn it back.

    ``attribute`` is the contact it was sent to (``email``, ``phone_number``), ``target`` the value of it.
    """

    id: str
    pool_id: str
    user_sub: str
    purpose: str
    digest: str
    created: float
    expires: float
    attribute: str
    target: str
