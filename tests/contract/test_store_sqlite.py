"""What only the SQLite store promises: one private file, many processes, shared commits, clear refusals."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.store.group_commit import GroupCommit
from poolhouse.store.port import Collection, Entry, Equals, Query
from poolhouse.store.sqlite import SqliteStore
from poolhouse.store.sqlite_log import log_bytes
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.store_suite import COLLECTIONS

ITEMS = Collection("items", ("colour",))


@asynccontextmanager
async def opened(file: Path, *collections: Collection) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(file, collections or (ITEMS,), FakeClock())
    await store.start()
    try:
        yield store
    finally:
        await store.close()


def item(name: str, **value: Any) -> Entry:
    return Entry(("t", name), value)


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def ends_of_processes(program: str, *arguments: object, count: int) -> list[int]:
    """How ``count`` Python processes, started together, ended."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return [process.wait(timeout=60) for process in [subprocess.Popen(command) for _ in range(count)]]


# --- the file --------------------------------------------------------------------------------------------------------


async def test_nobody_else_may_read_the_file_or_what_lies_beside_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db") as store:
        await store.insert(ITEMS, item("a"))

        modes = modes_in(tmp_path)

    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.touch()
    file.chmod(0o644)

    async with opened(file):
        pass

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db") as store:
        written = await store.insert(ITEMS, Entry(("t", "a"), {"n": 1}, expires=9e9, index={"colour": "red"}))

    async with opened(tmp_path / "store.db") as store:
        assert await store.get(ITEMS, ("t", "a")) == written
        assert (await store.find(ITEMS, Query(("t",), Equals("colour", "red")))).entries == [written]


async def test_a_read_of_one_document_reads_no_index_values(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db") as store:
        await store.insert(ITEMS, Entry(("t", "a"), {"n": 1}, index={"colour": "red"}))
        read: set[str] = set()

        def note(action: int, _: str | None, column: str | None, *_more: str | None) -> int:
            if action == sqlite3.SQLITE_READ:
                read.add(str(column))
            return sqlite3.SQLITE_OK

        store._reader.set_authorizer(note)
        await store.get(ITEMS, ("t", "a"))

    assert {"key", "value", "version", "expires"} == read


async def test_an_index_that_is_declared_later_finds_what_is_written_later(tmp_path: Path) -> None:
    later = Collection("items", ("colour", "size"))
    async with opened(tmp_path / "store.db") as store:
        await store.insert(ITEMS, item("old"))

    async with opened(tmp_path / "store.db", later) as store:
        new = await store.insert(later, Entry(("t", "new"), {}, index={"size": "xl"}))

        assert (await store.find(later, Query(("t",), Equals("size", "xl")))).entries == [new]
        assert await store.get(later, ("t", "old")) is not None


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"something else, and long enough to be looked at " * 50)

    with pytest.raises(InvalidParameter, match=r"store\.db cannot be used: file is not a database"):
        await SqliteStore(file, (ITEMS,), FakeClock()).start()

    assert file.read_bytes().startswith(b"something else")


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    async with opened(file):
        pass
    content = bytearray(file.read_bytes())
    content[100:4096] = b"\xa5" * (4096 - 100)
    file.write_bytes(content)

    with pytest.raises(InvalidParameter, match=r"store\.db cannot be used: .*malformed"):
        await SqliteStore(file, (ITEMS,), FakeClock()).start()


async def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = file.read_bytes()

    with pytest.raises(InvalidParameter, match="belongs to another program"):
        await SqliteStore(file, (ITEMS,), FakeClock()).start()

    assert file.read_bytes() == before


async def test_a_file_from_a_later_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    async with opened(file):
        pass
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA user_version = 2")

    with pytest.raises(InvalidParameter, match="later version"):
        await SqliteStore(file, (ITEMS,), FakeClock()).start()


@pytest.mark.parametrize(("path", "reason"), [("nowhere/store.db", "No such file"), (".", "unable to open")])
async def test_a_path_that_can_hold_no_file_is_refused(tmp_path: Path, path: str, reason: str) -> None:
    with pytest.raises(InvalidParameter, match=reason):
        await SqliteStore(tmp_path / path, (ITEMS,), FakeClock()).start()


@pytest.mark.parametrize("collection", [Collection("x; DROP TABLE y"), Collection("Items"), Collection("a", ("b c",))])
def test_a_name_that_could_be_more_than_a_name_is_refused(tmp_path: Path, collection: Collection) -> None:
    with pytest.raises(InvalidParameter):
        SqliteStore(tmp_path / "store.db", (collection,), FakeClock())


# --- many at the same file -------------------------------------------------------------------------------------------


async def test_two_stores_on_one_file_see_each_others_writes_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db") as one, opened(tmp_path / "store.db") as two:
        for number in range(20):
            written = await one.insert(ITEMS, item(str(number)))
            assert await two.get(ITEMS, written.key) == written
            assert await two.take(ITEMS, written.key) == written
            assert await one.get(ITEMS, written.key) is None


async def test_two_stores_on_one_file_lose_no_count(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db") as one, opened(tmp_path / "store.db") as two:
        counts = [store.increment(ITEMS, ("t", "c"), "n", at_most=90) for _ in range(60) for store in (one, two)]

        numbers = await asyncio.gather(*counts)

    assert sorted(number for number in numbers if number is not None) == list(range(1, 91))


async def test_processes_that_start_together_on_a_new_file_lose_no_count(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    child = """
import asyncio, sys
from poolhouse.store.port import Collection
from poolhouse.store.sqlite import SqliteStore
from poolhouse.store.sqlite_log import log_bytes
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.store_suite import COLLECTIONS
async def main():
    items = Collection("items", ("colour",))
    store = SqliteStore(sys.argv[1], (items,), FakeClock())
    await store.start()
    for _ in range(10):
        await asyncio.gather(*(store.increment(items, ("t", "c"), "n") for _ in range(20)))
    await store.close()
asyncio.run(main())
"""
    assert ends_of_processes(child, file, count=4) == [0, 0, 0, 0]

    async with opened(file) as store:
        entry = await store.get(ITEMS, ("t", "c"))

    assert entry is not None
    assert entry.value == {"n": 800}


async def test_a_write_waits_for_another_process_while_reads_go_on(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db") as store:
        first = await store.insert(ITEMS, item("first"))
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            write = asyncio.create_task(store.insert(ITEMS, item("second")))
            for _ in range(20):
                assert await store.get(ITEMS, first.key) == first
                await asyncio.sleep(0)
            assert not write.done()
            other.execute("ROLLBACK")

        second = await write

        assert await store.get(ITEMS, ("t", "second")) == second


# --- shared commits --------------------------------------------------------------------------------------------------


@pytest.fixture
def connect(tmp_path: Path) -> Callable[[], sqlite3.Connection]:
    def connection() -> sqlite3.Connection:
        made = sqlite3.connect(tmp_path / "x.db", isolation_level=None, check_same_thread=False, timeout=0)
        made.execute("CREATE TABLE IF NOT EXISTS t (x UNIQUE)")
        return made

    return connection


async def test_writes_that_wait_together_share_a_commit(connect: Callable[[], sqlite3.Connection]) -> None:
    connection = connect()
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    commits = GroupCommit(connection, patience=1)

    await asyncio.gather(
        *(commits.submit(lambda n=n: connection.execute("INSERT INTO t VALUES (?)", (n,)).rowcount) for n in range(100))
    )
    await commits.close()

    assert (statements.count("BEGIN IMMEDIATE"), statements.count("COMMIT")) == (1, 1)


async def test_only_what_has_to_last_waits_for_the_disk(connect: Callable[[], sqlite3.Connection]) -> None:
    connection = connect()
    levels: list[int] = []

    def write(n: int) -> Callable[[], None]:
        def work() -> None:
            connection.execute("INSERT INTO t VALUES (?)", (n,))
            levels.append(connection.execute("PRAGMA synchronous").fetchone()[0])

        return work

    commits = GroupCommit(connection, patience=1)

    await commits.submit(write(1))
    await commits.submit(write(2), lasting=False)
    await asyncio.gather(commits.submit(write(3), lasting=False), commits.submit(write(4)))
    await commits.close()

    assert levels == [2, 1, 2, 2]


async def test_what_need_not_last_is_committed_without_a_thread(tmp_path: Path) -> None:
    passing = Collection("passing", lasting=False)
    async with opened(tmp_path / "store.db", ITEMS, passing) as store:
        await store.insert(passing, item("first"))
        commits = noted_commits(store)

        await store.insert(passing, item("second"))
        await store.increment(passing, ("t", "count"), "n")
        await store.delete(passing, ("t", "second"))
        await asyncio.gather(store.insert(passing, item("third")), store.insert(ITEMS, item("third")))
        await store.take(passing, ("t", "third"))

    here = threading.current_thread()
    assert [True, True, True, False, False] == [thread is here for thread in commits]


async def test_many_changes_at_once_are_committed_beside_the_loop(tmp_path: Path) -> None:
    passing = Collection("passing", lasting=False)
    async with opened(tmp_path / "store.db", passing) as store:
        await store.insert(passing, item("first"))
        commits = noted_commits(store)

        await asyncio.gather(*(store.insert(passing, item(str(number))) for number in range(300)))

    assert [False] == [thread is threading.current_thread() for thread in commits]


async def test_the_log_stays_short_where_nothing_has_to_last(tmp_path: Path) -> None:
    passing = Collection("passing", lasting=False)
    async with opened(tmp_path / "store.db", passing) as store:
        commits = noted_commits(store)
        for number in range(1500):
            await store.increment(passing, ("t", str(number % 7)), "n")

        assert (tmp_path / "store.db-wal").stat().st_size < 4_000_000
    # Beside the loop: the commits with which the log was copied, and those that began it anew.
    assert 10 <= sum(thread is not threading.current_thread() for thread in commits) <= 20


def noted_commits(store: SqliteStore) -> list[threading.Thread]:
    """The threads in which commits are made from now on."""
    threads: list[threading.Thread] = []

    def note(statement: str) -> None:
        if statement == "COMMIT":
            threads.append(threading.current_thread())

    store._writer.set_trace_callback(note)
    return threads


async def test_what_was_taken_lasts_whatever_its_collection_says(tmp_path: Path) -> None:
    passing = Collection("passing", lasting=False)
    store = SqliteStore(tmp_path / "store.db", [passing], FakeClock())
    await store.start()
    statements: list[str] = []
    await store.insert(passing, Entry(key=("t", "k"), value={}))
    store._writer.set_trace_callback(statements.append)

    await store.take(passing, ("t", "k"))
    await store.close()

    assert "PRAGMA synchronous = FULL" in statements


async def test_a_write_that_changes_nothing_waits_for_no_disk(connect: Callable[[], sqlite3.Connection]) -> None:
    connection = connect()
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    commits = GroupCommit(connection, patience=1)

    assert await commits.submit(lambda: connection.execute("DELETE FROM t WHERE x = 1").rowcount) == 0
    await commits.close()

    assert "COMMIT" not in statements


async def test_an_error_reaches_its_caller_and_nobody_else(connect: Callable[[], sqlite3.Connection]) -> None:
    connection = connect()
    commits = GroupCommit(connection, patience=1)

    ends = await asyncio.gather(
        *(commits.submit(lambda n=n: connection.execute("INSERT INTO t VALUES (?)", (n,)).rowcount) for n in (1, 1, 2)),
        return_exceptions=True,
    )
    await commits.close()

    assert [type(end) for end in ends] == [int, sqlite3.IntegrityError, int]
    with closing(connect()) as reader:
        assert reader.execute("SELECT x FROM t ORDER BY x").fetchall() == [(1,), (2,)]


async def test_who_gave_up_before_their_turn_changes_nothing(connect: Callable[[], sqlite3.Connection]) -> None:
    connection = connect()
    commits = GroupCommit(connection, patience=1)
    kept, given_up = (
        commits.submit(lambda n=n: connection.execute("INSERT INTO t VALUES (?)", (n,)).rowcount) for n in (1, 2)
    )

    given_up.cancel()
    await kept
    await commits.close()

    with closing(connect()) as reader:
        assert reader.execute("SELECT x FROM t").fetchall() == [(1,)]


async def test_patience_ends_and_the_next_write_is_tried_again(connect: Callable[[], sqlite3.Connection]) -> None:
    connection = connect()
    commits = GroupCommit(connection, patience=0.01)
    with closing(connect()) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await commits.submit(lambda: connection.execute("INSERT INTO t VALUES (1)").rowcount)
        other.execute("ROLLBACK")

    assert await commits.submit(lambda: connection.execute("INSERT INTO t VALUES (2)").rowcount) == 1
    await commits.close()


async def test_a_lost_transaction_is_lost_for_all_who_shared_it(connect: Callable[[], sqlite3.Connection]) -> None:
    connection = connect()
    commits = GroupCommit(connection, patience=1)

    def fail() -> None:
        # What SQLite does by itself when the disk is full.
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    first = commits.submit(lambda: connection.execute("INSERT INTO t VALUES (1)").rowcount)
    ends = await asyncio.gather(first, commits.submit(fail), return_exceptions=True)
    assert await commits.submit(lambda: connection.execute("INSERT INTO t VALUES (2)").rowcount) == 1
    await commits.close()

    assert [str(end) for end in ends] == ["database or disk is full"] * 2
    with closing(connect()) as reader:
        assert reader.execute("SELECT x FROM t").fetchall() == [(2,)]


async def test_closing_waits_for_what_was_asked_and_takes_nothing_more(
    connect: Callable[[], sqlite3.Connection],
) -> None:
    connection = connect()
    commits = GroupCommit(connection, patience=1)
    writes = [
        commits.submit(lambda n=n: connection.execute("INSERT INTO t VALUES (?)", (n,)).rowcount) for n in range(1200)
    ]

    await commits.close()

    assert [write.result() for write in writes] == [1] * 1200
    with pytest.raises(RuntimeError, match="closed"):
        commits.submit(lambda: None)


async def test_a_store_that_could_not_be_started_can_be_closed(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "no such folder" / "store.db", COLLECTIONS, FakeClock())
    with pytest.raises(InvalidParameter):
        await store.start()

    await store.close()


async def test_a_store_can_be_closed_twice(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db") as store:
        await store.close()


# --- what it writes ---------------------------------------------------------------------------------------------------


async def test_a_reader_that_does_not_end_makes_the_log_grow_and_its_length_is_told(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    async with opened(file) as store:
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM c_items").fetchone()
            lengths = []
            for turn in range(3):
                await asyncio.gather(*(store.insert(ITEMS, item(f"{turn}-{number}")) for number in range(300)))
                lengths.append(log_bytes(f"sqlite:{file}"))

    assert 0 < lengths[0] < lengths[1] < lengths[2]
    assert 0 == log_bytes("memory:") == log_bytes(f"sqlite:{tmp_path / 'none.db'}")


async def test_small_entries_that_expired_are_swept_without_an_index(tmp_path: Path) -> None:
    small = Collection("small", small=True)
    clock = FakeClock()
    store = SqliteStore(tmp_path / "store.db", (small,), clock)
    await store.start()
    await asyncio.gather(
        *(
            store.insert(small, Entry(("t", f"{number:05}"), {}, expires=clock.now() + 1 + number % 2))
            for number in range(5000)
        )
    )
    clock.advance(1.5)
    swept = await store.sweep()
    left = await store.find(small, Query(limit=6000))
    await store.close()

    assert 2500 == swept
    assert {"1"} == {str(int(entry.key[1]) % 2) for entry in left.entries}
    with closing(sqlite3.connect(tmp_path / "store.db")) as raw:
        assert [] == raw.execute("SELECT name FROM sqlite_master WHERE name LIKE '%expires%'").fetchall()


@pytest.mark.parametrize("made_by", ["older", "newer"])
async def test_a_version_that_kept_small_entries_in_another_way_shares_the_file(tmp_path: Path, made_by: str) -> None:
    older, newer = Collection("things"), Collection("things", small=True)
    first, second = (older, newer) if made_by == "older" else (newer, older)
    file = tmp_path / "store.db"
    async with opened(file, first) as one, opened(file, second) as two:
        for mine, its, others, theirs in ((one, first, two, second), (two, second, one, first)):
            made = await mine.insert(its, Entry(("t", "a"), {"n": 1}))
            assert made == await others.get(theirs, made.key)
            changed = await others.replace(theirs, Entry(made.key, {"n": 2}, made.version, expires=made.expires))
            assert 3 == await mine.increment(its, made.key, "n")
            assert not await mine.delete(its, made.key, version=changed.version)
            assert await others.take(theirs, made.key) is not None
            await mine.insert(its, Entry(("t", "b"), {}, expires=0.5))
            assert 1 == await mine.sweep() + await others.sweep()
