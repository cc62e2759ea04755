"""The processes that are measured: started on a processor of their own, asked for the time they have used, ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds in which a process says that it is ready, and in which it ends."""


@dataclass(frozen=True, slots=True)
class Processors:
    """Which processor the measured processes run on. None where there is only one: the figures are then rough."""

    served_by: int | None
    loaded_by: int | None

    @classmethod
    def of_this_machine(cls) -> Processors:
        usable = sorted(os.sched_getaffinity(0))
        return cls(usable[-1], usable[0]) if len(usable) > 1 else cls(None, None)


@dataclass(frozen=True, slots=True)
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def processor_seconds(self) -> float:
        """What the process, and every process it started, has used until now, in user and in kernel mode."""
        return sum(_used(pid) for pid in _tree(self.process.pid))

    def resident_mb(self) -> float:
        """What the tree holds in memory, with shared pages counted in full."""
        return sum(resident_bytes(pid) for pid in _tree(self.process.pid)) / 1e6


@contextmanager
def started(module: str, *arguments: str, processors: Processors) -> Iterator[Server]:
    """A module of ours as a process, pinned and ready; it has ended afterwards. It writes its port as a first line."""
    process = spawn([sys.executable, "-m", module, *arguments], processors)
    try:
        said = said_by(process)
        if not said.isdecimal():
            raise RuntimeError(f"{module} did not start")
        yield Server(process, int(said))
    finally:
        end(process)


def spawn(
    command: Sequence[str], processors: Processors, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """A process that runs on the processor of the measured ones from its first instruction on."""
    before = os.sched_getaffinity(0)
    if processors.served_by is not None:
        os.sched_setaffinity(0, {processors.served_by})
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
    finally:
        os.sched_setaffinity(0, before)


def said_by(process: subprocess.Popen[str]) -> str:
    """The next line that the process writes; empty when there is none any more."""
    assert process.stdout is not None  # what ``spawn`` asks for
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _used(pid: int) -> float:
    # What clock_getcpuclockid(3) gives for a process on Linux: nanoseconds, and threads that have ended are counted.
    return time.clock_gettime((~pid << 3) | 2)


def resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))
