"""Arithmetic beside the event loop: a few threads, a bounded queue, and an honest "no" when it is full.

What runs here must release the interpreter lock for most of its time, or it gains nothing: argon2-cffi, ``hashlib``'s
PBKDF2 and scrypt, gmpy2 (with ``allow_release_gil``) and RSA key generation do. An RSA signature (0.3 ms) does too, but
the way to a thread and back adds a tenth to a fifth to its cost, and it would wait here behind password hashes; so
signing stays on the loop. The queue is our own because the standard executor's way there and back costs twice as much.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar, TypeVarTuple

from poolhouse.errors import TooManyRequests

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

PLACES_PER_THREAD = 64
"""A sign-in costs some 20 ms: the last in a full queue waits a little over a second."""

log = logging.getLogger(__name__)

NICENESS = 10

STUCK_AFTER = 10.0
"""Seconds in which no call ended though some wait: the dearest hash that is computed here takes a fraction of that."""


def usable_cpus() -> int:
    """How many processors this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Job:
    """One call: it knows where its result is awaited, and forgets its arguments (passwords) with itself."""

    __slots__ = ("arguments", "function", "future", "loop")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.function = function
        self.arguments = arguments

    def run(self, done: Callable[[asyncio.Future[Any], Any, BaseException | None], None]) -> None:
        result: Any = None
        error: BaseException | None = None
        if not self.future.cancelled():
            try:
                result = self.function(*self.arguments)
            except StopIteration as stop:  # a future cannot carry it
                error = RuntimeError("the call raised StopIteration")
                error.__cause__ = stop
            except BaseException as problem:  # noqa: BLE001 - it belongs to whoever awaits the call
                error = problem
        try:
            self.loop.call_soon_threadsafe(done, self.future, result, error)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more


class Workers:
    """A pool of ``threads`` (None: one per usable processor) that takes at most ``limit`` calls at a time, waiting ones
    included. Used from one event loop. Threads start with the first call and run at a lower priority than the loop."""

    def __init__(
        self,
        threads: int | None = None,
        limit: int | None = None,
        *,
        retry_after: float = 1.0,
        stuck_after: float = STUCK_AFTER,
    ) -> None:
        self.threads = threads or usable_cpus()
        self.limit = limit or PLACES_PER_THREAD * self.threads
        self._retry_after = retry_after
        self._stuck_after = stuck_after
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._crew: list[threading.Thread] = []
        self._pending = 0
        self._closed = False
        self._moved_at = time.monotonic()

    @property
    def pending(self) -> int:
        """Calls that wait or run."""
        return self._pending

    @property
    def is_stuck(self) -> bool:
        """Calls wait or run, and none has ended for a time in which many should have."""
        return self._pending > 0 and time.monotonic() - self._moved_at > self._stuck_after

    async def run(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """What the function returned in a worker thread. Raises what it raised, and ``TooManyRequests`` at once when
        the pool is full, or has no thread and the system gives none. A cancelled call that has not begun never begins;
        one that runs ends unseen and keeps its place until then."""
        if self._closed:
            raise RuntimeError("the workers are closed")
        if self._pending >= self.limit:
            raise TooManyRequests(retry_after=self._retry_after)
        if len(self._crew) < self.threads:
            self._start()
        if not self._pending:
            self._moved_at = time.monotonic()
        job = _Job(asyncio.get_running_loop(), function, arguments)
        self._pending += 1
        self._jobs.put(job)
        answer: Result = await job.future
        return answer

    async def close(self) -> None:
        """Everything that was accepted has run, and the threads are gone. New calls raise ``RuntimeError``."""
        self._closed = True
        crew, self._crew = self._crew, []
        for _ in crew:
            self._jobs.put(None)
        if crew:
            await asyncio.to_thread(_join, crew)

    def _start(self) -> None:
        """All threads run, or as many as the system gives; the next call asks for the others. Raises
        ``TooManyRequests`` where there is none at all."""
        try:
            while len(self._crew) < self.threads:
                name = f"poolhouse-worker-{len(self._crew)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                thread.start()
                self._crew.append(thread)
        except (RuntimeError, MemoryError) as error:
            log.error("a thread for slow arithmetic could not be started: %s", error)
            if not self._crew:
                raise TooManyRequests(retry_after=self._retry_after) from error

    def _work(self) -> None:
        _step_back()
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        job = self._jobs.get()
        if job is None:
            return False
        job.run(self._finish)
        return True

    def _finish(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._pending -= 1
        self._moved_at = time.monotonic()
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


class Crews:
    """Workers for each kind of work, so that a flood of one kind waits for itself alone: a proof does not stand behind
    a thousand passwords that somebody makes up. The system's scheduler shares the processors between them."""

    def __init__(self, threads: int | None = None, limit: int | None = None) -> None:
        self.passwords = Workers(threads, limit)
        self.proofs = Workers(threads, limit)
        self.keys = Workers(1)

    @property
    def pending(self) -> int:
        """Calls that wait or run."""
        return self.passwords.pending + self.proofs.pending + self.keys.pending

    def is_stuck(self) -> bool:
        """Passwords or proofs wait, and none is done. Keys take as long as chance wants."""
        return self.passwords.is_stuck or self.proofs.is_stuck

    async def close(self) -> None:
        """As ``Workers.close``, for all."""
        for workers in (self.passwords, self.proofs, self.keys):
            await workers.close()


def _join(crew: list[threading.Thread]) -> None:
    for thread in crew:
        thread.join()


def _step_back() -> None:
    """This thread has a lower priority than the event loop's, where the system can tell threads apart."""
    if sys.platform != "linux":
        return
    try:
        native = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, native, min(19, os.getpriority(os.PRIO_PROCESS, native) + NICENESS))
    except OSError:
        return  # best effort: a sandbox may forbid it
