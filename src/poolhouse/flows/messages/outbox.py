"""The outbox: messages wait in the store, and a worker hands each to a sender, once.

An entry is ``waiting`` until a worker makes it ``sending``; of several workers only one can. Then

* the sender took it: ``sent``;
* it surely did not go out (``DeliveryFailed``): ``waiting`` again, for a later try, or ``failed`` after the last;
* nobody knows (any other error, or the time is over): ``failed``. It is not sent twice.

A process that dies while an entry is ``sending`` leaves it so: nobody knows whether that message arrived, either. What
a message says is sealed in the store, and gone from there once the entry is ``sent`` or ``failed``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from msgspec.structs import replace

from poolhouse.errors import DeliveryFailed, Refused, VersionConflict
from poolhouse.flows.loop import Loop, Pause, pause
from poolhouse.hooks import specs
from poolhouse.hooks.answers.messages import Sender, Sent
from poolhouse.hooks.dispatch import Hooks
from poolhouse.ports.messages import OutboxEntries
from poolhouse.ports.world import Clock, Secrets
from poolhouse.records.messages import Message, OutboxEntry

PURPOSE = "outbox"
"""What outbox entries are sealed for."""

_SAVED_AGAIN = (0.2, 1.0, 5.0)
"""Seconds between the tries to keep what became of a message."""

Recorder = Callable[[Message], None]
"""Is shown every message as it is put; for development."""

Counter = Callable[[str, str], None]
"""Is told the channel, and what happened: ``put``, ``sent``, ``postponed``, ``failed``, ``unknown``."""


class Pace(msgspec.Struct, frozen=True):
    """How the worker goes about it; all but the counts in seconds.

    The waits between tries are ``back_off``, then ``growth`` times as long, and so on. ``look`` is how often the worker
    looks for messages that nobody told it of: those of another process. ``life`` is after what time a message is of no
    use any more.
    """

    tries: int = 5
    at_once: int = 8
    back_off: float = 5.0
    growth: float = 4.0
    look: float = 5.0
    without_sender: float = 60.0
    send_limit: float = 60.0
    life: float = 86400.0

    def wait_after(self, tries: int) -> float:
        return self.back_off * self.growth ** (tries - 1)


class OutboxService:
    """Implements ``ports.Outbox``, and is its worker. For each channel the first of ``senders`` is used."""

    def __init__(
        self,
        entries: OutboxEntries,
        secrets: Secrets,
        clock: Clock,
        hooks: Hooks,
        senders: Sequence[Sender] = (),
        *,
        recorders: Sequence[Recorder] = (),
        count: Counter | None = None,
        pace: Pace | None = None,
        pause: Pause = pause,
        logger: logging.Logger | None = None,
    ) -> None:
        self._entries = entries
        self._secrets = secrets
        self._clock = clock
        self._hooks = hooks
        self._senders: dict[str, Sender] = {}
        for sender in senders:
            for channel in sender.channels:
                self._senders.setdefault(channel, sender)
        self._recorders = list(recorders)
        self._count = count or _count_nothing
        self._pace = pace or Pace()
        self._logger = logger or logging.getLogger("poolhouse.outbox")
        self._wake = asyncio.Event()
        self._complained: set[str] = set()
        self._pause = pause
        self._soonest: float | None = None
        """When the next try of a message that this worker postponed is due."""
        self._loop = Loop(
            self._claimed,
            self._send,
            at_once=self._pace.at_once,
            patience=self._patience,
            wake=self._wake,
            unreadable=lambda error: self._logger.error("The outbox cannot be read: %s.", type(error).__name__),
            pause=pause,
        )

    def show_to(self, recorder: Recorder) -> None:
        """The recorder is shown what is put from now on."""
        self._recorders.append(recorder)

    # --- putting -----------------------------------------------------------------------------------------------------

    async def put(self, message: Message) -> None:
        """The message will be sent. Putting the same id twice changes nothing."""
        now = self._clock.now()
        entry = OutboxEntry(
            id=message.id,
            pool_id=message.pool_id,
            channel=message.channel,
            purpose=message.purpose,
            created=now,
            due=now,
            expires=now + self._pace.life,
            sealed=self._secrets.seal(PURPOSE, message.id, msgspec.json.encode(message)),
        )
        if not await self._entries.insert(entry):
            return
        self._count(entry.channel, "put")
        for recorder in self._recorders:
            try:
                recorder(message)
            except Exception as error:  # noqa: BLE001 - the message is in the store: what only looks on stops nothing
                self._logger.error("A message could not be recorded: %s.", type(error).__name__)
        self._wake.set()

    async def pretend(self, message: Message) -> None:
        """As much was sealed and written as by ``put``; the entry is at its end already."""
        now = self._clock.now()
        entry = OutboxEntry(
            id=message.id,
            pool_id="",
            channel="",
            purpose="",
            created=now,
            expires=now + self._pace.life,
            state="sent",
            sealed=self._secrets.seal(PURPOSE, message.id, msgspec.json.encode(message)),
        )
        await self._entries.insert(entry)

    # --- sending -----------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Messages are sent until ``stop`` is set; then those that are under way are finished."""
        await self._loop.run(stop)

    async def drain(self) -> None:
        """Whatever was due is sent, or postponed."""
        await self._loop.drain()

    def _patience(self) -> float:
        if self._soonest is None:
            return self._pace.look
        return min(self._pace.look, max(0.0, self._soonest - self._clock.now()))

    async def _claimed(self, limit: int) -> AsyncIterator[OutboxEntry]:
        """Entries that are due, each this worker's alone from the moment it is given out."""
        now = self._clock.now()
        if self._soonest is not None and self._soonest <= now:
            self._soonest = None
        while limit > 0 and (found := await self._entries.due(now, limit)):
            for entry in found:
                if self._has_sender(entry.channel):
                    change = replace(entry, state="sending", tries=entry.tries + 1)
                else:
                    change = self._put_off(entry, self._pace.without_sender)
                try:
                    changed = await self._entries.save(change)
                except VersionConflict:
                    # Another worker was faster.
                    continue
                if changed.state == "sending":
                    limit -= 1
                    yield changed

    def _has_sender(self, channel: str) -> bool:
        if channel in self._senders or self._hooks.implements(specs.send_message):
            return True
        self._complain(channel)
        return False

    async def _send(self, entry: OutboxEntry) -> None:
        """The entry's next state is in the store."""
        outcome, after = await self._tried(entry)
        # A store that is away for a moment must not turn what can be sent later into what never is.
        for wait in (*_SAVED_AGAIN, None):
            try:
                await self._entries.save(after)
                break
            except Exception as error:  # noqa: BLE001 - the entry stays "sending": it is not sent again, whatever it was
                if wait is None or isinstance(error, VersionConflict):
                    self._logger.error("Message %s is left as it was (%s): %s.", entry.id, outcome, _name(error))
                    break
            await self._pause(asyncio.Event(), wait)
        self._count(entry.channel, outcome)

    async def _tried(self, entry: OutboxEntry) -> tuple[str, OutboxEntry]:
        try:
            message = msgspec.json.decode(self._secrets.open(PURPOSE, entry.id, entry.sealed or ""), type=Message)
        except ValueError:
            return self._failed(entry, "failed", "The sealed message cannot be opened.")
        try:
            async with asyncio.timeout(self._pace.send_limit):
                sent = await self._hooks.first(specs.send_message, message) or await self._by_sender(message)
        except DeliveryFailed as error:
            if error.final or entry.tries >= self._pace.tries:
                return self._failed(entry, "failed", str(error))
            wait = self._pace.wait_after(entry.tries)
            level = logging.ERROR if error.ours else logging.WARNING
            self._logger.log(level, "Message %s did not go out, next try in %g s: %s", entry.id, wait, error)
            return "postponed", self._put_off(entry, wait, str(error))
        except Refused as error:
            return self._failed(entry, "failed", f"Refused by the plugin {error.plugin}.")
        except Exception as error:  # noqa: BLE001 - whatever it was: the message may have arrived
            return self._failed(entry, "unknown", type(error).__name__)
        if sent is None:
            self._complain(entry.channel)
            return "postponed", self._put_off(replace(entry, tries=entry.tries - 1), self._pace.without_sender)
        return "sent", replace(entry, state="sent", sealed=None, last_error=None)

    async def _by_sender(self, message: Message) -> Sent | None:
        sender = self._senders.get(message.channel)
        return await sender.send(message) if sender is not None else None

    def _put_off(self, entry: OutboxEntry, seconds: float, error: str | None = None) -> OutboxEntry:
        due = self._clock.now() + seconds
        self._soonest = due if self._soonest is None else min(self._soonest, due)
        return replace(entry, state="waiting", due=due, last_error=error)

    def _failed(self, entry: OutboxEntry, outcome: str, error: str) -> tuple[str, OutboxEntry]:
        self._logger.error("Message %s (%s, %s) failed: %s", entry.id, entry.channel, entry.purpose, error)
        return outcome, replace(entry, state="failed", sealed=None, last_error=error)

    def _complain(self, channel: str) -> None:
        if channel not in self._complained:
            self._complained.add(channel)
            self._logger.error("Nothing here sends messages by %s: they wait until something does.", channel)


def _name(error: Exception) -> str:
    return type(error).__name__


def _count_nothing(channel: str, outcome: str) -> None:
    """Nobody counts."""
