"""The figures of the server. Labels have few values: no pool, no client, no user.

They are kept as plain numbers: the library's own counters take a lock for every figure, which every request would pay
for, and these are used from the event loop alone. They are put into the library's form when somebody asks
(``exposition.py``)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Times:
    """How long answers took."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def count(self, seconds: float) -> None:
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """The buckets as they are shown: each holds those below it."""
        total = 0
        shown = []
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.buckets, strict=True):
            total += count
            shown.append((bound, float(total)))
        return shown


class Answered(Times):
    """What was answered on one route."""

    __slots__ = ("statuses",)

    def __init__(self) -> None:
        super().__init__()
        self.statuses: dict[int, int] = {}


class Operated(Times):
    """What became of the calls of one operation."""

    __slots__ = ("outcomes",)

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: dict[str, int] = {}


class Watched(Struct, frozen=True):
    """A figure that is read when somebody asks."""

    name: str
    help_text: str
    read: Callable[[], float]


class Called(Protocol):
    """What became of calls, by outcome, and the seconds that they took together."""

    outcomes: dict[str, int]
    seconds: float


class Metrics:
    """The figures of one server: two servers in a process do not mix."""

    def __init__(self) -> None:
        self.routes: dict[str, Answered] = {}
        self.operations: dict[str, Operated] = {}
        self.messages: Counter[tuple[str, str]] = Counter()
        """By channel and outcome."""
        self.message_failures: Counter[tuple[str, str]] = Counter()
        """By channel and cause."""
        self.jobs: Counter[tuple[str, str]] = Counter()
        """By kind and outcome."""
        self.plugins: dict[tuple[str, str], Called] = {}
        """By plugin and hook; they are counted there."""
        self.holds: Counter[str] = Counter()
        """How often each plugin held the event loop."""
        self.watched: list[Watched] = []

    def answered(self, route: str, status: int, seconds: float) -> None:
        answered = self.routes.get(route)
        if answered is None:
            answered = self.routes[route] = Answered()
        answered.statuses[status] = answered.statuses.get(status, 0) + 1
        answered.count(seconds)

    def operated(self, operation: str, outcome: str, seconds: float) -> None:
        """An operation of an API was answered: ``outcome`` is ``ok`` or the name of an error."""
        operated = self.operations.get(operation)
        if operated is None:
            operated = self.operations[operation] = Operated()
        operated.outcomes[outcome] = operated.outcomes.get(outcome, 0) + 1
        operated.count(seconds)

    def became(self, channel: str, outcome: str) -> None:
        self.messages[channel, outcome] += 1

    def failed_by(self, channel: str, cause: str) -> None:
        self.message_failures[channel, cause] += 1

    def job(self, kind: str, outcome: str) -> None:
        self.jobs[kind, outcome] += 1

    def held(self, plugin: str) -> None:
        self.holds[plugin] += 1

    def watch(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        self.watched.append(Watched(name, help_text, read))
