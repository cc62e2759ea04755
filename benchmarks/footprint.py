"""What the server asks of a machine before anybody signs in: time to start, memory, and room on the disk."""

from __future__ import annotations

import asyncio
import secrets
import socket
import sys
import time
from importlib.metadata import Distribution, distribution
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import poolhouse
from benchmarks import load
from benchmarks.load import Connection
from benchmarks.processes import PATIENCE, Processors, Server, end, spawn
from benchmarks.results import Row

START_REACH = 0.7
MEMORY_REACH = 90.0
SIZE_REACH = 200.0


async def start(processors: Processors, folder: Path, rounds: int) -> list[Row]:
    """Seconds from ``poolhouse serve`` to the first answer, on a store that is there already; memory after it."""
    seconds, used, memory = [], [], []
    port = _free_port()
    environment = {
        "POOLHOUSE_LISTEN": f"127.0.0.1:{port}",
        "POOLHOUSE_STORE": f"sqlite:{folder / 'start.db'}",
        "POOLHOUSE_LOGGING_LEVEL": "error",
        "POOLHOUSE_MASTER_KEY": secrets.token_hex(32),
    }
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        process = spawn([sys.executable, "-m", "poolhouse", "serve"], processors, environment)
        server = Server(process, port)
        try:
            await _answered(port)
            seconds.append(time.perf_counter() - begun)
            used.append(server.processor_seconds())
            memory.append(server.resident_mb())
        finally:
            end(process)
    # The first start makes the store. Of the others the lowest is the truest: what disturbs only adds.
    first_answer, processor, resident = min(seconds[1:]), min(used[1:]), median(memory[1:])
    return [
        _bounded(
            "Start to first answer",
            f"{first_answer:.2f} s ({processor:.2f} s of processor)",
            f"{START_REACH} s",
            first_answer <= START_REACH,
        ),
        _bounded("Idle memory", f"{resident:.0f} MB", f"{MEMORY_REACH:.0f} MB", resident <= MEMORY_REACH),
    ]


def size() -> list[Row]:
    """What an installation takes on the disk: the package and all that it requires, compiled."""
    required = requirements("poolhouse")
    package = Path(poolhouse.__file__).parent
    files = {path for path in package.rglob("*") if path.is_file()}
    for one in required:
        # An editable installation of ours has no files of its own: they are counted above.
        files |= {Path(str(one.locate_file(path))) for path in one.files or ()}
    megabytes = sum(path.stat().st_size for path in files if path.is_file()) / 1e6
    return [
        _bounded(
            f"Installed size ({len(required)} packages)",
            f"{megabytes:.0f} MB",
            f"{SIZE_REACH:.0f} MB",
            megabytes <= SIZE_REACH,
        )
    ]


def requirements(name: str) -> list[Distribution]:
    """The distribution and all that it requires on this machine, once each, without extras that nobody asks for."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(name)]
    while waiting:
        wanted = waiting.pop()
        key = canonicalize_name(wanted.name)
        if key not in found:
            found[key] = distribution(wanted.name)
        for text in found[key].requires or ():
            further = Requirement(text)
            extras = wanted.extras or {""}
            applies = further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras)
            if applies and canonicalize_name(further.name) not in found:
                waiting.append(further)
    return list(found.values())


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def _answered(port: int) -> None:
    """The server has answered. It is asked again every few milliseconds until it listens."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                connection = await Connection.open(port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.005)
            else:
                await connection.ask(load.get("/healthz"))
                connection.close()
                return


def _bounded(work: str, measured: str, bound: str, reached: bool) -> Row:
    return Row(work=work, limit="", limit_figure="", measured=measured, share="", reach=f"<= {bound}", reached=reached)
