"""When an access key was last used: coarse, and never on a request's way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from poolhouse.errors import VersionConflict
from poolhouse.flows.loop import pause
from poolhouse.ports.access import AccessKeys

HOUR: Final = 3600.0
EVERY: Final = 60.0
"""Seconds that a use waits at most until it is written."""

_logger = logging.getLogger("poolhouse.access")


class KeyUses:
    """``note`` remembers a use, ``write`` brings it to the store: of a key at most once an hour."""

    def __init__(self, keys: AccessKeys, now: Callable[[], float]) -> None:
        self._keys = keys
        self._now = now
        self._written: dict[str, float] = {}
        self._waiting: dict[str, float] = {}

    def note(self, key_id: str) -> None:
        now = self._now()
        # Whatever lies more than an hour away: the clock may have been set back.
        if abs(now - self._written.get(key_id, -HOUR)) >= HOUR:
            self._waiting[key_id] = now

    async def run(self, stop: asyncio.Event) -> None:
        """Uses are written every minute until ``stop`` is set, and then once more."""
        while not stop.is_set():
            await pause(stop, EVERY)
            try:
                await self.write()
            except Exception as error:  # noqa: BLE001 - the store may be away; nothing depends on when a key was used
                _logger.warning("The last use of access keys could not be written: %s.", type(error).__name__)

    async def write(self) -> None:
        """What was noted is in the store, unless another process has written it within the hour. Who changes a key at
        the same moment comes first: the use is written in an hour."""
        waiting, self._waiting = self._waiting, {}
        for key_id, used in waiting.items():
            self._written[key_id] = used
            key = await self._keys.get(key_id)
            if key is None or (key.used is not None and abs(used - key.used) < HOUR):
                continue
            with suppress(VersionConflict):
                await self._keys.save(replace(key, used=used))
