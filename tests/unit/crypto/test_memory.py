"""What needs much memory is let in where there is some, and the log says once where there is none."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from poolhouse.crypto.memory import FRESH, RESERVE, SETTLES, Bounds, MemoryRoom
from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.crypto.workers import Workers
from poolhouse.errors import TooManyRequests
from tests.unit.crypto.world import ForeseenChance, vault

MIB = 1024 * 1024


def boundless() -> int:
    return resource.RLIM_INFINITY


class Group:
    """The control group of a container, as files."""

    def __init__(self, folder: Path, limit: str, used: int, files: int = 0, path: str = "") -> None:
        self.groups, self.process = folder / "groups", folder / "process"
        own = self.groups / path
        own.mkdir(parents=True, exist_ok=True)
        self.process.mkdir(exist_ok=True)
        (self.process / "cgroup").write_text(f"1:cpu:/elsewhere\n0::/{path}\n")
        (own / "memory.max").write_text(f"{limit}\n")
        (own / "memory.current").write_text(f"{used}\n")
        (own / "memory.stat").write_text(f"anon 17\ninactive_file {files}\nactive_file 9\n")

    def left(self) -> int | None:
        return Bounds(self.groups, self.process, boundless).left()


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")


@linux_only
@pytest.mark.parametrize(
    ("limit", "used", "files", "left"),
    [(str(256 * MIB), 200 * MIB, 0, 56 * MIB), (str(256 * MIB), 250 * MIB, 50 * MIB, 56 * MIB), ("max", 5, 0, None)],
)
def test_of_a_control_group_it_is_what_is_left_and_what_gives_way(
    tmp_path: Path, limit: str, used: int, files: int, left: int | None
) -> None:
    assert left == Group(tmp_path, limit, used, files).left()


@linux_only
def test_the_narrowest_of_the_groups_above_counts_too(tmp_path: Path) -> None:
    Group(tmp_path, str(100 * MIB), 90 * MIB, path="all")
    inner = Group(tmp_path, str(64 * MIB), 10 * MIB, path="all/one")

    assert 10 * MIB == inner.left()


@linux_only
def test_of_an_address_space_it_is_what_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "statm").write_text("1000 500 3 4 5 6 7\n")

    left = Bounds(tmp_path, tmp_path, lambda: 100 * MIB).left()

    assert 100 * MIB - 1000 * os.sysconf("SC_PAGE_SIZE") == left


def test_without_a_bound_nothing_is_known(tmp_path: Path) -> None:
    assert Bounds(tmp_path, tmp_path, boundless).left() is None


class House:
    """Room for hashes of 20 MiB."""

    def __init__(self, left: int | None) -> None:
        self.left = left
        self.now = 1000.0
        self.readings = 0
        self.room = MemoryRoom(20 * MIB, self.read, lambda: self.now)

    def read(self) -> int | None:
        self.readings += 1
        return self.left

    def lets_in(self, pending: int = 0, at_once: int = 4) -> bool:
        try:
            self.room.admit(pending, at_once)
        except TooManyRequests:
            return False
        return True


def test_one_is_let_in_where_there_is_memory_for_it() -> None:
    assert [False, True] == [House(RESERVE + some * MIB).lets_in() for some in (19, 20)]


def test_where_nothing_is_known_nobody_is_refused() -> None:
    assert House(None).lets_in()


def test_those_who_came_at_the_same_moment_do_not_share_the_same_memory() -> None:
    house = House(RESERVE + 50 * MIB)

    assert [True, True, False] == [house.lets_in(pending) for pending in (0, 1, 2)]


def test_what_has_taken_its_memory_is_known_by_the_reading() -> None:
    house = House(RESERVE + 50 * MIB)
    assert house.lets_in(0)
    assert house.lets_in(1)
    house.now += SETTLES
    house.left = RESERVE + 20 * MIB

    assert house.lets_in(2)


def test_who_waits_for_a_place_needs_no_more_memory() -> None:
    assert House(0).lets_in(pending=4)


def test_a_reading_is_used_for_a_while_and_no_refusal_is_of_an_old_one() -> None:
    house = House(RESERVE + 100 * MIB)
    for _ in range(10):
        assert house.lets_in()
    assert 1 == house.readings
    house.now += FRESH
    house.left = 0
    assert not house.lets_in()
    house.left = RESERVE + 100 * MIB

    assert house.lets_in()


def test_the_log_says_once_that_there_is_too_little_and_once_that_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    house = House(RESERVE)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            house.lets_in()
        house.left = RESERVE + 100 * MIB
        house.lets_in()
        house.lets_in()

    refused, again = caplog.messages
    assert refused.startswith("password hashes are refused: each takes 20 MiB, and of the memory of this process 8")
    assert "there is memory for password hashes again" == again


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(threads=2)
    yield made
    await made.close()


async def test_without_memory_a_password_is_answered_like_a_full_queue(workers: Workers) -> None:
    passwords = PasswordHashes(
        workers, vault(), ForeseenChance(), Argon2Costs(8, 1, 1), room=MemoryRoom(MIB, lambda: RESERVE)
    )

    for call in (passwords.hash("x"), passwords.verify("x", None)):
        with pytest.raises(TooManyRequests):
            await call
    assert 0 == workers.pending


NARROW = """
import asyncio, resource, sys
from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.crypto.workers import Workers
from poolhouse.errors import TooManyRequests
from tests.unit.crypto.world import ForeseenChance, vault

async def main():
    workers = Workers(threads=1)
    passwords = PasswordHashes(workers, vault(), ForeseenChance(), Argon2Costs(8, 1, 1))
    await passwords.hash("x")
    wide = PasswordHashes(workers, vault(), ForeseenChance(), Argon2Costs(200 * 1024, 1, 1))
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 100 * 1024 * 1024,) * 2)
    before = workers._moved_at
    try:
        await wide.hash("x")
    except TooManyRequests:
        print("refused", workers._moved_at == before)
    await passwords.hash("x")
    print("and others not")
    await workers.close()

asyncio.run(main())
"""


@linux_only
def test_a_process_with_a_narrow_address_space_refuses_before_it_begins() -> None:
    done = subprocess.run([sys.executable, "-c", NARROW], capture_output=True, text=True, timeout=60, check=False)

    assert ["refused True", "and others not"] == done.stdout.splitlines(), done.stderr


async def test_hashes_go_on_side_by_side_where_there_is_room_for_them(workers: Workers) -> None:
    passwords = PasswordHashes(
        workers, vault(), ForeseenChance(), Argon2Costs(8, 1, 1), room=MemoryRoom(MIB, lambda: RESERVE + 2 * MIB)
    )

    assert 20 == len({*await asyncio.gather(*(passwords.hash(f"x{number}") for number in range(20)))})
