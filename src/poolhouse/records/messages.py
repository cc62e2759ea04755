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
    already. Whoever sends HTML sends ``as_html``. ``source`` is the occasion (``CustomMessage_SignUp``).

    Where the pool has a function of its own to send it, ``function`` is its ARN, and ``client_id``, ``attributes`` and
    ``client_metadata`` are there for it; otherwise they are empty."""

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
    source: str = ""
    function: str = ""
    client_id: str | None = None
    attributes: dict[str, str] = {}
    client_metadata: dict[str, str] = {}

    @property
    def route(self) -> str:
        """By which the message goes out: the channel, or that of functions (``email:function``)."""
        return f"{self.channel}:function" if self.function else self.channel

    @property
    def as_html(self) -> str:
        """The body for a letter in HTML: the template's markup counts, and that of names and passwords does not."""
        return self.body if self.html is None else self.html

    def __repr__(self) -> str:
        return f"Message(id={self.id!r}, channel={self.channel!r}, purpose={self.purpose!r})"


WAITING = "waiting"
SENDING = "sending"
SENT = "sent"
FAILED = "failed"
UNCLEAR = "unclear"


class OutboxEntry(StoredRecord, frozen=True, kw_only=True):
    """A message that waits for a sender, or its story. ``sealed`` is the message; it is dropped once it was sent.

    ``state`` is ``waiting``, ``sending``, ``sent``, ``failed`` or ``unclear``. While it is ``sending`` somebody holds
    it until ``until``. Then, where it was not ``handed`` over yet, another may send it; where it was, it may have
    arrived: it is ``unclear``, and never sent again. (An older version holds it without an end, and says no ``until``.)

    ``useful`` is until when it is worth sending, ``expires`` when nobody remembers it any more. ``urgent``: somebody
    sits and waits for it.
    """

    id: str
    pool_id: str
    channel: str
    purpose: str
    created: float
    expires: float
    state: str = WAITING
    due: float = 0.0
    tries: int = 0
    sealed: str | None = None
    last_error: str | None = None
    urgent: bool = False
    useful: float = 0.0
    until: float = 0.0
    handed: bool = False

    @property
    def ripe(self) -> float:
        """When somebody may take it: when it is due, or when the time of its holder is over."""
        return self.until if self.state == SENDING else self.due

    @property
    def useless_from(self) -> float:
        """An older version wrote one instant for both."""
        return self.useful or self.expires
