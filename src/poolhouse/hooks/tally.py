"""What became of a plugin's calls of a hook, and how long they took.

Counting stands on the path of every sign-in, once for each plugin and hook: so each implementation has its own tally,
and nothing is looked up by name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

from poolhouse.ports.origin import current_origin

_logger = logging.getLogger("poolhouse.plugins")


class Tally:
    """The calls of one implementation. ``seconds`` is the time that they took, waiting included; each half of an
    around hook counts.

    ``outcomes`` counts by what came of them: ``answered``, ``passed`` (it had nothing to say), ``refused``, ``failed``,
    ``late`` (out of time), ``invalid``.
    """

    __slots__ = ("hook", "outcomes", "plugin", "seconds")

    def __init__(self, plugin: str = "", hook: str = "") -> None:
        self.plugin = plugin
        self.hook = hook
        self.outcomes: dict[str, int] = {}
        self.seconds = 0.0

    def count(self, outcome: str, seconds: float) -> None:
        outcomes = self.outcomes
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        self.seconds += seconds


Tallies: TypeAlias = Callable[[str, str], Tally]
"""Gives the tally of a plugin's implementation of a hook."""


class TracedTally(Tally):
    """With a line of the log for each call, for authors who ask whether theirs is called. It shows no value of an event
    or an answer."""

    __slots__ = ()

    def count(self, outcome: str, seconds: float) -> None:
        super().count(outcome, seconds)
        request_id = current_origin().request_id
        more = {"request_id": request_id} if request_id else {}
        _logger.info("%s: %s %s in %.1f ms", self.hook, self.plugin, outcome, seconds * 1000, extra=more)
