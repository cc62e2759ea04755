"""An event loop whose time can be made to pass: limits of seconds are met exactly, and nobody waits for them."""

from __future__ import annotations

import asyncio


class PassingTime(asyncio.SelectorEventLoop):
    """Its time is the real one until ``pass_by``; from then on it stands still, until ``go_on``."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._stands_at: float | None = None
        super().__init__()

    def time(self) -> float:
        return super().time() + self._ahead if self._stands_at is None else self._stands_at

    def pass_by(self, seconds: float) -> None:
        """So many seconds have passed. What was to happen meanwhile happens now, and nothing that is due later."""
        self._stands_at = self.time() + seconds

    def go_on(self) -> None:
        if self._stands_at is not None:
            self._ahead = self._stands_at - super().time()
            self._stands_at = None
