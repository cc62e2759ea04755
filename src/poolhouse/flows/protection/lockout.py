"""The one lockout: every check of a password, an SRP proof or a factor passes here first (security rows 26, 27)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager

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


class Lockout:
    """Counts an attempt before it is checked, so that parallel guesses cannot share one count."""

    def __init__(self, counters: Counters, clock: Clock, ways: Collection[str] = ()) -> None:
        """``ways``: what a sign-in can begin by beside a password, as ``attempt`` is told of it."""
        self._counters = counters
        self._clock = clock
        self._ways = ("password", *ways)
        self._gates: dict[tuple[str, str], tuple[asyncio.Semaphore, int]] = {}
        # What was counted where no answer came, if it was, and what was counted before.
        self._unsure: dict[tuple[str, str, str], tuple[Tally, Tally]] = {}

    @asynccontextmanager
    async def attempt(
        self, pool_id: str, subject: str, factor: str = "password"
    ) -> AsyncIterator[list[Awaitable[object]]]:
        """The body is one counted attempt. If it raises, the attempt was a failure, unless nothing was checked; if it
        ends well, the count is cleared, and what the body put into the list is awaited at the same time.

        Raises ``AttemptsExceeded`` while the subject is locked, or has failed too often in a row; such an attempt
        neither counts nor extends the lock.
        """
        what = _counted(factor)
        async with self._one_of_few(pool_id, subject):
            before = await self._count(pool_id, what, subject)
            beside: list[Awaitable[object]] = []
            try:
                yield beside
            except NOTHING_CHECKED:
                await self._counters.lower(pool_id, what, subject, until=before.until, since=before.since)
                raise
            await asyncio.gather(self._counters.clear(pool_id, what, subject), *beside)

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
            await self._counters.lower(pool_id, what, subject, until=before.until, since=before.since)

    @asynccontextmanager
    async def _one_of_few(self, pool_id: str, subject: str) -> AsyncIterator[None]:
        key = (pool_id, subject)
        gate, users = self._gates.get(key, (asyncio.Semaphore(AT_ONCE), 0))
        self._gates[key] = (gate, users + 1)
        try:
            async with gate:
                yield
        finally:
            gate, users = self._gates[key]
            if users == 1:
                del self._gates[key]
            else:
                self._gates[key] = (gate, users - 1)


def _counted(factor: str) -> str:
    return "failures" if factor in PASSWORD else f"failures:{factor}"
