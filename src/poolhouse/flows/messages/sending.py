"""One sender and its places: what waits for it is taken, in turn, handed over, and written down.

Whoever takes an entry holds it for the time of a lease, by a conditional write. A sender that goes step by step writes
a second one before the step from which on the message may have arrived; for all others the first says so already.
A lease that ends before that step is anybody's to take over; one that ends after it leaves the message ``unclear``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import DeliveryFailed, Refused, VersionConflict
from poolhouse.flows.loop import Loop, Pause, Rarely, Sightings
from poolhouse.flows.messages.pace import KEPT, LIFE, Pace
from poolhouse.flows.messages.turns import in_turn
from poolhouse.hooks import specs
from poolhouse.hooks.answers.messages import HandOver, Sender, Sent, StepwiseSender
from poolhouse.hooks.dispatch import Hooks
from poolhouse.ports.messages import OutboxEntries
from poolhouse.ports.world import Clock, Secrets
from poolhouse.records.messages import FAILED, SENDING, SENT, UNCLEAR, WAITING, Message, OutboxEntry

PURPOSE: Final = "outbox"
"""What outbox entries are sealed for."""

_FAR_AT_ONCE: Final = 100

_SAVED_AGAIN: Final = (0.2, 1.0, 5.0)
"""Seconds between the tries to keep what became of a message."""


class Told(Protocol):
    """Who is told what became of messages."""

    def became(self, channel: str, outcome: str) -> None:
        """``put``, ``sent``, ``postponed``, ``taken_over``, ``failed``, ``unclear``, ``dropped``, ``retried``."""

    def failed_by(self, channel: str, cause: str) -> None:
        """A try failed: ``unreachable`` or refused for now, ``recipient``, ``us``, ``no_sender``, ``late``,
        ``plugin``, ``seal``, ``unclear``."""


class ToNobody:
    def became(self, channel: str, outcome: str) -> None:
        """Nobody counts."""

    failed_by = became


class Desk(Struct, frozen=True):
    """What all places are given."""

    entries: OutboxEntries
    secrets: Secrets
    clock: Clock
    hooks: Hooks
    told: Told
    pace: Pace
    pause: Pause
    logger: logging.Logger


class MessageLost(Exception):  # noqa: N818 - read as a statement
    """Somebody else holds the entry now. Nothing was sent."""


class _After(Struct, frozen=True):
    """What became of a message: told once it is written down."""

    outcome: str
    entry: OutboxEntry
    cause: str | None = None
    level: int = logging.ERROR
    says: str = ""


class _Held:
    """An entry that is under way."""

    def __init__(self, entry: OutboxEntry, desk: Desk) -> None:
        self.entry = entry
        self._desk = desk

    async def hand_over(self) -> None:
        """From now on the message may have arrived. Raises ``MessageLost``, and what the store raises where that cannot
        be written down."""
        until = self._desk.clock.now() + self._desk.pace.lease
        try:
            self.entry = await self._desk.entries.save(replace(self.entry, handed=True, until=until))
        except VersionConflict:
            raise MessageLost from None


class Places:
    """The places of a sender, for its channels. Without one, plugins alone are asked."""

    def __init__(self, desk: Desk, sender: Sender | None, channels: Sequence[str]) -> None:
        self.wake = asyncio.Event()
        self.channels = channels
        self._sender = sender
        # A plugin that is asked first says nothing of its steps.
        stepwise = isinstance(sender, StepwiseSender) and not desk.hooks.implements(specs.send_message)
        self._steps: StepwiseSender | None = sender if stepwise else None  # type: ignore[assignment]
        self._desk = desk
        self._behind: dict[bool, str | None] = {True: None, False: None}
        """Which pool was served last: of those with codes, and of the others."""
        self._soonest: float | None = None
        """When the next try of a message that was postponed here is due."""
        self._sightings = Sightings()
        self._far = Rarely(desk.pace.far)
        self.loop = Loop(
            self._claimed,
            self._send,
            at_once=desk.pace.at_once,
            patience=self._patience,
            wake=self.wake,
            unreadable=lambda error: desk.logger.error("The outbox cannot be read: %s.", type(error).__name__),
            pause=desk.pause,
        )

    def _patience(self) -> float:
        if self._soonest is None:
            return self._desk.pace.look
        return min(self._desk.pace.look, max(0.0, self._soonest - self._desk.clock.now()))

    # --- taking ------------------------------------------------------------------------------------------------------

    async def _claimed(self, places: int) -> AsyncIterator[OutboxEntry]:
        """Entries that are due, each these places' alone from the moment it is given out."""
        now = self._desk.clock.now()
        if self._soonest is not None and self._soonest <= now:
            self._soonest = None
        found_some = True
        while places > 0 and found_some:
            found_some = False
            async for entry in self._found(now, places):
                found_some = True
                if (mine := await self._taken(entry)) is None:
                    continue
                self._behind[entry.urgent] = entry.pool_id
                places -= 1
                yield mine
                if places == 0:
                    return

    async def _found(self, now: float, limit: int) -> AsyncIterator[OutboxEntry]:
        """Codes before notices, and pools in turn."""
        entries = self._desk.entries
        for entry in await entries.left_by_older(now, limit):
            if entry.channel in self.channels:
                yield entry
        for urgent in (True, False):
            found: list[OutboxEntry] = []
            for channel in self.channels:
                found += await entries.due(channel, urgent=urgent, now=now, limit=limit, behind=self._behind[urgent])
            for entry in in_turn(found, self._behind[urgent]):
                yield entry
        if self._far.is_due(now):
            async for entry in self._overlong(now):
                yield entry

    async def _overlong(self, now: float) -> AsyncIterator[OutboxEntry]:
        """Entries that wait, or are held, for longer than any may: a clock was wrong, and now they are anybody's."""
        pace = self._desk.pace
        for channel in self.channels:
            for urgent in (True, False):
                for entry in await self._desk.entries.far(
                    channel, urgent=urgent, after=now + pace.lease, limit=_FAR_AT_ONCE
                ):
                    if entry.state == WAITING:
                        if entry.due > now + pace.furthest:
                            yield entry
                    elif self._sightings.outlasted((entry.id,), entry.version, pace.lease, now):
                        yield entry

    async def _taken(self, entry: OutboxEntry) -> OutboxEntry | None:
        """The entry, held. None if somebody else was faster, or if it ends here."""
        desk, now = self._desk, self._desk.clock.now()
        try:
            if entry.state == SENDING and entry.handed:
                await self._end(self._unclear(entry, "Its process died."))
            elif entry.pool_id and not await desk.entries.is_pool(entry.pool_id):
                if await desk.entries.drop(entry):
                    desk.told.became(entry.channel, "dropped")
            elif entry.useless_from <= now:
                await self._end(self._too_late(entry))
            else:
                return await self._hold(entry, now)
        except VersionConflict:
            pass
        return None

    async def _hold(self, entry: OutboxEntry, now: float) -> OutboxEntry:
        held = await self._desk.entries.save(
            replace(
                entry,
                state=SENDING,
                tries=entry.tries + 1,
                until=now + self._desk.pace.lease,
                handed=self._steps is None,
            )
        )
        if entry.state == SENDING:
            self._desk.logger.warning("Message %s is taken over: who held it went silent.", entry.id)
            self._desk.told.became(entry.channel, "taken_over")
        return held

    # --- sending -----------------------------------------------------------------------------------------------------

    async def _send(self, entry: OutboxEntry) -> None:
        """The entry's next state is in the store."""
        held = _Held(entry, self._desk)
        try:
            await self._kept(await self._tried(held))
        except (MessageLost, VersionConflict):
            self._desk.logger.warning("Message %s was let go: somebody else holds it.", entry.id)
        except Exception as error:  # noqa: BLE001 - its lease runs out: what that means is told to whoever finds it
            self._desk.logger.error("Message %s is left as it was: %s.", entry.id, type(error).__name__)

    async def _kept(self, after: _After) -> None:
        """A store that is away for a moment must not turn what can be sent later into what never is."""
        for wait in _SAVED_AGAIN:
            try:
                return await self._end(after)
            except VersionConflict:
                raise
            except Exception:  # noqa: BLE001 - it is tried again, and raised by the last try
                await self._desk.pause(asyncio.Event(), wait)
        return await self._end(after)

    async def _end(self, after: _After) -> None:
        """Raises ``VersionConflict``."""
        entry = await self._desk.entries.save(after.entry)
        if after.cause is not None:
            self._desk.told.failed_by(entry.channel, after.cause)
        if after.says:
            self._desk.logger.log(
                after.level, "Message %s (%s, %s) %s", entry.id, entry.channel, entry.purpose, after.says
            )
        self._desk.told.became(entry.channel, after.outcome)

    async def _tried(self, held: _Held) -> _After:
        desk = self._desk
        try:
            message = msgspec.json.decode(
                desk.secrets.open(PURPOSE, held.entry.id, held.entry.sealed or ""), type=Message
            )
        except ValueError:
            return self._failed(held.entry, "seal", "The sealed message cannot be opened.")
        try:
            async with asyncio.timeout(desk.pace.send_limit):
                sent = await self._sent(message, held.hand_over)
        except DeliveryFailed as error:
            if error.final:
                return self._failed(held.entry, "recipient", str(error))
            return self._postponed(held.entry, "us" if error.ours else "unreachable", str(error))
        except MessageLost:
            raise
        except Refused as error:
            return self._failed(held.entry, "plugin", f"Refused by the plugin {error.plugin}.")
        except Exception as error:  # noqa: BLE001 - whatever it was
            if held.entry.handed:
                return self._unclear(held.entry, type(error).__name__)
            return self._postponed(held.entry, "unreachable", type(error).__name__)
        if sent is None:
            return self._unwanted(held.entry)
        forgotten = held.entry.created + LIFE
        return _After(SENT, replace(held.entry, state=SENT, sealed=None, last_error=None, expires=forgotten))

    async def _sent(self, message: Message, hand_over: HandOver) -> Sent | None:
        if self._steps is not None:
            return await self._steps.send_stepwise(message, hand_over)
        sent = await self._desk.hooks.first(specs.send_message, message)
        if sent is None and self._sender is not None:
            return await self._sender.send(message)
        return sent

    # --- what became of it -------------------------------------------------------------------------------------------

    def _postponed(self, entry: OutboxEntry, cause: str, error: str) -> _After:
        wait = self._desk.pace.wait_after(entry.tries, entry.id)
        level = logging.ERROR if cause == "us" else logging.WARNING
        says = f"did not go out, next try in {wait:.0f} s: {error}"
        return self._put_off(replace(entry, last_error=error), wait, _After("postponed", entry, cause, level, says))

    def _unwanted(self, entry: OutboxEntry) -> _After:
        return self._put_off(entry, self._desk.pace.wait_unwanted(entry.tries), _After("postponed", entry, "no_sender"))

    def _put_off(self, entry: OutboxEntry, wait: float, after: _After) -> _After:
        due = self._desk.clock.now() + wait
        if due >= entry.useless_from:
            return self._too_late(entry)
        self._soonest = due if self._soonest is None else min(self._soonest, due)
        return replace(after, entry=replace(entry, state=WAITING, due=due, until=0.0, handed=False))

    def _too_late(self, entry: OutboxEntry) -> _After:
        last = f" {entry.last_error}" if entry.last_error else ""
        return self._failed(entry, "late", f"The time is over for which it was of use.{last}")

    def _failed(self, entry: OutboxEntry, cause: str, error: str) -> _After:
        return self._ended(entry, FAILED, cause, f"failed: {error}", error)

    def _unclear(self, entry: OutboxEntry, error: str) -> _After:
        says = f"may have arrived, and is not sent again: {error}"
        return self._ended(replace(entry, sealed=None), UNCLEAR, "unclear", says, error)

    def _ended(self, entry: OutboxEntry, state: str, cause: str, says: str, error: str) -> _After:
        now = self._desk.clock.now()
        ended = replace(entry, state=state, due=now, until=0.0, last_error=error, expires=now + KEPT)
        return _After(state, ended, cause, says=says)
