"""A small cache with a stated bound, for records that are read all the time and change seldom."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from poolhouse.ports.world import Clock

T = TypeVar("T")

_ROUNDING = 0.001


class Cache(Generic[T]):
    """At most ``size`` values, none older than ``seconds``. The process that writes drops its own copy at once; others
    see the change within ``seconds``."""

    def __init__(self, clock: Clock, *, size: int, seconds: float) -> None:
        self._clock = clock
        self._size = size
        self._seconds = seconds
        self._held: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, key: str) -> T | None:
        held = self._held.get(key)
        if held is None:
            return None
        # A clock that was set back makes nothing live longer: what ends later than it could is over.
        if not 0 < held[0] - self._clock.now() <= self._seconds + _ROUNDING:
            del self._held[key]
            return None
        return held[1]

    def put(self, key: str, value: T) -> T:
        self._held[key] = (self._clock.now() + self._seconds, value)
        self._held.move_to_end(key)
        if len(self._held) > self._size:
            self._held.popitem(last=False)
        return value

    def drop(self, key: str) -> None:
        self._held.pop(key, None)
