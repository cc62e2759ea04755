"""A step of the clock, and a log of the store that grows, are noticed, and said once."""

from __future__ import annotations

import pytest

from poolhouse.server.operation.shortages import LONG, Shortages


def test_a_step_of_the_clock_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    now, ticks = [1_700_000_000.0], [50.0]
    shortages = Shortages(lambda: now[0], lambda: ticks[0])
    for seconds, step in ((2.0, 0.0), (2.0, -86_400.0), (2.0, 0.0)):
        now[0] += seconds + step
        ticks[0] += seconds
        shortages.look()

    assert ["the clock was set back by 86400.0 seconds"] == [record.getMessage() for record in caplog.records]


def test_a_long_log_of_the_store_is_one_line_and_another_when_it_is_short_and_again_when_it_grows_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lengths = [LONG, LONG + 1, 3 * LONG, LONG, 0, 2 * LONG]
    shortages = Shortages(store_log=lambda: lengths.pop(0))
    while lengths:
        shortages.look()

    said = [record.getMessage() for record in caplog.records]
    assert [
        "the store's log (-wal) has 134 MB and grows: another process reads the store and does not end its "
        "transaction, or the disk cannot keep up",
        "the store's log is short again",
        "the store's log (-wal) has 268 MB and grows: another process reads the store and does not end its "
        "transaction, or the disk cannot keep up",
    ] == said
