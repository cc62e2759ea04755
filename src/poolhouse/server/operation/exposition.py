"""The figures in the form that Prometheus reads. Loaded when somebody first asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from poolhouse.server.operation.metrics import Metrics, cumulative


class _Family(Struct, frozen=True):
    name: str
    help_text: str
    labels: tuple[str, ...]
    is_timed: bool = False


_FAMILIES: Final = (
    _Family("requests", "Requests answered.", ("route", "status")),
    _Family("request_seconds", "Time to answer.", ("route",), is_timed=True),
    _Family("operations", "Operations.", ("operation", "outcome")),
    _Family("operation_seconds", "Time of an operation.", ("operation",), is_timed=True),
    _Family("messages", "Messages by outcome.", ("channel", "outcome")),
    _Family("message_failures", "Tries that failed, by cause.", ("channel", "cause")),
    _Family("jobs", "Jobs by outcome.", ("kind", "outcome")),
    _Family("plugin_calls", "Calls of plugins by outcome.", ("plugin", "hook", "outcome")),
    _Family("plugin_seconds", "Seconds that plugins took, waiting included.", ("plugin", "hook")),
    _Family("plugin_holds", "How often a plugin held the event loop for a second.", ("plugin",)),
)


def exposition(metrics: Metrics) -> bytes:
    """All figures, of all workers, as they are now."""
    registry = CollectorRegistry()
    registry.register(_Figures(metrics))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        counted = self._metrics.counted()
        for family in _FAMILIES:
            name = f"poolhouse_{family.name}"
            found = counted.get(family.name, {})
            if family.is_timed:
                times = HistogramMetricFamily(name, family.help_text, labels=family.labels)
                for labels, numbers in found.items():
                    times.add_metric(labels, *cumulative(numbers))
                yield times
            else:
                counts = CounterMetricFamily(name, family.help_text, labels=family.labels)
                for labels, (number,) in found.items():
                    counts.add_metric(labels, number)
                yield counts
        for watched, number in self._metrics.watched():
            yield GaugeMetricFamily(watched.name, watched.help_text, value=number)
