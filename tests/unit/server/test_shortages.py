"""A step of the clock is noticed, and said once."""

from __future__ import annotations

import pytest

from poolhouse.server.operation.shortages import Shortages


def test_a_step_of_the_clock_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    now, ticks = [1_700_000_000.0], [50.0]
    shortages = Shortages(lambda: now[0], lambda: ticks[0])
    for seconds, step in ((2.0, 0.0), (2.0, -86_400.0), (2.0, 0.0)):
        now[0] += seconds + step
        ticks[0] += seconds
        shortages.look()

    assert ["the clock was set back by 86400.0 seconds"] == [record.getMessage() for record in caplog.records]
