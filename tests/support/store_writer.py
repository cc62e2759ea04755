"""Writes into an SQLite store until killed, and says after each write that it was acknowledged.

``store_writer.py FILE NAME`` prints lines ``["count", worker, number]`` and ``["stage", worker, number, stage]``.
Each worker counts, and leads one key after another through its stages: 1 inserted, 2 replaced, 3 taken. Keys stop at
different stages (``last_stage``).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from msgspec.structs import replace

from poolhouse.store.port import Collection, Entry
from poolhouse.store.sqlite import SqliteStore

ITEMS = Collection("items", ("worker",))
COUNTS = Collection("counts")
WORKERS = 20


class RealClock:
    def now(self) -> float:
        return time.time()


def last_stage(number: int) -> int:
    return number % 3 + 1


def say(*fact: object) -> None:
    os.write(1, json.dumps(fact).encode() + b"\n")


async def work(store: SqliteStore, name: str, worker: int) -> None:
    number = 0
    while True:
        say("count", worker, await store.increment(COUNTS, (name, str(worker)), "n"))
        entry = Entry((name, str(worker), str(number)), {"stage": 1}, index={"worker": str(worker)})
        written = await store.insert(ITEMS, entry)
        say("stage", worker, number, 1)
        if last_stage(number) >= 2:
            await store.replace(ITEMS, replace(entry, value={"stage": 2}, version=written.version))
            say("stage", worker, number, 2)
        if last_stage(number) >= 3:
            await store.take(ITEMS, entry.key)
            say("stage", worker, number, 3)
        number += 1


async def main(file: str, name: str) -> None:
    store = SqliteStore(file, (ITEMS, COUNTS), RealClock())
    await store.start()
    await asyncio.gather(*(work(store, name, worker) for worker in range(WORKERS)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
