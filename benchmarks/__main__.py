"""``python -m benchmarks``: measures, and prints one table."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import enumeration, footprint, storm, texts, unused_hooks
from benchmarks.pool import make_pool
from benchmarks.primitives import primitives
from benchmarks.processes import Processors, started
from benchmarks.results import Row, table
from benchmarks.shares import measured
from benchmarks.works import WORKS, Work

ROUNDS, QUICK_ROUNDS = 25, 2

Measurement = Callable[[Processors, Path, int], Coroutine[Any, Any, list[Row]]]


async def shares(works: Sequence[Work], processors: Processors, folder: Path, rounds: int) -> list[Row]:
    with (
        primitives(processors) as alone,
        started("benchmarks.poolhouse_server", str(folder / "shares.db"), processors=processors) as server,
    ):
        pool = await make_pool(server.port, max(work.users for work in works))
        return [await measured(work, server, pool, alone, processors, rounds) for work in works]


OTHERS: Mapping[str, Measurement] = {
    "plugins": unused_hooks.measured,
    "storm": storm.measured,
    "enumeration": enumeration.measured,
    "texts": texts.measured,
    "start": footprint.start,
}
SIZE = "size"


async def run(names: Sequence[str], rounds: int) -> list[Row]:
    processors = Processors.of_this_machine()
    if processors.loaded_by is not None:
        os.sched_setaffinity(0, {processors.loaded_by})
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        works = [work for work in WORKS if work.name in names]
        if works:
            rows += await shares(works, processors, folder, rounds)
        for other, measure in OTHERS.items():
            if other in names:
                rows += await measure(processors, folder, rounds)
    if SIZE in names:
        rows += footprint.size()
    return rows


def main() -> None:
    names = [*(work.name for work in WORKS), *OTHERS, SIZE]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures what the server costs.")
    parser.add_argument("--quick", action="store_true", help="two rounds: shows that it runs, not what it costs")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    asked = parser.parse_args()
    if sys.platform != "linux":
        parser.exit(1, "Processor time of other processes is read in Linux's way.\n")
    print(table(asyncio.run(run(asked.only, QUICK_ROUNDS if asked.quick else ROUNDS))))


if __name__ == "__main__":
    main()
