"""Figures for Prometheus. Labels have few values: no pool, no client, no user."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Answered:
    """What was answered on one route. The library's own counters take a lock for every figure, which every request
    would pay for; these are used from the event loop alone, and put into the library's form when somebody asks."""

    __slots__ = ("buckets", "seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(_BUCKETS) + 1)
        self.seconds = 0.0

    def cumulative(self) -> list[tuple[str, float]]:
        """The buckets as they are shown: each holds those below it."""
        total = 0
        shown = []
        for bound, count in zip((*map(str, _BUCKETS), "+Inf"), self.buckets, strict=True):
            total += count
            shown.append((bound, float(total)))
        return shown


class _Requests(Collector):
    def __init__(self) -> None:
        self.routes: dict[str, _Answered] = {}

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        requests = CounterMetricFamily("poolhouse_requests", "Requests answered.", labels=["route", "status"])
        seconds = HistogramMetricFamily("poolhouse_request_seconds", "Time to answer.", labels=["route"])
        for route, answered in self.routes.items():
            for status, count in answered.statuses.items():
                requests.add_metric([route, str(status)], count)
            seconds.add_metric([route], answered.cumulative(), answered.seconds)
        yield requests
        yield seconds


class Metrics:
    """The figures of one server: two servers in a process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = _Requests()
        self._routes = self._requests.routes
        self.registry.register(self._requests)
        self._messages = Counter(
            "poolhouse_messages", "Messages by outcome.", ["channel", "outcome"], registry=self.registry
        )

        self._jobs = Counter("poolhouse_jobs", "Jobs by outcome.", ["kind", "outcome"], registry=self.registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        answered = self._routes.get(route)
        if answered is None:
            answered = self._routes[route] = _Answered()
        answered.statuses[status] = answered.statuses.get(status, 0) + 1
        answered.buckets[bisect_left(_BUCKETS, seconds)] += 1
        answered.seconds += seconds

    def message(self, channel: str, outcome: str) -> None:
        self._messages.labels(channel, outcome).inc()

    def job(self, kind: str, outcome: str) -> None:
        self._jobs.labels(kind, outcome).inc()

    def watch(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        Gauge(name, help_text, registry=self.registry).set_function(read)

    def exposition(self) -> bytes:
        return generate_latest(self.registry)
