"""Whatever is brought as the code of an authenticator app, it is one of the three that are good now, or a wrong one."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from poolhouse import CodeMismatch
from poolhouse.plugins.totp import STEP, Totp
from poolhouse.testing import plugin_context
from poolhouse.testing.clock import FakeClock
from tests.support.factors import totp

NOW = 1_700_000_010.0
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
STEPS = {totp(SECRET, NOW + STEP * step): str(int(NOW) // STEP + step) for step in (-1, 0, 1)}
NEAR = st.sampled_from(sorted(STEPS))
FORMS = st.sampled_from(["{}", " {}", "{}\n", "{}0", "0{}", "+{}", "{}.0", "{}\x00", "\ufeff{}"])
DIGITS = st.text(st.sampled_from("0123456789\u0660\u0661\uff10\uff11\u00b2"), min_size=1, max_size=8)


@settings(deadline=None, max_examples=300)
@given(NEAR | st.builds(str.format, FORMS, NEAR) | DIGITS | st.text(max_size=40))
@example("")
@example("\ud800")
@example("0" * 100_000)
@example(totp(SECRET, NOW - 2 * STEP))
@example(totp(SECRET, NOW + 2 * STEP))
def test_a_code_is_one_of_three_to_the_letter_and_names_its_step(answer: str) -> None:
    app: Any = Totp(plugin_context({}, name="totp", clock=FakeClock(NOW)))
    check = app.check(None, {"secret": SECRET}, {}, {"ANSWER": answer})
    try:
        said = asyncio.run(check).once
    except CodeMismatch:
        said = None

    assert STEPS.get(answer) == said
