"""What SQLite acknowledged survives the sudden death of the process, and harms no other process."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support import store_writer
from tests.support.store_writer import COUNTS, ITEMS, WORKERS


class Writer:
    """A process that writes, and what it said."""

    def __init__(self, file: Path, name: str) -> None:
        self.name = name
        self.counts: dict[int, int] = defaultdict(int)
        self.stages: dict[tuple[int, int], int] = {}
        command = [sys.executable, store_writer.__file__, str(file), name]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def hear(self, lines: int) -> None:
        assert self._process.stdout is not None
        for _ in range(lines):
            line = self._process.stdout.readline()
            assert line, "the writer ended by itself"
            self._note(line)

    def kill(self) -> None:
        """It is dead at once; what it had said by then is noted."""
        self._process.kill()
        rest, _ = self._process.communicate()
        for line in rest.splitlines(keepends=True):
            if line.endswith(b"\n"):
                self._note(line)

    def _note(self, line: bytes) -> None:
        match json.loads(line):
            case ["count", worker, number]:
                self.counts[worker] = number
            case ["stage", worker, number, stage]:
                self.stages[worker, number] = stage


async def lost(file: Path, writer: Writer) -> list[object]:
    """What the writer was told is done and the file does not hold. One step more than was told may be there."""
    store = SqliteStore(file, (ITEMS, COUNTS), FakeClock())
    await store.start()
    missing: list[object] = []
    for worker in range(WORKERS):
        entry = await store.get(COUNTS, (writer.name, str(worker)))
        count = entry.value["n"] if entry else 0
        if count not in (writer.counts[worker], writer.counts[worker] + 1):
            missing.append(("count", worker, writer.counts[worker], count))
    for (worker, number), stage in writer.stages.items():
        entry = await store.get(ITEMS, (writer.name, str(worker), str(number)))
        found = entry.value["stage"] if entry else 3
        if not stage <= found <= min(stage + 1, store_writer.last_stage(number)):
            missing.append(("stage", worker, number, stage, found))
    await store.close()
    return missing


def integrity(file: Path) -> str:
    connection = sqlite3.connect(file)
    answer: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return answer


@pytest.mark.parametrize("lines", [1, 60, *random.Random(9).sample(range(100, 3000), 3)])
async def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path, lines: int) -> None:
    file = tmp_path / "store.db"
    writer = Writer(file, "one")
    writer.hear(lines)

    writer.kill()

    assert await lost(file, writer) == []
    assert integrity(file) == "ok"


async def test_a_file_survives_one_death_after_another(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    writers = []
    for life in range(8):
        writer = Writer(file, f"life {life}")
        writer.hear(random.randrange(1, 800))
        writer.kill()
        writers.append(writer)

    assert [await lost(file, writer) for writer in writers] == [[]] * 8
    assert integrity(file) == "ok"


async def test_a_death_does_not_stop_or_harm_another_process(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    victim, other = Writer(file, "victim"), Writer(file, "other")
    other.hear(100)
    victim.hear(300)

    victim.kill()
    other.hear(500)
    other.kill()

    assert [await lost(file, writer) for writer in (victim, other)] == [[], []]
    assert integrity(file) == "ok"
