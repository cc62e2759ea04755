"""``python -m benchmarks``: measures, and prints one table."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import enumeration, footprint, live_sessions, storm, texts, unused_hooks
from benchmarks.identities import make_identity_pool
from benchmarks.pool import BenchPool, choose, make_pool
from benchmarks.poolhouse_server import guards
from benchmarks.primitives import primitives
from benchmarks.processes import Processors, started
from benchmarks.results import Row, table
from benchmarks.shares import measured
from benchmarks.works import IDENTITIES, OAUTH, WORKS, Work
from poolhouse.records.keys import Algorithm

ROUNDS, QUICK_ROUNDS = 25, 2

Measurement = Callable[[Processors, Path, int], Coroutine[Any, Any, list[Row]]]


async def shares(works: Sequence[Work], processors: Processors, folder: Path, rounds: int) -> list[Row]:
    file = str(folder / "shares.db")
    # Pools are made, and choose, before the server starts that is measured: so it finds their keys as they are.
    pools = await _pools(works, processors, file)
    with (
        primitives(processors) as alone,
        started("benchmarks.poolhouse_server", file, processors=processors) as server,
    ):
        return [await measured(work, server, pools[work.algorithm], alone, processors, rounds) for work in works]


async def _pools(works: Sequence[Work], processors: Processors, file: str) -> Mapping[Algorithm, BenchPool]:
    """A pool for each algorithm that is asked for."""
    algorithms = sorted({work.algorithm for work in works})
    with started("benchmarks.poolhouse_server", file, processors=processors) as server:
        pools = {
            each: await make_pool(server.port, max(work.users for work in works if work.algorithm == each))
            for each in algorithms
        }
        identity_pool = await make_identity_pool(server.port, pools.get(Algorithm.RS256) or next(iter(pools.values())))
    for algorithm, pool in pools.items():
        if algorithm != Algorithm.RS256:
            choose(file, pool, algorithm)
    guards(file, [pool.id for pool in pools.values()], identity_pool)
    return {each: replace(pool, identity_pool=identity_pool) for each, pool in pools.items()}


OTHERS: Mapping[str, Measurement] = {
    "plugins": unused_hooks.measured,
    "storm": storm.measured,
    "enumeration": enumeration.measured,
    "texts": texts.measured,
    "start": footprint.start,
}
SIZE = "size"
GROUPS: Mapping[str, Sequence[str]] = {"oauth": OAUTH, "identities": IDENTITIES}
"""Rows that are asked for by one name."""


async def run(names: Sequence[str], rounds: int, live: int) -> list[Row]:
    """``live``: with how many sessions of browsers in the store; 0: that is not measured."""
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
    if live:
        rows += await live_sessions.measured(processors, live)
    return rows


def main() -> None:
    names = [*(work.name for work in WORKS), *OTHERS, SIZE]
    known = [*names, *GROUPS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures what the server costs.")
    parser.add_argument("--quick", action="store_true", help="two rounds: shows that it runs, not what it costs")
    parser.add_argument("--only", nargs="+", choices=known, metavar="NAME", help=", ".join(known))
    parser.add_argument(
        "--sessions",
        nargs="?",
        type=_count,
        const=live_sessions.MANY,
        default=0,
        metavar="COUNT",
        help=f"nothing but what so many live sessions of browsers cost ({live_sessions.MANY:,} where none is given)",
    )
    asked = parser.parse_args()
    if sys.platform != "linux":
        parser.exit(1, "Processor time of other processes is read in Linux's way.\n")
    wanted = asked.only or ([] if asked.sessions else names)
    wanted = [each for name in wanted for each in GROUPS.get(name, (name,))]
    print(table(asyncio.run(run(wanted, QUICK_ROUNDS if asked.quick else ROUNDS, asked.sessions))))


def _count(text: str) -> int:
    """Raises ``ValueError``."""
    if (count := int(text)) < 1:
        raise ValueError
    return count


if __name__ == "__main__":
    main()
