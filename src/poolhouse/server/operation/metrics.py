"""The figures of the server. Labels have few values: no pool, no client, no user.

They are kept as plain numbers on a board (``board.py``): the library's own counters take a lock for every figure, which
every request would pay for, and these are used from the event loop alone. Each worker has a board of its own, and all
read all: what is asked for is the sum. They are put into the library's form when somebody asks (``exposition.py``)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

from poolhouse.server.operation.board import Board, Name

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SECONDS: Final = len(BUCKETS) + 1
"""Behind the buckets, of which the last is that of what took longer, stands how long all took."""


class Over(Enum):
    """What a figure that goes up and down is over all workers."""

    SUM = "sum"
    LARGEST = "largest"
    SMALLEST = "smallest"


_OVER: Final[Mapping[Over, Callable[[Sequence[float]], float]]] = {
    Over.SUM: sum,
    Over.LARGEST: max,
    Over.SMALLEST: min,
}


class Watched(Struct, frozen=True):
    """A figure that is read when somebody asks; of the other workers it is what they have shown last."""

    name: str
    help_text: str
    over: Over
    read: Callable[[], float]


class Calls:
    """The calls of one plugin for one hook. They are counted here, where it costs a third of what the board costs:
    twenty plugins are called a hundred times in a sign-in."""

    __slots__ = ("counts", "labels", "seconds")

    def __init__(self, plugin: str, hook: str) -> None:
        self.labels = plugin, hook
        self.counts: defaultdict[str, int] = defaultdict(int)
        self.seconds = 0.0

    def count(self, outcome: str, seconds: float) -> None:
        self.counts[outcome] += 1
        self.seconds += seconds


class Metrics:
    """The figures of one server: two servers in a process do not mix. ``board`` is its own, ``boards`` those of all
    workers, this one's among them."""

    def __init__(self, board: Board | None = None, boards: Sequence[Board] = ()) -> None:
        self._board = board or Board()
        self._boards = boards or (self._board,)
        self._numbers = self._board.numbers
        self._slots: dict[Name, int] = {}
        self._watched: list[Watched] = []
        self._calls: list[Calls] = []
        # The places of what every request counts, found without making a name.
        self._requests: dict[tuple[str, int], tuple[int, int]] = {}
        self._operations: dict[tuple[str, str], tuple[int, int]] = {}
        for name, slot, _ in self._board.known():
            self._slots[name] = slot

    # --- counting ----------------------------------------------------------------------------------------------------

    def answered(self, route: str, status: int, seconds: float) -> None:
        places = self._requests.get((route, status))
        if places is None:
            places = self._slot("requests", route, str(status)), self._times("request_seconds", route)
            self._requests[route, status] = places
        self._timed(places, seconds)

    def operated(self, operation: str, outcome: str, seconds: float) -> None:
        """An operation of an API was answered: ``outcome`` is ``ok`` or the name of an error."""
        places = self._operations.get((operation, outcome))
        if places is None:
            places = self._slot("operations", operation, outcome), self._times("operation_seconds", operation)
            self._operations[operation, outcome] = places
        self._timed(places, seconds)

    def became(self, channel: str, outcome: str) -> None:
        self._numbers[self._slot("messages", channel, outcome)] += 1

    def failed_by(self, channel: str, cause: str) -> None:
        self._numbers[self._slot("message_failures", channel, cause)] += 1

    def job(self, kind: str, outcome: str) -> None:
        self._numbers[self._slot("jobs", kind, outcome)] += 1

    def plugin(self, plugin: str, hook: str) -> Calls:
        """Where the plugin's calls of the hook are counted."""
        calls = Calls(plugin, hook)
        self._calls.append(calls)
        return calls

    def held(self, plugin: str) -> None:
        """The plugin held the event loop."""
        self._numbers[self._slot("plugin_holds", plugin)] += 1

    def watch(self, name: str, help_text: str, read: Callable[[], float], *, over: Over) -> None:
        self._watched.append(Watched(name, help_text, over, read))

    def show(self) -> None:
        """What is watched, and what plugins did, is there for the other workers to read. A worker shows it every
        second: of one that is killed the calls since are not counted."""
        self._show_calls()
        for watched in self._watched:
            self._numbers[self._slot("watched", watched.name)] = watched.read()
        self._board.is_held = True

    def _show_calls(self) -> None:
        for calls in self._calls:
            for outcome, count in calls.counts.items():
                self._numbers[self._slot("plugin_calls", *calls.labels, outcome)] += count
            if calls.counts:
                self._numbers[self._slot("plugin_seconds", *calls.labels)] += calls.seconds
            calls.counts.clear()
            calls.seconds = 0.0

    def _timed(self, places: tuple[int, int], seconds: float) -> None:
        numbers = self._numbers
        count, times = places
        numbers[count] += 1
        numbers[times + bisect_left(BUCKETS, seconds)] += 1
        numbers[times + _SECONDS] += seconds

    def _slot(self, *name: str, width: int = 1) -> int:
        slot = self._slots.get(name)
        if slot is None:
            slot = self._slots[name] = self._board.add(name, width)
        return slot

    def _times(self, *name: str) -> int:
        return self._slot(*name, width=_SECONDS + 1)

    # --- reading -----------------------------------------------------------------------------------------------------

    def counted(self) -> Mapping[str, Mapping[Name, Sequence[float]]]:
        """By family and labels what all workers have counted, the dead ones too."""
        self._show_calls()
        sums: defaultdict[str, dict[Name, list[float]]] = defaultdict(dict)
        for board in self._boards:
            for (family, *labels), slot, width in board.known():
                some = list(board.numbers[slot : slot + width])
                so_far = sums[family].get(tuple(labels), [0.0] * width)
                sums[family][tuple(labels)] = [one + more for one, more in zip(so_far, some, strict=True)]
        sums.pop("watched", None)
        return sums

    def watched(self) -> Sequence[tuple[Watched, float]]:
        """What goes up and down, over all workers that live."""
        self.show()
        shown: defaultdict[str, list[float]] = defaultdict(list)
        for board in self._boards:
            if board.is_held:
                for name, slot, _ in board.known():
                    if name[0] == "watched":
                        shown[name[1]].append(board.numbers[slot])
        return [(watched, _OVER[watched.over](shown[watched.name])) for watched in self._watched]


def cumulative(times: Sequence[float]) -> tuple[list[tuple[str, float]], float]:
    """The buckets as they are shown, each holding those below it; and the seconds in all."""
    total = 0.0
    shown = []
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), times, strict=False):
        total += count
        shown.append((bound, total))
    return shown, times[_SECONDS]
