"""What senders are and answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

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


HandOver: TypeAlias = Callable[[], Awaitable[None]]
"""Writes down that from here on the message may have arrived. Whatever it raises goes on: then it may not be sent."""


@runtime_checkable
class StepwiseSender(Sender, Protocol):
    """A sender that knows the moment until which a message did surely not go out. If the server dies before it, another
    sends the message; without this the hand-over counts from the beginning."""

    async def send_stepwise(self, message: Message, hand_over: HandOver) -> Sent:
        """As ``send``; ``hand_over`` is awaited once, right before that moment."""
