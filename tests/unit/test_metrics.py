"""The figures, as they are exposed."""

from __future__ import annotations

from poolhouse.server.operation.exposition import exposition
from poolhouse.server.operation.metrics import Metrics, Over


def lines(metrics: Metrics) -> set[str]:
    return {line for line in exposition(metrics).decode().splitlines() if not line.startswith("#")}


def test_requests_are_counted_by_route_and_status() -> None:
    metrics = Metrics()

    for status in (200, 200, 400):
        metrics.answered("api", status, 0.003)

    shown = lines(metrics)
    assert 'poolhouse_requests_total{route="api",status="200"} 2.0' in shown
    assert 'poolhouse_requests_total{route="api",status="400"} 1.0' in shown


def test_operations_are_counted_by_outcome_and_time() -> None:
    metrics = Metrics()

    metrics.operated("InitiateAuth", "ok", 0.003)
    metrics.operated("InitiateAuth", "NotAuthorizedException", 0.03)

    shown = lines(metrics)
    assert 'poolhouse_operations_total{operation="InitiateAuth",outcome="ok"} 1.0' in shown
    assert 'poolhouse_operations_total{operation="InitiateAuth",outcome="NotAuthorizedException"} 1.0' in shown
    assert 'poolhouse_operation_seconds_bucket{le="0.005",operation="InitiateAuth"} 1.0' in shown
    assert 'poolhouse_operation_seconds_count{operation="InitiateAuth"} 2.0' in shown


def test_the_buckets_of_times_hold_those_below_them() -> None:
    metrics = Metrics()

    for seconds in (0.001, 0.02, 60.0):
        metrics.answered("api", 200, seconds)

    shown = lines(metrics)
    assert 'poolhouse_request_seconds_bucket{le="0.001",route="api"} 1.0' in shown
    assert 'poolhouse_request_seconds_bucket{le="0.025",route="api"} 2.0' in shown
    assert 'poolhouse_request_seconds_bucket{le="10.0",route="api"} 2.0' in shown
    assert 'poolhouse_request_seconds_bucket{le="+Inf",route="api"} 3.0' in shown
    assert 'poolhouse_request_seconds_count{route="api"} 3.0' in shown


def test_messages_and_jobs_are_counted_by_their_outcome() -> None:
    metrics = Metrics()

    metrics.became("email", "sent")
    metrics.job("pool-removal", "done")
    metrics.job("pool-removal", "done")

    shown = lines(metrics)
    assert 'poolhouse_messages_total{channel="email",outcome="sent"} 1.0' in shown
    assert 'poolhouse_jobs_total{kind="pool-removal",outcome="done"} 2.0' in shown


def test_tries_that_failed_are_counted_by_their_cause() -> None:
    metrics = Metrics()

    metrics.failed_by("email", "unreachable")

    assert 'poolhouse_message_failures_total{cause="unreachable",channel="email"} 1.0' in lines(metrics)


def test_calls_of_plugins_are_counted_and_timed_by_plugin_and_hook() -> None:
    metrics = Metrics()

    tally = metrics.plugin("frauds", "pre_sign_up")
    tally.count("answered", 0.25)
    tally.count("failed", 0.5)
    metrics.held("frauds")

    shown = lines(metrics)
    assert 'poolhouse_plugin_calls_total{hook="pre_sign_up",outcome="failed",plugin="frauds"} 1.0' in shown
    assert 'poolhouse_plugin_seconds_total{hook="pre_sign_up",plugin="frauds"} 0.75' in shown
    assert 'poolhouse_plugin_holds_total{plugin="frauds"} 1.0' in shown


def test_a_watched_figure_is_read_when_somebody_asks() -> None:
    metrics, waiting = Metrics(), [1]
    metrics.watch("poolhouse_waiting", "What waits.", lambda: len(waiting), over=Over.SUM)

    waiting.append(2)

    assert "poolhouse_waiting 2.0" in lines(metrics)


def test_two_servers_do_not_mix_their_figures() -> None:
    one, other = Metrics(), Metrics()

    one.became("sms", "sent")

    assert not any("sms" in line for line in lines(other))
