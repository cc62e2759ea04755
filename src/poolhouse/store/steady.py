"""The store as requests use it: they wait for it within a budget, and what it cannot do is said in our own words.

A database that is away, full, locked or no longer the one that was opened raises ``StoreAway``, with the cause in a
closed set of words. Nobody takes that for an answer about a user: it is no ``KeyTaken``, no None, no empty page.

All calls of one request together wait for ``store.patience`` seconds. Once a call has waited in vain, others fail at
once, and one in a second tries whether the store is back. What runs for no request (jobs, the outbox, commands) has no
budget: it has its own way to try again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from poolhouse.errors import PoolhouseError, StoreAway
from poolhouse.store.port import Collection, Document, Entry, Key, Page, Query, Store, Stored

T = TypeVar("T")

TRY_AGAIN: Final = 1.0
"""Seconds between two tries while the store is away."""

_DRIVERS: Final = frozenset({"bson", "pymongo", "sqlite3"})
_SQLITE: Final = {
    5: "another process holds the lock for writing",
    6: "another process holds the lock for writing",
    8: "its file cannot be written",
    10: "the disk does not read or write",
    11: "its file is damaged",
    13: "the disk is full",
    14: "its file cannot be opened",
    26: "its file is damaged",
}
"""By SQLite's primary result codes, https://sqlite.org/rescode.html."""
_SILENT: Final = "it does not answer"
_BLOCKED: Final = "another process writes and does not end, or the disk is slow"


class Budget:
    """How many seconds a request may still wait for the store."""

    __slots__ = ("left",)

    def __init__(self, seconds: float) -> None:
        self.left = seconds


_budget: ContextVar[Budget | None] = ContextVar("store budget", default=None)


def begin_request(seconds: float) -> None:
    """What follows in this task, and in the tasks that it starts, is a request that waits for so long in all."""
    _budget.set(Budget(seconds))


class SteadyStore:
    """``is_file``: the store is a local one. Its reads need no budget, since nothing is waited for."""

    def __init__(self, store: Store, *, is_file: bool) -> None:
        self._store = store
        self._is_file = is_file
        self._deadlines = _Deadlines()
        self._reads = _State("read")
        self._writes = _State("written", _BLOCKED if is_file else _SILENT)

    @property
    def is_away(self) -> bool:
        """Whether the last calls could not read or could not write."""
        return self._reads.is_away or self._writes.is_away

    async def start(self) -> None:
        await self._store.start()

    async def close(self) -> None:
        await self._store.close()

    # Each of them gives what the one coroutine behind them all is, so that a call has one frame and not three.

    def ping(self) -> Coroutine[Any, Any, None]:
        return self._asked(self._store.ping())

    def insert(self, collection: Collection, entry: Entry) -> Coroutine[Any, Any, Stored]:
        return self._written(self._store.insert(collection, entry))

    def get(self, collection: Collection, key: Key) -> Coroutine[Any, Any, Stored | None]:
        return self._asked(self._store.get(collection, key))

    def find(self, collection: Collection, query: Query) -> Coroutine[Any, Any, Page]:
        return self._asked(self._store.find(collection, query))

    def replace(self, collection: Collection, entry: Entry) -> Coroutine[Any, Any, Stored]:
        return self._written(self._store.replace(collection, entry))

    def delete(self, collection: Collection, key: Key, *, version: int | None = None) -> Coroutine[Any, Any, bool]:
        return self._written(self._store.delete(collection, key, version=version))

    def take(self, collection: Collection, key: Key) -> Coroutine[Any, Any, Stored | None]:
        return self._written(self._store.take(collection, key))

    def increment(
        self,
        collection: Collection,
        key: Key,
        field: str,
        by: int = 1,
        *,
        at_most: int | None = None,
        put: Document | None = None,
        expires: float | None = None,
    ) -> Coroutine[Any, Any, int | None]:
        return self._written(
            self._store.increment(collection, key, field, by, at_most=at_most, put=put, expires=expires)
        )

    def sweep(self) -> Coroutine[Any, Any, int]:
        return self._written(self._store.sweep())

    def _asked(self, call: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        return self._here(call) if self._is_file else self._within(self._reads, call, _budget.get())

    def _written(self, call: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        return self._within(self._writes, call, _budget.get())

    async def _here(self, call: Coroutine[Any, Any, T]) -> T:
        """A read of a local file: it waits for nothing, so nobody else is answered meanwhile."""
        state = self._reads
        try:
            result = await call
        except Exception as error:
            told = _told(error, state.silent)
            now = asyncio.get_running_loop().time()
            if isinstance(told, StoreAway):
                state.note(told, now)
                raise told from (None if told is error else error)
            state.answered(now)
            raise
        if state.is_away:
            state.answered(asyncio.get_running_loop().time())
        return result

    async def _within(self, state: _State, call: Coroutine[Any, Any, T], budget: Budget | None) -> T:
        now = asyncio.get_running_loop().time
        began = now()
        if budget is not None and not state.admits(began, budget.left):
            call.close()
            raise StoreAway(why=state.why)
        try:
            if budget is None:
                result = await call
            else:
                try:
                    with _Deadline(self._deadlines, began + budget.left):
                        result = await call
                finally:
                    budget.left = max(0.0, budget.left - (now() - began))
        except Exception as error:
            told = _told(error, state.silent)
            if isinstance(told, StoreAway):
                state.note(told, now(), began)
                raise told from (None if told is error else error)
            # What the data says (a key that is taken) was said by a store that answers.
            state.answered(now())
            raise
        state.answered(now())
        return result


class _Deadlines:
    """Who waits, and until when: one timer for all of them, since nearly nobody waits that long."""

    def __init__(self) -> None:
        self._waiting: dict[_Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, one: _Deadline) -> None:
        self._waiting[one] = None
        loop = asyncio.get_running_loop()
        if self._timer is None or self._loop is not loop or one.at < self._at:
            self._set(loop, one.at)

    def remove(self, one: _Deadline) -> None:
        self._waiting.pop(one, None)

    def _set(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop, self._at = loop, at
        self._timer = loop.call_at(at, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for one in [one for one in self._waiting if one.at <= now]:
            self.remove(one)
            one.end()
        if self._waiting:
            self._set(loop, min(one.at for one in self._waiting))


class _Deadline:
    """As ``asyncio.timeout_at``, whose timer for each write takes several times as long."""

    __slots__ = ("_all", "_cancelling", "_is_over", "_task", "at")

    def __init__(self, all_: _Deadlines, at: float) -> None:
        self._all = all_
        self.at = at
        self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - who waits is a task
        self._task = task
        self._cancelling = task.cancelling()
        self._all.add(self)

    def end(self) -> None:
        self._is_over = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._all.remove(self)
        # Somebody else may have cancelled the task, too: then it stays cancelled.
        if self._is_over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error


class _State:
    """Whether the store answers, for one kind of calls."""

    def __init__(self, verb: str, silent: str = _SILENT) -> None:
        """``silent`` is what is said where a call waits in vain."""
        self._verb = verb
        self.silent = silent
        self._answered_at = float("-inf")
        self.is_away = False
        self._next_try = 0.0
        self.why = silent

    def admits(self, now: float, patience: float) -> bool:
        if not self.is_away:
            return True
        if now < self._next_try:
            return False
        # This one tries, for as long as it has.
        self._next_try = now + patience + TRY_AGAIN
        return True

    def answered(self, now: float) -> None:
        self._answered_at = now
        if self.is_away:
            self.is_away = False
            _logger.warning("the store can be %s again", self._verb)

    def note(self, error: StoreAway, now: float, began: float | None = None) -> None:
        if began is not None and self._answered_at > began:
            return  # it answered others meanwhile: this call was slow, or had bad luck
        self._next_try = now + TRY_AGAIN
        self.why = error.why
        if not self.is_away:
            self.is_away = True
            _logger.error("the store cannot be %s: %s", self._verb, self.why)


def _told(error: Exception, silent: str) -> Exception:
    """The error itself, or what is said of an error of the driver."""
    if isinstance(error, PoolhouseError):
        return error
    if isinstance(error, TimeoutError):
        return StoreAway(why=silent)
    if type(error).__module__.partition(".")[0] not in _DRIVERS:
        return error
    why = _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _SILENT)
    return StoreAway(why=why, detail=type(error).__name__)


_logger = logging.getLogger("poolhouse.store")
