"""What the server asks of a machine before anybody signs in: time to start, memory, and room on the disk."""

from __future__ import annotations

import re
import socket
import sys
import time
from contextlib import suppress
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

from benchmarks import load
from benchmarks.load import Connection
from benchmarks.processes import Processors, Server, end, said_by, spawn
from benchmarks.results import Row

START_REACH = 0.7
MEMORY_REACH = 90.0
SIZE_REACH = 200.0


async def start(processors: Processors, folder: Path, rounds: int) -> list[Row]:
    """Seconds from the command to the first answer, on a file that is there already; memory after it."""
    seconds, used, memory = [], [], []
    command = [sys.executable, "-m", "benchmarks.poolhouse_server", str(folder / "start.db")]
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        process = spawn(command, processors)
        try:
            server = Server(process, int(said_by(process)))
            connection = await Connection.open(server.port)
            await connection.ask(load.get("/healthz"))
            seconds.append(time.perf_counter() - begun)
            connection.close()
            used.append(server.processor_seconds())
            memory.append(server.resident_mb())
        finally:
            end(process)
    fastest = median(seconds[1:])
    resident = median(memory[1:])
    return [
        Row(
            work="Start to first answer",
            limit="",
            limit_figure="",
            measured=f"{fastest:.2f} s ({median(used[1:]):.2f} s of processor)",
            share="",
            reach=f"<= {START_REACH} s",
            reached=fastest <= START_REACH,
        ),
        Row(
            work="Idle memory",
            limit="",
            limit_figure="",
            measured=f"{resident:.0f} MB",
            share="",
            reach=f"<= {MEMORY_REACH:.0f} MB",
            reached=resident <= MEMORY_REACH,
        ),
    ]


async def size(processors: Processors, folder: Path, rounds: int) -> list[Row]:
    """What an installation takes: the package and all that it requires, as their installer wrote it."""
    found = installed("poolhouse")
    megabytes = sum(_size(one) for one in found) / 1e6
    return [
        Row(
            work=f"Installed size ({len(found)} packages)",
            limit="",
            limit_figure="",
            measured=f"{megabytes:.0f} MB",
            share="",
            reach=f"<= {SIZE_REACH:.0f} MB",
            reached=megabytes <= SIZE_REACH,
        )
    ]


def installed(name: str) -> list[Distribution]:
    """The distribution and all that it requires here, once each."""
    found: dict[str, Distribution] = {}
    waiting = [(name, "")]
    while waiting:
        one, extras = waiting.pop()
