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
    already. Whoever sends HTML sends ``as_html``."""

    id: str
    channel: str
    to: str
    purpose: str
    body: str
    html: str | None = None
    """The body in which what was put in is escaped, where that is another text."""
    pool_id: str = ""
    username: str = ""
    subject: str = ""
    code: str | None = None
    link: str | None = None

    @property
    def as_html(self) -> str:
        """The body for a letter in HTML: the template's markup counts, and that of names and passwords does not."""
        return self.body if self.html is None else self.html

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
