"""The outbox: messages wait in the store, and a worker hands each to a sender, once.

An entry is ``waiting`` until a worker holds it (``sending``); of several workers only one can. Then

* the sender took it: ``sent``;
* it surely did not go out (``DeliveryFailed``): ``waiting`` again, for a later try, as long as it is of use; else
  ``failed``;
* nobody knows (any other error, the time is over, the process died): ``unclear``. It is not sent twice.

What a message says is sealed in the store. It is gone from there once the entry is ``sent`` or ``unclear``, and with
the entry where it ``failed``: until then an operator may have it sent again (``keeping.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from poolhouse.flows.loop import Pause, pause
from poolhouse.flows.messages.keeping import Keeping
from poolhouse.flows.messages.pace import KEPT, LIFE, Pace
from poolhouse.flows.messages.sending import PURPOSE, Desk, Places, Told, ToNobody
from poolhouse.hooks import specs
from poolhouse.hooks.answers.messages import Sender
from poolhouse.hooks.dispatch import Hooks
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.messages import OutboxEntries
from poolhouse.ports.world import Clock, Secrets
from poolhouse.records.messages import SENT, Message, OutboxEntry

CHANNELS = ("email", "sms")

Recorder = Callable[[Message], None]
"""Is shown every message as it is put; for development."""


class OutboxService:
    """Implements ``ports.Outbox``, and is its worker. For each channel the first of ``senders`` is used. Each sender
    has places of its own: one that hangs holds up no other."""

    def __init__(
        self,
        entries: OutboxEntries,
        secrets: Secrets,
        clock: Clock,
        hooks: Hooks,
        senders: Sequence[Sender] = (),
        *,
        recorders: Sequence[Recorder] = (),
        told: Told | None = None,
        audit: AuditTrail | None = None,
        pace: Pace | None = None,
        pause: Pause = pause,
        logger: logging.Logger | None = None,
    ) -> None:
        self._entries = entries
        self._secrets = secrets
        self._clock = clock
        self._recorders = list(recorders)
        self._told = told or ToNobody()
        self._pace = pace or Pace()
        self._logger = logger or logging.getLogger("poolhouse.outbox")
        desk = Desk(entries, secrets, clock, hooks, self._told, self._pace, pause, self._logger)
        self._places = _places(desk, senders)
        self._by_channel = {channel: places for places in self._places for channel in places.channels}
        self._complained: set[str] = set()
        self.kept = Keeping(entries, clock, self._told, wake=self._wake, audit=audit)

    @property
    def channels(self) -> frozenset[str]:
        """For which somebody here sends."""
        return frozenset(self._by_channel)

    def show_to(self, recorder: Recorder) -> None:
        """The recorder is shown what is put from now on."""
        self._recorders.append(recorder)

    # --- putting -----------------------------------------------------------------------------------------------------

    async def put(self, message: Message, *, life: float | None = None) -> None:
        """The message will be sent. Putting the same id twice changes nothing. See ``ports.Outbox``."""
        if not await self._entries.insert(self._entry(message, life)):
            return
        self._told.became(message.route, "put")
        for recorder in self._recorders:
            try:
                recorder(message)
            except Exception as error:  # noqa: BLE001 - the message is in the store: what only looks on stops nothing
                self._logger.error("A message could not be recorded: %s.", type(error).__name__)
        self._wake(message.route)

    async def knows(self, message_id: str) -> bool:
        return await self._entries.get(message_id) is not None

    async def pretend(self, message: Message, *, life: float | None = None) -> None:
        """As much was sealed and written as by ``put``; the entry is at its end already."""
        entry = self._entry(message, life)
        await self._entries.insert(msgspec.structs.replace(entry, pool_id="", channel="", purpose="", state=SENT))

    def _entry(self, message: Message, life: float | None) -> OutboxEntry:
        now = self._clock.now()
        useful = now + (LIFE if life is None else life)
        return OutboxEntry(
            id=message.id,
            pool_id=message.pool_id,
            channel=message.route,
            purpose=message.purpose,
            created=now,
            due=now,
            useful=useful,
            urgent=life is not None,
            expires=useful + KEPT,
            sealed=self._secrets.seal(PURPOSE, message.id, msgspec.json.encode(message)),
        )

    def _wake(self, channel: str) -> None:
        """Whoever sends by this channel looks at once. Where nobody does, what waits is left alone, all together."""
        places = self._by_channel.get(channel)
        if places is not None:
            places.wake.set()
        elif channel not in self._complained:
            self._complained.add(channel)
            self._logger.error("Nothing here sends messages by %s: they wait until something does.", channel)

    # --- sending -----------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Messages are sent until ``stop`` is set; then those that are under way are finished."""
        await asyncio.gather(self._count(stop), *(places.loop.run(stop) for places in self._places))

    async def drain(self) -> None:
        """Whatever was due is sent, or postponed."""
        await asyncio.gather(*(places.loop.drain() for places in self._places))

    async def _count(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.kept.count()
            except Exception as error:  # noqa: BLE001 - the store is away: it may come back, and the figures with it
                self._logger.debug("What waits cannot be counted: %s.", type(error).__name__)
            await pause(stop, self._pace.count)


def _places(desk: Desk, senders: Sequence[Sender]) -> list[Places]:
    """Those of each sender, for the channels in which it is the first. Where there is none, plugins may send."""
    chosen: dict[str, Sender] = {}
    for sender in senders:
        for channel in sender.channels:
            chosen.setdefault(channel, sender)
    mine = [[channel for channel, its in sorted(chosen.items()) if its is sender] for sender in senders]
    places = [Places(desk, sender, channels) for sender, channels in zip(senders, mine, strict=True) if channels]
    if desk.hooks.implements(specs.send_message):
        places += [Places(desk, None, (channel,)) for channel in CHANNELS if channel not in chosen]
    return places
