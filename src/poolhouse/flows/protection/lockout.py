"""The one lockout: every check of a password, an SRP proof or a factor passes here first (security rows 26, 27)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from poolhouse.errors import AttemptsExceeded, Invalid, StoreAway, TooManyRequests
from poolhouse.ports.protection import Counters, Tally
from poolhouse.ports.world import Clock

FREE_FAILURES = 5
LONGEST_LOCK = 15 * 60
"""Seconds. Also how long after the last lock has ended the locks begin again at the shortest."""

MOST_FAILURES = 100
"""Failures in a row, over whatever time, after which no further guess is looked at (NIST SP 800-63B-4, section 3.2.2).
The way back is a new password, by recovery or by an administrator, for all that a sign-in can begin by; of a second
factor, a new one, or an administrator who sets what is asked for."""

REMEMBERED = 365 * 86400
"""Seconds for which failures in a row are remembered when nothing follows them."""

PASSWORD = frozenset({"password", "PASSWORD_VERIFIER"})
"""The ways to prove a password share one count. Every other factor has its own: who knows the password could else wash
the wrong guesses at the second factor away with it, and the other way round."""

NOTHING_CHECKED = (TooManyRequests, Invalid, StoreAway, MemoryError, OSError)
"""What says that no guess was compared with anything. Any other error counts as a wrong guess, that of a plugin too: it
may be the plugin's way to say no, and guesses that make it fail must not be free."""

MOST_UNSURE = 10_000
"""Counts without an answer that are remembered."""

AT_ONCE = 2
"""Checks of one user that run at the same moment in one process: fewer than the free failures, so that somebody who
signs in many times at once with the right password is not taken for a guesser."""


def as_first(factor: str) -> str:
    """What is counted where nothing was proven before. A name is all that it takes to guess there: that must not lock
    anybody out of the same factor as their second one."""
    return factor if factor in PASSWORD else f"{factor}:first"


def lock_seconds(failures: int) -> float:
    """How long the lock lasts after so many failures (contract: 2^(n-5), at most about 15 minutes)."""
    if failures < FREE_FAILURES:
        return 0.0
    return float(min(2 ** min(failures - FREE_FAILURES, 20), LONGEST_LOCK))


Counted: TypeAlias = tuple[str, str, str]
"""Pool, what is counted, and for whom."""


class _Gate:
    """``users`` are those who are through it, and those who wait."""

    __slots__ = ("places", "users")

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(AT_ONCE)
        self.users = 0


class Made:
    """An attempt under way. If it ends well, the count is cleared; where it does not wait for that, ``clearing`` is
    under way, and somebody else waits for it."""

    __slots__ = ("clearing", "waits")

    def __init__(self) -> None:
        self.waits = True
        self.clearing: asyncio.Task[None] | None = None


class Ahead:
    """An attempt that is counted while it is still looked at whether it can be made: one wait for the store less.
    ``settle`` has to be called when that is known: what was not made is counted no longer."""

    __slots__ = ("_counted", "_entering", "_lockout", "_pool_id", "_what")

    def __init__(self, lockout: Lockout, pool_id: str, what: str) -> None:
        self._lockout = lockout
        self._pool_id = pool_id
        self._what = what
        self._counted: Counted | None = None
        self._entering: asyncio.Task[Tally] | None = None

    def count(self, subject: str) -> None:
        """It is being counted for this subject, unless it was for another one before."""
        if self._counted is None:
            self._counted = (self._pool_id, self._what, subject)
            self._entering = asyncio.ensure_future(self._lockout.enter(self._counted))

    async def taken(self, counted: Counted) -> Tally | None:
        """The attempt is made: what was counted before it. None where something else was counted, which is settled.
        Raises ``AttemptsExceeded``."""
        if self._entering is None or self._counted != counted:
            await self.settle()
            return None
        before = await self._entering
        self._entering = None
        return before

    async def settle(self) -> None:
        if self._entering is not None:
            undoing = asyncio.ensure_future(self._lockout.undo(self._counted or ("", "", ""), self._entering))
            self._entering = None
            # Whoever gives up waiting does not keep it from being done.
            await asyncio.shield(undoing)


class Lockout:
    """Counts an attempt before it is checked, so that parallel guesses cannot share one count."""

    def __init__(self, counters: Counters, clock: Clock, ways: Collection[str] = ()) -> None:
        """``ways``: what a sign-in can begin by beside a password, as ``attempt`` is told of it."""
        self._counters = counters
        self._clock = clock
        self._ways = ("password", *ways)
        self._gates: dict[tuple[str, str], _Gate] = {}
        # What was counted where no answer came, if it was, and what was counted before.
        self._unsure: dict[Counted, tuple[Tally, Tally]] = {}

    def ahead(self, pool_id: str, factor: str = "password") -> Ahead:
        """An attempt that may be made, to be counted as soon as it is known for whom."""
        return Ahead(self, pool_id, _counted(factor))

    @asynccontextmanager
    async def attempt(
        self, pool_id: str, subject: str, factor: str = "password", ahead: Ahead | None = None
    ) -> AsyncIterator[Made]:
        """The body is one counted attempt. If it raises, the attempt was a failure, unless nothing was checked; if it
        ends well, the count is cleared. ``ahead`` may have counted it already.

        Raises ``AttemptsExceeded`` while the subject is locked, or has failed too often in a row; such an attempt
        neither counts nor extends the lock.
        """
        counted = (pool_id, _counted(factor), subject)
        before = await ahead.taken(counted) if ahead is not None else None
        if before is None:
            before = await self.enter(counted)
        made = Made()
        try:
            try:
                yield made
            except NOTHING_CHECKED:
                await self._lower(counted, before)
                raise
            if made.waits:
                await self._counters.clear(*counted)
            else:
                made.clearing = asyncio.ensure_future(self._counters.clear(*counted))
        finally:
            if made.clearing is None:
                self.leave(counted)
            else:
                made.clearing.add_done_callback(lambda clearing: self._cleared(counted, clearing))

    async def clear(self, pool_id: str, subject: str, factor: str = "password") -> None:
        """Wrong passwords are forgotten, or wrong answers to this factor as a second one."""
        await self._counters.clear(pool_id, _counted(factor), subject)

    async def clear_ways(self, pool_id: str, subject: str) -> None:
        """The owner was here, or an administrator: nothing is remembered of what can be guessed at by a name alone."""
        await asyncio.gather(*(self.clear(pool_id, subject, way) for way in self._ways))

    async def _unlocked(self, pool_id: str, what: str, subject: str) -> Tally:
        """What was counted so far. Raises ``AttemptsExceeded``."""
        tally = await self._counters.read(pool_id, what, subject)
        now = self._clock.now()
        # No lock is longer than the longest, so one that ends later was set by a clock that went wrong.
        if tally.count >= MOST_FAILURES:
            raise AttemptsExceeded
        if now < tally.until <= now + LONGEST_LOCK:
            raise AttemptsExceeded(retry_after=tally.until - now)
        return tally

    async def _count(self, pool_id: str, what: str, subject: str) -> Tally:
        """What was counted before."""
        if self._unsure:
            await self._take_back(pool_id, what, subject)
        # Nearly always nothing was counted, and who counts as the first need not look: otherwise it is refused. Each
        # further round that loses the race has seen somebody else count, so they are bounded by the free failures.
        for turn in range(FREE_FAILURES + 3):
            tally = await self._unlocked(pool_id, what, subject) if turn else Tally()
            now = self._clock.now()
            # The count goes on over all failures in a row; the locks begin anew after a pause.
            since = tally.count if now >= tally.until + LONGEST_LOCK else tally.since
            count = tally.count + 1
            until = now + lock_seconds(count - since)
            try:
                counted = await self._counters.raise_to(
                    pool_id, what, subject, at_most=count, until=until, since=since, expires=now + REMEMBERED
                )
            except StoreAway:
                # It may have been counted all the same, and nothing was checked. The next attempt will see.
                if len(self._unsure) < MOST_UNSURE:
                    self._unsure[pool_id, what, subject] = (Tally(count, until, since), tally)
                raise
            if counted:
                return tally
        raise AttemptsExceeded

    async def _take_back(self, pool_id: str, what: str, subject: str) -> None:
        """What was counted for an attempt that got no answer from the store is counted no longer."""
        counted, before = self._unsure.pop((pool_id, what, subject), (None, None))
        if before is not None and await self._counters.read(pool_id, what, subject) == counted:
            await self._lower((pool_id, what, subject), before)

    async def enter(self, counted: Counted) -> Tally:
        """One of few attempts of the subject at the same moment, and counted; what was counted before. ``leave`` has to
        follow. Raises ``AttemptsExceeded``, and then nothing was entered."""
        place = (counted[0], counted[2])
        gate = self._gates.get(place)
        if gate is None:
            gate = self._gates[place] = _Gate()
        gate.users += 1
        try:
            await gate.places.acquire()
        except BaseException:
            self._forget(place, gate)
            raise
        try:
            return await self._count(*counted)
        except BaseException:
            self.leave(counted)
            raise

    def leave(self, counted: Counted) -> None:
        place = (counted[0], counted[2])
        gate = self._gates[place]
        gate.places.release()
        self._forget(place, gate)

    def _cleared(self, counted: Counted, clearing: asyncio.Task[None]) -> None:
        self.leave(counted)
        if not clearing.cancelled():
            # It is raised to who waits for it; where nobody does any more, the sign-in has failed by something else.
            clearing.exception()

    async def undo(self, counted: Counted, entering: asyncio.Task[Tally]) -> None:
        """What was entered for nothing is left, and counted no longer."""
        await asyncio.wait((entering,))
        if entering.cancelled() or entering.exception() is not None:
            return
        try:
            # Where the store is away, one is counted too many until the next success.
            with suppress(StoreAway):
                await self._lower(counted, entering.result())
        finally:
            self.leave(counted)

    def _forget(self, place: tuple[str, str], gate: _Gate) -> None:
        gate.users -= 1
        if not gate.users:
            del self._gates[place]

    async def _lower(self, counted: Counted, before: Tally) -> None:
        await self._counters.lower(*counted, before=before)


def _counted(factor: str) -> str:
    return "failures" if factor in PASSWORD else f"failures:{factor}"
