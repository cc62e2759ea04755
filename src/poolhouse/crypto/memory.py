"""How much memory this process may still take, where somebody has set a bound: asked before what needs much of it.

Of a container it is what its control group has left (cgroup v2, and those above it), of a process what is left of its
address space (``ulimit -v``). Where neither is bounded, nothing is known and nothing refused: the system's own memory
is everybody's.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from poolhouse.errors import TooManyRequests

FRESH: Final = 0.05
"""Seconds for which a reading is good: it takes some 30 us, a hash 20 ms."""
SETTLES: Final = 0.1
"""Seconds after which what was admitted has taken its memory, and a reading knows of it."""
RESERVE: Final = 8 * 1024 * 1024
"""Bytes that are left for the rest of the process."""

log = logging.getLogger(__name__)


class Bounds:
    """Reads the bounds of this process. The folders are the system's, but in tests."""

    def __init__(
        self,
        groups: Path = Path("/sys/fs/cgroup"),
        process: Path = Path("/proc/self"),
        address_space: Callable[[], int] = lambda: resource.getrlimit(resource.RLIMIT_AS)[0],
    ) -> None:
        self._process = process
        self._address_space = address_space
        self._groups = [*_bounded(groups, process)] if sys.platform == "linux" else []

    def left(self) -> int | None:
        """Bytes; None where there is no bound."""
        left = [_left_of(group) for group in self._groups]
        limit = self._address_space()
        if limit != resource.RLIM_INFINITY and sys.platform == "linux":
            pages = int(_read(self._process / "statm").split()[0])
            left.append(limit - pages * os.sysconf("SC_PAGE_SIZE"))
        return min(left, default=None)


class MemoryRoom:
    """Lets in what finds its memory: ``need`` bytes each. ``left`` says what there is."""

    def __init__(
        self,
        need: int,
        left: Callable[[], int | None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._need = need
        self._left_now = left or Bounds().left
        self._monotonic = monotonic
        self._left: int | None = None
        self._read_at: float | None = None
        self._admitted: deque[float] = deque()
        self._is_short = False

    def admit(self, pending: int, at_once: int) -> None:
        """One more may begin, where so many wait or run, and ``at_once`` run at the same moment. Raises
        ``TooManyRequests``; the log says so when it begins and when it is over."""
        if pending >= at_once:
            return  # it takes the place of one that ends
        now = self._monotonic()
        while self._admitted and self._admitted[0] <= now - SETTLES:
            self._admitted.popleft()
        # Those of a moment ago may not have taken their memory yet.
        wanted = RESERVE + self._need * (1 + min(len(self._admitted), pending))
        if (
            self._read_at is None
            or not self._read_at <= now < self._read_at + FRESH
            or (self._left is not None and self._left < wanted)
        ):
            self._read(now)
        if self._left is not None and self._left < wanted:
            self._tell(is_short=True)
            raise TooManyRequests(retry_after=1.0)
        self._tell(is_short=False)
        self._admitted.append(now)

    def _read(self, now: float) -> None:
        try:
            self._left = self._left_now()
        except (OSError, ValueError, IndexError):
            self._left = None  # what cannot be read bounds nobody
        self._read_at = now

    def _tell(self, *, is_short: bool) -> None:
        if is_short and not self._is_short:
            log.error(
                "password hashes are refused: each takes %d MiB, and of the memory of this process %d MiB are "
                "left; raise its limit, or lower server.threads or passwords.memory_kib",
                self._need >> 20,
                max(0, self._left or 0) >> 20,
            )
        elif self._is_short and not is_short:
            log.warning("there is memory for password hashes again")
        self._is_short = is_short


def _bounded(groups: Path, process: Path) -> Iterable[Path]:
    """The control group of this process and those above it that have a bound."""
    try:
        lines = _read(process / "cgroup").splitlines()
    except OSError:
        return
    path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    if path is None:
        return
    own = groups / path.strip("/")
    for group in (own, *own.parents):
        if group != groups and groups not in group.parents:
            return
        try:
            if _read(group / "memory.max").strip() != "max":
                yield group
        except OSError:
            continue


def _left_of(group: Path) -> int:
    """What is left of the group's bound. Files that the system keeps in memory give way."""
    limit = _read(group / "memory.max").strip()
    if limit == "max":
        return sys.maxsize
    used = int(_read(group / "memory.current"))
    for line in _read(group / "memory.stat").splitlines():
        if line.startswith("inactive_file "):
            used -= int(line.split()[1])
    return int(limit) - used


def _read(file: Path) -> str:
    return file.read_text(encoding="ascii")
