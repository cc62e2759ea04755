"""What a process runs short of, or cannot trust, without anybody noticing: files for connections, the clock, and the
disk that the store's log fills.

A connection that finds no file is closed by the event loop before any code of ours is asked, so it is looked at here,
every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

EVERY: Final = 2.0
"""Seconds between two looks."""
NEARLY: Final = 0.95
STEP: Final = 1.0
"""Seconds by which a clock may go wrong between two looks: more than a time service corrects at once."""
LONG: Final = 128 * 2**20
"""Bytes of the store's log that are told: twice what is left of it once it can be begun anew."""

_logger = logging.getLogger("poolhouse.serving")


def open_files() -> int:
    """How many files and connections this process has; all that it may where it cannot open one more to count them."""
    if sys.platform != "linux":
        return 0
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return files_limit()


def files_limit() -> int:
    """How many it may have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Shortages:
    """Says in the log what begins and what ends, once. ``store_log`` tells the bytes of the store's own log."""

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        store_log: Callable[[], int] = lambda: 0,
    ) -> None:
        self._now = now
        self._monotonic = monotonic
        self._offset = now() - monotonic()
        self._is_short = False
        self._store_log = store_log
        self._is_long = False

    async def watch(self) -> None:
        """Does not return: it is cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self.look()

    def look(self) -> None:
        offset = self._now() - self._monotonic()
        step, self._offset = offset - self._offset, offset
        if abs(step) > STEP:
            way = "forward" if step > 0 else "back"
            _logger.warning("the clock was set %s by %.1f seconds", way, abs(step))
        limit = files_limit()
        is_short = open_files() >= NEARLY * limit
        if is_short and not self._is_short:
            _logger.error(
                "this process may open %d files, and has none left: connections are refused; raise the limit "
                "(ulimit -n, LimitNOFILE)",
                limit,
            )
        elif self._is_short and not is_short:
            _logger.warning("there are files again")
        self._is_short = is_short
        length = self._store_log()
        if length > LONG and not self._is_long:
            _logger.warning(
                "the store's log (-wal) has %d MB and grows: another process reads the store and does not end its "
                "transaction, or the disk cannot keep up",
                length // 10**6,
            )
        elif self._is_long and length <= LONG:
            _logger.warning("the store's log is short again")
        self._is_long = length > LONG
