"""What became of a plugin's calls of a hook, and how long they took.

Counting stands on the path of every sign-in, once for each plugin and hook: so each implementation has its own tally,
and nothing is looked up by name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol, TypeAlias

from poolhouse.errors import Refused
from poolhouse.errors.plugins import OutputUnusable
from poolhouse.hooks.running import OutOfTime
from poolhouse.ports.origin import current_origin

_logger = logging.getLogger("poolhouse.plugins")


class Tally(Protocol):
    """Counts the calls of one implementation."""

    def count(self, outcome: str, seconds: float) -> None:
        """``outcome`` is ``answered``, ``passed`` (it had nothing to say), ``refused``, ``failed``, ``late`` (out of
        time) or ``invalid``; waiting is included in ``seconds``. Each half of an around hook counts."""


Tallies: TypeAlias = Callable[[str, str], Tally]
"""Gives the tally of a plugin's implementation of a hook."""


def outcome_of(error: BaseException) -> str:
    if isinstance(error, Refused):
        return "refused"
    if isinstance(error, OutputUnusable):
        return "invalid"
    return "late" if isinstance(error, OutOfTime) else "failed"


class Uncounted:
    """Nobody wants to know."""

    __slots__ = ()

    def __init__(self, plugin: str = "", hook: str = "") -> None:
        """Whose calls they would be."""

    def count(self, outcome: str, seconds: float) -> None:
        """Nothing."""


class Traced:
    """A tally with a line of the log for each call, for authors who ask whether theirs is called. It shows no value of
    an event or an answer."""

    __slots__ = ("_hook", "_plugin", "_tally")

    def __init__(self, tally: Tally, plugin: str, hook: str) -> None:
        self._tally = tally
        self._plugin = plugin
        self._hook = hook

    def count(self, outcome: str, seconds: float) -> None:
        self._tally.count(outcome, seconds)
        request_id = current_origin().request_id
        more = {"request_id": request_id} if request_id else {}
        _logger.info("%s: %s %s in %.1f ms", self._hook, self._plugin, outcome, seconds * 1000, extra=more)
