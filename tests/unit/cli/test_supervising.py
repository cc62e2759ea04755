"""How long a worker that died is waited for."""

from __future__ import annotations

from poolhouse.cli.supervising import LONGEST_WAIT, STEADY, BackOff


def test_each_death_makes_the_wait_twice_as_long_up_to_a_bound() -> None:
    back_off = BackOff()

    assert [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_WAIT, LONGEST_WAIT] == [back_off.after(1.0) for _ in range(8)]


def test_a_worker_that_had_run_well_is_replaced_soon() -> None:
    back_off = BackOff()
    for _ in range(5):
        back_off.after(1.0)

    assert [0.5, 1.0] == [back_off.after(STEADY), back_off.after(1.0)]
