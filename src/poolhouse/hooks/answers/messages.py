"""What senders are and answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from poolhouse.records.messages import Message


@dataclass(frozen=True, slots=True)
class Sent:
    """A sender took the message. ``reference`` is the receiver's own id for it, if it gave one."""

    sender: str
    reference: str | None = None


class Sender(Protocol):
    """Delivers messages of some ``channels`` (``email``, ``sms``).

    Raises ``DeliveryFailed`` when the message did surely not go out (it may be tried again), anything else when nobody
    can know (it is not).
    """

    name: str
    channels: frozenset[str]

    async def send(self, message: Message) -> Sent: ...
