"""The authenticator app does what every factor must."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from poolhouse import Asked, Enrolling, Factor
from poolhouse.plugins.totp import Totp
from poolhouse.testing import FactorSuite, FakeClock, plugin_context
from tests.support.factors import totp


class TestTotp(FactorSuite):
    clock = FakeClock()

    @pytest.fixture
    def factor(self) -> Factor:
        return Totp(plugin_context(clock=self.clock))

    def right_answers(self, begun: Enrolling, asked: Asked | None) -> Mapping[str, str]:
        return {"ANSWER": totp(begun.shown["secret"], self.clock.now())}

    def wrong_answers(self, begun: Enrolling, asked: Asked | None) -> Mapping[str, str]:
        near = {totp(begun.shown["secret"], self.clock.now() + 30 * steps) for steps in range(-3, 4)}
        return {"ANSWER": next(code for code in (f"{n:06}" for n in range(20)) if code not in near)}
