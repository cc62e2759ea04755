"""The loop of a worker: it takes what is due, does some of it side by side, waits, and stops in order; and what is due
because its instant can only be a mistake."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Pause = Callable[[asyncio.Event, float], Awaitable[None]]
"""Waits for the event, but no longer than so many seconds."""


async def pause(event: asyncio.Event, seconds: float) -> None:
    """The event is set, or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


class Loop(Generic[T]):
    """``claim`` gives out up to so many things that are due, each to this worker alone; ``do`` does one of them.
    ``patience`` says how many seconds to wait for the next, unless ``wake`` is set before. ``unreadable`` is told when
    ``claim`` fails: the loop goes on."""

    def __init__(
        self,
        claim: Callable[[int], AsyncIterator[T]],
        do: Callable[[T], Awaitable[None]],
        *,
        at_once: int,
        patience: Callable[[], float],
        wake: asyncio.Event,
        unreadable: Callable[[Exception], None],
        pause: Pause = pause,
    ) -> None:
        self._claim = claim
        self._do = do
        self._at_once = at_once
        self._patience = patience
        self._wake = wake
        self._unreadable = unreadable
        self._pause = pause

    async def run(self, stop: asyncio.Event) -> None:
        """Things are done until ``stop`` is set; then those that are under way are finished."""
        doing: set[asyncio.Task[None]] = set()
        stopping = asyncio.create_task(self._wake_for(stop))
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    async for one in self._claim(self._at_once - len(doing)):
                        self._start(one, doing)
                except Exception as error:  # noqa: BLE001 - the store is away: it may come back, and nothing is lost
                    self._unreadable(error)
                await self._pause(self._wake, self._patience())
            await asyncio.gather(*doing, return_exceptions=True)
        finally:
            stopping.cancel()
            for task in doing:
                task.cancel()

    async def drain(self) -> None:
        """Whatever was due is done, or put off."""
        while True:
            doing: set[asyncio.Task[None]] = set()
            async for one in self._claim(self._at_once):
                self._start(one, doing)
            if not doing:
                return
            await asyncio.gather(*doing)

    def _start(self, one: T, doing: set[asyncio.Task[None]]) -> None:
        task: asyncio.Task[Any] = asyncio.ensure_future(self._done(one))
        doing.add(task)
        task.add_done_callback(doing.discard)
        task.add_done_callback(lambda _: self._wake.set())

    async def _done(self, one: T) -> None:
        await self._do(one)

    async def _wake_for(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()


class Sightings:
    """How long something in the store has stood as it is, by this process's clock alone.

    A lease says until when it lasts. Where that is later than any lease may last, a clock was wrong, and nobody can say
    whose: it is over once nothing has changed for the length of a lease, so that an owner who lives has renewed it.
    """

    def __init__(self, at_most: int = 10_000) -> None:
        self._at_most = at_most
        self._seen: OrderedDict[tuple[str, ...], tuple[int, float]] = OrderedDict()

    def outlasted(self, key: tuple[str, ...], version: int, seconds: float, now: float) -> bool:
        """Whether this version was first seen so many seconds ago; from now on it has been seen."""
        version_seen, since = self._seen.get(key, (0, 0.0))
        if version_seen == version and since <= now:
            return now >= since + seconds
        self._seen[key] = (version, now)
        if len(self._seen) > self._at_most:
            self._seen.popitem(last=False)
        return False


class Rarely:
    """When something is looked at that is needed only after a clock was wrong: at first, whenever the clock went back,
    and every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: float | None = None

    def is_due(self, now: float) -> bool:
        """It is looked at now, if it is."""
        if self._last is not None and self._last <= now < self._last + self._seconds:
            return False
        self._last = now
        return True
