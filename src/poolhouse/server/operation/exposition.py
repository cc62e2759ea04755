"""The figures in the form that Prometheus reads. Loaded when somebody first asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from poolhouse.server.operation.metrics import Metrics


def exposition(metrics: Metrics) -> bytes:
    """All figures, as they are now."""
    registry = CollectorRegistry()
    registry.register(_Figures(metrics))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("poolhouse_requests", "Requests answered.", labels=["route", "status"])
        seconds = HistogramMetricFamily("poolhouse_request_seconds", "Time to answer.", labels=["route"])
        for route, answered in self._metrics.routes.items():
            for status, count in answered.statuses.items():
                requests.add_metric([route, str(status)], count)
            seconds.add_metric([route], answered.cumulative(), answered.seconds)
        yield requests
        yield seconds
        operations = CounterMetricFamily("poolhouse_operations", "Operations.", labels=["operation", "outcome"])
        times = HistogramMetricFamily("poolhouse_operation_seconds", "Time of an operation.", labels=["operation"])
        for operation, operated in self._metrics.operations.items():
            for outcome, count in operated.outcomes.items():
                operations.add_metric([operation, outcome], count)
            times.add_metric([operation], operated.cumulative(), operated.seconds)
        yield operations
        yield times
        yield _counted("poolhouse_messages", "Messages by outcome.", ("channel", "outcome"), self._metrics.messages)
        yield _counted(
            "poolhouse_message_failures",
            "Tries that failed, by cause.",
            ("channel", "cause"),
            self._metrics.message_failures,
        )
        yield _counted("poolhouse_jobs", "Jobs by outcome.", ("kind", "outcome"), self._metrics.jobs)
        yield from _of_plugins(self._metrics)
        for watched in self._metrics.watched:
            yield GaugeMetricFamily(watched.name, watched.help_text, value=watched.read())


def _of_plugins(metrics: Metrics) -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "poolhouse_plugin_calls", "Calls of plugins by outcome.", labels=["plugin", "hook", "outcome"]
    )
    for of_hook, tally in metrics.plugins.items():
        for outcome, count in tally.outcomes.items():
            calls.add_metric([*of_hook, outcome], count)
    yield calls
    seconds = CounterMetricFamily(
        "poolhouse_plugin_seconds", "Seconds that plugins took, waiting included.", labels=["plugin", "hook"]
    )
    for of_hook, tally in metrics.plugins.items():
        if tally.outcomes:
            seconds.add_metric([*of_hook], tally.seconds)
    yield seconds
    holds = CounterMetricFamily(
        "poolhouse_plugin_holds", "How often a plugin held the event loop for a second.", labels=["plugin"]
    )
    for plugin, count in metrics.holds.items():
        holds.add_metric([plugin], count)
    yield holds


def _counted(name: str, help_text: str, labels: tuple[str, str], counts: Mapping[tuple[str, str], int]) -> Metric:
    family = CounterMetricFamily(name, help_text, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family
