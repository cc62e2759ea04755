"""How the outbox goes about it: its waits and its bounds."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

LIFE: Final = 86400.0
"""Seconds for which a message without a code is worth sending."""

KEPT: Final = 7 * 86400.0
"""Seconds for which a message that failed can be seen and sent again."""


class Pace(msgspec.Struct, frozen=True):
    """All but the counts in seconds.

    ``at_once`` is how many messages a sender has under way. The waits between tries are ``back_off``, then ``growth``
    times as long, up to ``longest``; each is up to a quarter shorter or longer, so that those that failed together do
    not come back together. ``look`` is how often a worker looks for messages that nobody told it of: those of another
    process. ``lease`` is how long a message is held by the process that took it: longer than ``send_limit``.
    """

    at_once: int = 8
    back_off: float = 5.0
    growth: float = 2.0
    longest: float = 300.0
    look: float = 5.0
    unwanted: float = 60.0
    """The first wait of a message that plugins left to a sender, and there is none."""
    unwanted_longest: float = 3600.0
    send_limit: float = 60.0
    lease: float = 75.0
    count: float = 30.0
    """How often what waits is counted."""
    far: float = 60.0
    """How often a message is looked for that waits for longer than any may, or is held so long: a clock was wrong."""

    @property
    def furthest(self) -> float:
        """No message is put off for longer."""
        return max(1.25 * self.longest, self.unwanted_longest)

    def wait_after(self, tries: int, message_id: str) -> float:
        wait = min(self.longest, self.back_off * self.growth ** min(tries - 1, 100))
        # Of the id: another for every message and try, and no dice.
        digest = hashlib.sha256(f"{message_id}/{tries}".encode()).digest()
        share = int.from_bytes(digest[:4], "big") / 2**32
        return wait * (0.75 + share / 2)

    def wait_unwanted(self, tries: int) -> float:
        return min(self.unwanted_longest, self.unwanted * self.growth ** min(tries - 1, 100))
