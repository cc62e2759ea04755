"""Several processes over one socket: started one after the other, replaced when they die, stopped together.

The parent binds and forks; it answers no request and opens no store. A worker is told to stop through a pipe, and not
by the signals, because a terminal and a service manager send those to every process of the group: the parent alone
decides what a second one means. The same pipe ends the workers of a parent that was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from poolhouse.server.serving import AFTER_GRACE, STRAY, close_all, note_stray
from poolhouse.server.stopping import BODY_SECONDS

STEADY: Final = 60.0
"""Seconds after which a worker that dies is not the same trouble again."""
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
BEAT: Final = 1.0
"""Seconds between two signs of life of a worker."""
SILENCE: Final = 30.0
"""Seconds without one after which a worker is taken for frozen; a plugin that blocks the loop for a while is not."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, *STRAY)

Work = Callable[["Leash"], int]
"""Runs a worker until its leash is drawn in, and returns its exit status. Called in the forked process."""

_logger = logging.getLogger("poolhouse.serving")


@dataclass(frozen=True, slots=True)
class Leash:
    """The worker's ends of two pipes: over one it says that it answers, and on, that it lives; at the other it sees
    that it is to stop. ``place`` is the number of the place in which it works: there was somebody before, and will be
    after."""

    ready: int
    life: int
    place: int

    def say_ready(self, moves: Callable[[], bool]) -> None:
        """It answers; from now on it says so as long as its loop turns, and whatever else has to move does."""
        with contextlib.suppress(OSError):  # nobody listens: the parent is gone, and the other pipe says so
            os.write(self.ready, b"r")
            asyncio.get_running_loop().call_later(BEAT, self._beat, moves)

    def _beat(self, moves: Callable[[], bool]) -> None:
        if moves():
            self.say_ready(moves)
        else:
            asyncio.get_running_loop().call_later(BEAT, self._beat, moves)

    def stop_when_drawn(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        """The event is set when the parent says so or is gone, and when somebody sends SIGTERM to this worker alone."""

        def drawn() -> None:
            loop.remove_reader(self.life)
            stop.set()

        loop.add_reader(self.life, drawn)
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class BackOff:
    """How long to wait before a worker is replaced: twice as long each time, unless it had run well for a while."""

    def __init__(self) -> None:
        self._wait = FIRST_WAIT

    def after(self, lived: float) -> float:
        """Seconds to wait, after a life of so many seconds."""
        if lived >= STEADY:
            self._wait = FIRST_WAIT
        now, self._wait = self._wait, min(2 * self._wait, LONGEST_WAIT)
        return now


@dataclass(slots=True)
class _Place:
    """A worker's place: the process in it, if there is one, and when the next is to be started."""

    number: int
    back_off: BackOff = field(default_factory=BackOff)
    pid: int | None = None
    ready_pipe: int | None = None
    was_ready: bool = False
    heard: float = 0.0
    started: float = 0.0
    due: float = 0.0


def _forget(_: int) -> None:
    """Nobody has to know which place is empty."""


class Supervisor:
    """Runs ``work`` in ``count`` processes until a signal says stop. ``grace`` is theirs for running requests;
    ``started`` is called once the first of them answers, ``buried`` with the number of the place of each whose process
    has ended. One that is silent for ``silence`` seconds is replaced."""

    def __init__(
        self,
        work: Work,
        count: int,
        sockets: Sequence[socket.socket],
        *,
        grace: float,
        started: Callable[[], None],
        buried: Callable[[int], None] = _forget,
        silence: float = SILENCE,
    ) -> None:
        self._work = work
        self._buried = buried
        self._silence = silence
        self._started = started
        self._sockets = sockets
        self._grace = grace
        self._places = [_Place(number) for number in range(count)]
        self._life_read, self._life_write = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._has_answered = False
        self._stop_by: float | None = None
        self._status = 0

    def run(self) -> int:
        """The exit status: 0 after an orderly stop, the worker's own where the first one could not start."""
        gc.freeze()
        with self._woken_by_signals() as signals:
            self._start_due()
            while self._stop_by is None or self._running():
                for key, _ in self._selector.select(self._patience()):
                    if key.fileobj is signals:
                        self._heed(signals)
                    else:
                        self._note_ready(key.data)
                self._end_frozen()
                self._bury()
                self._start_due()
                if self._stop_by is not None and time.monotonic() >= self._stop_by:
                    self._kill()
        return self._status

    @contextlib.contextmanager
    def _woken_by_signals(self) -> Iterator[socket.socket]:
        """Signals arrive as bytes at the socket, so that none is lost between two looks."""
        read, write = socket.socketpair()
        read.setblocking(False)
        write.setblocking(False)
        before = {each: signal.signal(each, _do_nothing) for each in _SIGNALS}
        signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
        self._selector.register(read, selectors.EVENT_READ)
        self._wake = (read, write)
        try:
            yield read
        finally:
            signal.set_wakeup_fd(-1)
            for each, handler in before.items():
                signal.signal(each, handler)
            self._selector.close()
            read.close()
            write.close()

    def _heed(self, signals: socket.socket) -> None:
        for number in signals.recv(512):
            if number == signal.SIGCHLD:
                continue
            if number in STRAY:
                note_stray(number)
                continue
            if self._stop_by is None:
                self._stop()
            else:
                self._kill()

    def _stop(self) -> None:
        """No worker is started any more, and those that run are told to stop."""
        if self._stop_by is None:
            # The workers have room for the end of their applications, and then it is enough.
            self._stop_by = time.monotonic() + BODY_SECONDS + self._grace + AFTER_GRACE + 1.0
            close_all(self._sockets)
            os.close(self._life_write)

    def _kill(self) -> None:
        for place in self._running():
            if place.pid is not None:
                os.kill(place.pid, signal.SIGKILL)
                self._status = 1

    def _running(self) -> list[_Place]:
        return [place for place in self._places if place.pid is not None]

    def _patience(self) -> float | None:
        """Seconds until something is due without anybody's sign; None: nothing is."""
        now = time.monotonic()
        if self._stop_by is not None:
            return max(0.05, self._stop_by - now)
        waiting = [place.due for place in self._places if place.pid is None] if self._has_answered else []
        waiting += [place.heard + self._silence for place in self._running() if place.was_ready]
        return max(0.0, min(waiting) - now) if waiting else None

    def _start_due(self) -> None:
        now = time.monotonic()
        for place in self._places:
            # The others wait until the first one answers: what keeps it from starting is told once, not by each.
            if self._stop_by is not None or (self._running() and not self._has_answered):
                return
            if place.pid is None and place.due <= now:
                self._start(place)

    def _start(self, place: _Place) -> None:
        read, write = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become_worker(place, read, write)
        os.close(write)
        place.pid, place.ready_pipe, place.started, place.was_ready = pid, read, time.monotonic(), False
        self._selector.register(read, selectors.EVENT_READ, place)

    def _become_worker(self, place: _Place, read: int, write: int) -> None:
        """Does not return."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_IGN if each in STRAY else signal.SIG_DFL)
            # What is the parent's alone: with its end of the life line in our hands we would never see it fall.
            os.close(self._life_write)
            os.close(read)
            self._selector.close()
            for end in self._wake:
                end.close()
            for other in self._places:
                if other.ready_pipe is not None:
                    os.close(other.ready_pipe)
            status = self._work(Leash(ready=write, life=self._life_read, place=place.number))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # Not sys.exit: what the parent had under way is none of this process's business.
            os._exit(status)

    def _note_ready(self, place: _Place) -> None:
        assert place.ready_pipe is not None  # noqa: S101 - registered with it
        if not os.read(place.ready_pipe, 512):
            self._forget_pipe(place)
            return
        place.heard = time.monotonic()
        if place.was_ready:
            return
        place.was_ready = True
        if not self._has_answered:
            self._has_answered = True
            self._started()
        _logger.info("worker is ready", extra={"pid": place.pid})

    def _end_frozen(self) -> None:
        now = time.monotonic()
        for place in self._running():
            # One that gave its pipe up is on its way to the end.
            if place.was_ready and place.ready_pipe is not None and now - place.heard >= self._silence:
                _logger.error("worker gives no sign of life; it is replaced", extra={"pid": place.pid})
                place.heard = now
                os.kill(place.pid or 0, signal.SIGKILL)

    def _forget_pipe(self, place: _Place) -> None:
        if place.ready_pipe is not None:
            self._selector.unregister(place.ready_pipe)
            os.close(place.ready_pipe)
            place.ready_pipe = None

    def _bury(self) -> None:
        for place in self._running():
            pid, status = os.waitpid(place.pid or 0, os.WNOHANG)
            if pid:
                self._after_death(place, os.waitstatus_to_exitcode(status))

    def _after_death(self, place: _Place, status: int) -> None:
        pid, place.pid = place.pid, None
        self._buried(place.number)
        self._forget_pipe(place)
        if self._stop_by is not None:
            return
        if not self._has_answered:
            # The very first one: it has said what is wrong, and it would be wrong for the others too.
            self._status = status if status > 0 else 1
            self._stop()
            return
        now = time.monotonic()
        lived = now - place.started
        # The long wait is for what cannot start; and where nobody else answers, nobody waits.
        wait = place.back_off.after(STEADY if place.was_ready else lived)
        if place.was_ready and not any(other.was_ready for other in self._running()):
            wait = 0.0
        place.due = now + wait
        if status == 0:
            _logger.info("worker stopped; another one follows", extra={"pid": pid, "seconds": wait})
            return
        _logger.error("worker died; another one follows", extra={"pid": pid, "status": status, "seconds": wait})


def _do_nothing(_: int, __: object) -> None:
    """The byte at the socket says it all."""
