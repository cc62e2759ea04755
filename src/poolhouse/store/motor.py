"""The store in MongoDB by Motor: the default driver, which does each command in a thread of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import Any

from poolhouse.store.mongodb import MongoStore
from poolhouse.store.port import Clock, Collection


class Motor:
    """``calls`` threads at most. They are the process's, and the first to connect says how many; Motor's own variable,
    ``MOTOR_MAX_WORKERS``, comes before that."""

    def __init__(self, calls: int) -> None:
        self._calls = calls

    def client(self, uri: str, options: dict[str, Any]) -> Any:
        # Motor makes its threads when it is imported, five for each processor unless this says otherwise: 60 people
        # who wait for a distant database would wait for ten threads.
        os.environ.setdefault("MOTOR_MAX_WORKERS", str(self._calls))
        from motor.motor_asyncio import AsyncIOMotorClient

        return AsyncIOMotorClient(uri, io_loop=asyncio.get_running_loop(), **options)

    async def close(self, client: Any) -> None:
        # It says goodbye to the database, and waits for that.
        await asyncio.to_thread(client.close)


class MotorStore(MongoStore):
    def __init__(self, uri: str, collections: Iterable[Collection], clock: Clock, *, calls: int = 100) -> None:
        super().__init__(Motor(calls), uri, collections, clock, calls=calls)
