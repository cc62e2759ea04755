"""What expired is removed from the store, again and again."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from poolhouse.store.port import Store

SWEEP_SECONDS: Final = 60.0

_logger = logging.getLogger("poolhouse.store")


async def swept(store: Store) -> None:
    """Does not return: it is cancelled. Nothing depends on it but the room that a store takes."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await store.sweep()
        except Exception as error:  # noqa: BLE001 - the store may be away; it is tried again
            _logger.warning("Expired entries could not be removed: %s.", type(error).__name__)
