"""Who holds the event loop: a thread beside it looks, and names the plugin while it still stands there.

A plugin that sleeps, computes or reads without ``await`` stops everything, and no time limit can end it, because
nothing runs that could. So it has to be found: the thread asks the loop for a sign of life, and where none comes it
looks at what the loop's own thread is doing. It costs the loop one empty call a second.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

Holder: TypeAlias = Callable[[str, types.CodeType], tuple[str, bool] | None]
"""Names the plugin that a piece of code belongs to, by its module and its code, and says whether it is a function of
the plugin itself; None where it is nobody's."""


class _Place(NamedTuple):
    plugin: str
    function: str
    line: str


class Watchdog:
    """``patience``: the seconds after which the loop counts as held. ``count`` is told the plugin each time."""

    def __init__(
        self,
        holder: Holder,
        *,
        patience: float = 1.0,
        count: Callable[[str], None] | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        self._holder = holder
        self._patience = patience
        self._count = count or (lambda _: None)
        self._logger = logger or logging.getLogger("poolhouse.hooks")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The running event loop is watched from its own thread's side, until the block is left."""
        stop = threading.Event()
        words = asyncio.get_running_loop(), threading.get_ident(), stop
        thread = threading.Thread(target=self._watch, args=words, name="poolhouse-watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            # It is not waited for: it may be in the middle of its patience, and touches nothing but the log.
            stop.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: int, stop: threading.Event) -> None:
        while not stop.is_set():
            alive = threading.Event()
            try:
                loop.call_soon_threadsafe(alive.set)
            except RuntimeError:  # the loop is closed
                return
            asked = time.monotonic()
            if not alive.wait(self._patience):
                self._look(thread, alive, stop, asked)
            stop.wait(self._patience)

    def _look(self, thread: int, alive: threading.Event, stop: threading.Event, asked: float) -> None:
        """Twice, so that nobody is named who just happened to run while the whole machine stood still."""
        place = self._place(thread)
        if place is None or alive.wait(self._patience / 10) or place != self._place(thread):
            return
        # Before the log says so: whoever reads it finds it counted.
        self._count(place.plugin)
        self._logger.error(
            "Plugin %s holds the event loop in %s, for %.1f s by now: nothing else is answered meanwhile. "
            "It stands at %s. What takes long belongs into asyncio.to_thread.",
            place.plugin,
            place.function,
            time.monotonic() - asked,
            place.line,
        )
        while not alive.wait(self._patience):
            if stop.is_set():
                return
        self._logger.error("Plugin %s let the event loop go after %.1f s.", place.plugin, time.monotonic() - asked)

    def _place(self, thread: int) -> _Place | None:
        """Where a plugin stands on the loop's stack: its outermost function, and the innermost line of its package."""
        frame = sys._current_frames().get(thread)
        place: _Place | None = None
        is_its_own = False
        while frame is not None:
            code = frame.f_code
            found = self._holder(frame.f_globals.get("__name__", ""), code)
            # What stands further out counts, unless it is less certain to be the plugin's.
            if found is not None and (found[1] or not is_its_own):
                line = place.line if place is not None else f"{code.co_filename}:{frame.f_lineno}"
                place, is_its_own = _Place(found[0], code.co_name, line), found[1]
            frame = frame.f_back
        return place
