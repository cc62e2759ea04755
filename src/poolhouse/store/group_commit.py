"""Many writes, one transaction: what is waiting when a transaction begins shares its commit.

Statements run on the event loop's thread: they touch pages in memory and take some microseconds, while every call into
SQLite from another thread would have to win the interpreter lock back from a busy loop. What waits for the disk or for
another process runs in one thread of its own: the ``COMMIT`` of what has to last, a contended ``BEGIN``, copying the
log into the file. The ``COMMIT`` of what need not last only hands pages to the operating system, in less time than the
way to the thread and back would take. A future is resolved after the commit that makes its write durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Work: TypeAlias = Callable[[], Any]
_Asked: TypeAlias = tuple[Work, asyncio.Future[Any], bool]
_Done: TypeAlias = tuple[asyncio.Future[Any], Any, Exception | None]

_MOST_IN_ONE = 500
"""How many writes share a transaction at most: the loop serves others between two transactions."""

_COMPANY = 0.003
"""Seconds that a write waits for company which does not hurry."""

_COPIED_AFTER = 200
"""After so many changes the log is copied into the file: by then it has some megabytes."""


class GroupCommit:
    """Writes over one connection, in the order of asking. Belongs to the event loop that made it.

    The connection is in autocommit mode with a busy timeout of zero, and nobody else uses it.
    """

    def __init__(self, connection: sqlite3.Connection, *, patience: float, check: Work = lambda: None) -> None:
        """``patience`` is how many seconds a transaction waits for other processes to finish theirs. ``check`` is
        asked before each; where it raises, so does every write of the transaction."""
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._patience = patience
        self._check = check
        self._waiting: deque[_Asked] = deque()
        self._is_synced = True
        self._uncopied = 0
        self._is_busy = False
        self._unhurried: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._jobs: SimpleQueue[tuple[Work, Callable[[Exception | None], None]] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="poolhouse-commit", daemon=True)
        # SQLite would copy the log inside whatever commit makes it long, the loop's too.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        self._thread.start()

    def submit(self, work: Callable[[], T], *, lasting: bool = True, hurries: bool = True) -> asyncio.Future[T]:
        """A future of what ``work`` returns or raises, resolved when the transaction that it ran in is on disk; where
        nothing in that transaction is ``lasting``, when the operating system has it. What does not hurry waits some
        milliseconds for others to share a transaction with.

        An error that ``work`` raises undoes nothing but its own statement, so it must raise before it has changed
        anything. Work whose future was cancelled before its turn is not done.
        """
        if self._is_closed:
            raise RuntimeError("The store is closed.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((work, future, lasting))
        self._idle.clear()
        if not self._is_busy:
            if hurries:
                self._begin_soon()
            elif self._unhurried is None:
                self._unhurried = self._loop.call_later(_COMPANY, self._begin_soon)
        return future

    def _begin_soon(self) -> None:
        if self._unhurried is not None:
            self._unhurried.cancel()
            self._unhurried = None
        self._is_busy = True
        # Not at once: what else this turn of the loop has to write joins in.
        self._loop.call_soon(self._begin)

    async def close(self) -> None:
        """All that was asked is done, and the connection is closed."""
        self._is_closed = True
        await self._idle.wait()
        closed = self._loop.create_future()
        self._in_thread(self._connection.close, lambda error: closed.set_result(error))
        error = await closed
        self._jobs.put(None)
        self._thread.join()
        if error is not None:
            raise error

    # --- one transaction, in three steps -------------------------------------------------------------------------

    def _begin(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_IN_ONE))]
        try:
            self._check()
            self._sync(any(lasting for _, _, lasting in batch))
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                self._in_thread(self._begin_patiently, lambda error: self._begun(batch, error))
            else:
                self._begun(batch, error)
        except Exception as error:  # noqa: BLE001 - it is raised to those who write
            self._begun(batch, error)
        else:
            self._begun(batch, None)

    def _sync(self, lasting: bool) -> None:
        """The next commit waits for the disk, or does not. What it did not wait for, the next one that does brings
        along."""
        if lasting != self._is_synced:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
            self._is_synced = lasting

    def _begin_patiently(self) -> None:
        self._connection.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._connection.execute("PRAGMA busy_timeout = 0")

    def _begun(self, batch: list[_Asked], error: Exception | None) -> None:
        if error is not None:
            self._end([(future, None, error) for _, future, _ in batch])
            return
        changes = self._connection.total_changes
        done: list[_Done] = []
        for work, future, _ in batch:
            if future.done():
                continue
            try:
                done.append((future, work(), None))
            except Exception as own:  # noqa: BLE001 - it is its caller's, and is raised there
                done.append((future, None, own))
        if not self._connection.in_transaction:
            # The disk is full or broken: SQLite has undone the whole transaction.
            lost = next((error for _, _, error in done if error), sqlite3.OperationalError("transaction undone"))
            self._end([(future, None, error or lost) for future, _, error in done])
        elif self._connection.total_changes == changes:
            # Nothing to make durable: a refused write costs no turn of the disk.
            self._connection.execute("ROLLBACK")
            self._end(done)
        else:
            # The first commit after the log was copied begins it anew, and that waits for the disk too.
            is_first = self._uncopied == 0
            self._uncopied += self._connection.total_changes - changes
            if self._is_synced or is_first or self._uncopied >= _COPIED_AFTER:
                self._in_thread(self._commit_and_copy, lambda error: self._committed(done, error))
            else:
                self._commit_here(done)

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _commit_here(self, done: list[_Done]) -> None:
        try:
            self._commit()
        except sqlite3.Error as error:
            self._committed(done, error)
        else:
            self._committed(done, None)

    def _commit_and_copy(self) -> None:
        self._commit()
        if self._uncopied >= _COPIED_AFTER:
            # What was committed is safe in the log; what could not be copied now is copied the next time.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._uncopied = 0

    def _committed(self, done: list[_Done], error: Exception | None) -> None:
        self._end(done if error is None else [(future, None, own or error) for future, _, own in done])

    def _end(self, done: list[_Done]) -> None:
        for future, result, error in done:
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if self._waiting:
            self._loop.call_soon(self._begin)
        else:
            self._is_busy = False
            self._idle.set()

    # --- the thread ----------------------------------------------------------------------------------------------

    def _in_thread(self, job: Work, then: Callable[[Exception | None], None]) -> None:
        self._jobs.put((job, then))

    def _work(self) -> None:
        while (order := self._jobs.get()) is not None:
            job, then = order
            error: Exception | None = None
            try:
                job()
            except Exception as raised:  # noqa: BLE001 - it is raised to those who wait for the job
                error = raised
            try:
                self._loop.call_soon_threadsafe(then, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
