"""The one lockout: every check of a password, an SRP proof or a factor passes here first (security rows 26, 27)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from poolhouse.errors import AttemptsExceeded, Invalid, TooManyRequests
from poolhouse.ports.protection import Counters, Tally
from poolhouse.ports.world import Clock

FREE_FAILURES = 5
LONGEST_LOCK = 15 * 60
"""Seconds. Also how long after the last lock has ended the locks begin again at the shortest."""

MOST_FAILURES = 100
"""Failures in a row, over whatever time, after which no further guess is looked at (NIST SP 800-63B-4, section 3.2.2).
The way back is a new password: by recovery, or by an administrator."""

REMEMBERED = 365 * 86400
"""Seconds for which failures in a row are remembered when nothing follows them."""

PASSWORD = frozenset({"password", "PASSWORD_VERIFIER"})
"""The ways to prove a password share one count. Every other factor has its own: who knows the password could else wash
the wrong guesses at the second factor away with it, and the other way round."""

AT_ONCE = 2
"""Checks of one user that run at the same moment in one process: fewer than the free failures, so that somebody who
signs in many times at once with the right password is not taken for a guesser."""


def lock_seconds(failures: int) -> float:
    """How long the lock lasts after so many failures (contract: 2^(n-5), at most about 15 minutes)."""
    if failures < FREE_FAILURES:
        return 0.0
    return float(min(2 ** min(failures - FREE_FAILURES, 20), LONGEST_LOCK))


class Lockout:
    """Counts an attempt before it is checked, so that parallel guesses cannot share one count."""

    def __init__(self, counters: Counters, clock: Clock) -> None:
        self._counters = counters
        self._clock = clock
        self._gates: dict[tuple[str, str], tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def attempt(self, pool_id: str, subject: str, factor: str = "password") -> AsyncIterator[None]:
        """The body is one counted attempt. If it raises, the attempt was a failure; if it ends well, the count is
        cleared.

        Raises ``AttemptsExceeded`` while the subject is locked, or has failed too often in a row; such an attempt
        neither counts nor extends the lock.
        """
        what = "failures" if factor in PASSWORD else f"failures:{factor}"
        async with self._one_of_few(pool_id, subject):
            before = await self._count(pool_id, what, subject)
            try:
                yield
            except (TooManyRequests, Invalid):
                # Nothing was checked, so nothing was guessed.
                await self._counters.lower(pool_id, what, subject, until=before.until, since=before.since)
                raise
            await self._counters.clear(pool_id, what, subject)

    async def clear(self, pool_id: str, subject: str) -> None:
        """Wrong passwords are forgotten."""
        await self._counters.clear(pool_id, "failures", subject)

    async def _unlocked(self, pool_id: str, what: str, subject: str) -> Tally:
        """What was counted so far. Raises ``AttemptsExceeded``."""
        tally = await self._counters.read(pool_id, what, subject)
        if self._clock.now() < tally.until or tally.count >= MOST_FAILURES:
            raise AttemptsExceeded
        return tally

    async def _count(self, pool_id: str, what: str, subject: str) -> Tally:
        """What was counted before."""
        # Each round that loses the race has seen somebody else count, so the rounds are bounded by the free failures.
        for _ in range(FREE_FAILURES + 2):
            tally = await self._unlocked(pool_id, what, subject)
            now = self._clock.now()
            # The count goes on over all failures in a row; the locks begin anew after a pause.
            since = tally.count if now >= tally.until + LONGEST_LOCK else tally.since
            count = tally.count + 1
            if await self._counters.raise_to(
                pool_id,
                what,
                subject,
                at_most=count,
                until=now + lock_seconds(count - since),
                since=since,
                expires=now + REMEMBERED,
            ):
                return tally
        raise AttemptsExceeded

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
