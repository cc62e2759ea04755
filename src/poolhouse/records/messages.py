"""Messages to users."""

from __future__ import annotations

from poolhouse.records.base import Record, StoredRecord


class Delivery(Record, frozen=True, kw_only=True):
    """What may be told about a message that went out: where to (masked), by what, for which attribute."""

    destination: str
    medium: str
    attribute: str


class Message(Record, frozen=True, kw_only=True):
    """A message as a sender gets it. ``channel`` is ``email`` or ``sms``; ``code`` and ``link`` stand in ``body``
    already."""

    id: str
    channel: str
    to: str
    purpose: str
    body: str
    pool_id: str = ""
    username: str = ""
    subject: str = ""
    code: str | None = None
    link: str | None = None

    def __repr__(self) -> str:
        return f"Message(id={self.id!r}, channel={self.channel!r}, purpose={self.purpose!r})"


class OutboxEntry(StoredRecord, frozen=True, kw_only=True):
    """A message that waits for a sender, or its story. ``sealed`` is the message; it is dropped once it was sent.

    ``state`` is ``waiting``, ``sending``, ``sent`` or ``failed``. A worker that dies while ``sending`` leaves it so: it
    is not sent again, because it may have arrived.
    """

    id: str
    pool_id: str
    channel: str
    purpose: str
    created: float
    expires: float
    state: str = "waiting"
    due: float = 0.0
    tries: int = 0
    sealed: str | None = None
    last_error: str | None = None
