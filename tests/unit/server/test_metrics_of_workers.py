"""The figures of several workers are one sum, whoever is asked and whoever has died."""

from __future__ import annotations

import logging

import pytest

from poolhouse.server.operation.board import SLOTS, Board
from poolhouse.server.operation.exposition import exposition
from poolhouse.server.operation.metrics import Metrics, Over


def lines(metrics: Metrics) -> set[str]:
    return {line for line in exposition(metrics).decode().splitlines() if not line.startswith("#")}


def two() -> tuple[Metrics, Metrics, list[Board]]:
    boards = [Board(), Board()]
    return Metrics(boards[0], boards), Metrics(boards[1], boards), boards


def test_what_is_counted_is_the_sum_whoever_is_asked() -> None:
    one, other, _ = two()
    one.answered("api", 200, 0.003)
    other.answered("api", 200, 0.02)
    other.answered("api", 400, 60.0)
    other.plugin("frauds", "pre_sign_up").count("failed", 0.5)
    one.plugin("frauds", "pre_sign_up").count("failed", 0.25)
    # As every worker does each second, and at its end.
    for each in (one, other):
        each.show()

    assert lines(one) == lines(other)
    assert {
        'poolhouse_requests_total{route="api",status="200"} 2.0',
        'poolhouse_requests_total{route="api",status="400"} 1.0',
        'poolhouse_request_seconds_bucket{le="0.005",route="api"} 1.0',
        'poolhouse_request_seconds_bucket{le="+Inf",route="api"} 3.0',
        'poolhouse_request_seconds_sum{route="api"} 60.023',
        'poolhouse_plugin_seconds_total{hook="pre_sign_up",plugin="frauds"} 0.75',
    } <= lines(one)


def test_who_takes_the_place_of_a_dead_worker_goes_on_with_its_figures() -> None:
    one, other, boards = two()
    other.answered("api", 200, 0.003)
    boards[1].is_held = False

    successor = Metrics(boards[1], boards)
    for status in (200, 500):
        successor.answered("api", status, 0.003)

    assert {
        'poolhouse_requests_total{route="api",status="200"} 2.0',
        'poolhouse_requests_total{route="api",status="500"} 1.0',
        'poolhouse_request_seconds_count{route="api"} 3.0',
    } <= lines(one)


@pytest.mark.parametrize(("over", "shown"), [(Over.SUM, 7.0), (Over.LARGEST, 5.0), (Over.SMALLEST, 2.0)])
def test_what_goes_up_and_down_follows_its_own_rule(over: Over, shown: float) -> None:
    one, other, _ = two()
    one.watch("poolhouse_some", "Some.", lambda: 2, over=over)
    other.watch("poolhouse_some", "Some.", lambda: 5, over=over)
    other.show()

    assert f"poolhouse_some {shown}" in lines(one)


def test_what_a_dead_worker_has_shown_last_is_not_there_any_more() -> None:
    one, other, boards = two()
    for metrics, value in ((one, 2), (other, 5)):
        metrics.watch("poolhouse_some", "Some.", lambda value=value: value, over=Over.SUM)  # type: ignore[misc]
    other.show()
    boards[1].is_held = False
    successor = Metrics(boards[1], boards)

    assert "poolhouse_some 2.0" in lines(one)
    successor.watch("poolhouse_some", "Some.", lambda: 1, over=Over.SUM)
    successor.show()
    assert "poolhouse_some 3.0" in lines(one)


def test_a_board_that_is_full_says_so_once_and_shows_what_it_has(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    metrics.became("email", "sent")
    with caplog.at_level(logging.ERROR):
        for number in range(2):
            Board.add(metrics._board, (f"wide{number}",), SLOTS - 100)
        metrics.became("email", "failed")

    assert ["there are more figures than can be kept: new ones are not counted"] == caplog.messages
    assert 'poolhouse_messages_total{channel="email",outcome="sent"} 1.0' in lines(metrics)
