"""Where a process keeps its numbers so that the others can read them: memory that a parent shares with its workers.

A board has slots of eight bytes, and names for them. Its one writer puts a name behind the others and only then counts
it in, and changes a number by one aligned write: whoever reads meanwhile sees what was before, or what is after.
Nothing is written to a disk, and nothing is lost when the writer is killed: who takes its place goes on with the board.
"""

from __future__ import annotations

import logging
import mmap
from collections.abc import Iterator
from typing import Final

import msgspec

SLOTS: Final = 32_768
NAMES: Final = 2 * 1024 * 1024
"""Bytes. Memory that is not used is not taken."""
_HEAD: Final = 24
"""How many bytes of names and how many slots are used, and whether somebody writes."""
_LARGEST: Final = 64
"""Slots that no name has more of."""

Name = tuple[str, ...]

_logger = logging.getLogger("poolhouse.metrics")
_decode = msgspec.json.Decoder(tuple[int, int, Name]).decode


class Board:
    """``numbers`` are the slots. Forked processes share it; without any it is just memory."""

    def __init__(self) -> None:
        memory = mmap.mmap(-1, _HEAD + 8 * SLOTS + NAMES)
        self._head = memoryview(memory)[:_HEAD].cast("q")
        self.numbers = memoryview(memory)[_HEAD : _HEAD + 8 * SLOTS].cast("d")
        self._names = memoryview(memory)[_HEAD + 8 * SLOTS :]
        self._is_full = False

    @property
    def is_held(self) -> bool:
        """Whether a process lives that writes here."""
        return bool(self._head[2])

    @is_held.setter
    def is_held(self, held: bool) -> None:
        self._head[2] = int(held)

    def known(self) -> Iterator[tuple[Name, int, int]]:
        """Each name with its first slot, and how many it has."""
        for line in bytes(self._names[: self._head[0]]).splitlines():
            at, width, name = _decode(line)
            yield name, at, width

    def add(self, name: Name, width: int) -> int:
        """The first slot of a name that is new. Where there is no room, all that are new share slots that nobody
        reads."""
        used, at = self._head[0], self._head[1]
        line = msgspec.json.encode((at, width, name)) + b"\n"
        if at + width > SLOTS - _LARGEST or used + len(line) > NAMES:
            if not self._is_full:
                self._is_full = True
                _logger.error("there are more figures than can be kept: new ones are not counted")
            return SLOTS - _LARGEST
        self._names[used : used + len(line)] = line
        # A writer that is killed between these two leaves some slots that nobody has.
        self._head[1] = at + width
        self._head[0] = used + len(line)
        return at
