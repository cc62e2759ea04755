"""A clock that stands still until a test moves it."""

from __future__ import annotations

import time


class FakeClock:
    """Starts at the real time, or at a given instant."""

    def __init__(self, at: float | None = None) -> None:
        self._now = time.time() if at is None else at

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """It is ``seconds`` later."""
        self._now += seconds
