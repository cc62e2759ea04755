"""A line of the log for each call of a plugin: for authors who ask whether theirs is called, and what came of it."""

from __future__ import annotations

import logging

from poolhouse.hooks.dispatch import Measure
from poolhouse.ports.origin import current_origin

_logger = logging.getLogger("poolhouse.plugins")


def traced(measure: Measure) -> Measure:
    """The measure, with a line for each call. It shows no value of an event or an answer."""

    def both(plugin: str, hook: str, seconds: float, outcome: str) -> None:
        measure(plugin, hook, seconds, outcome)
        request_id = current_origin().request_id
        more = {"request_id": request_id} if request_id else {}
        _logger.info("%s: %s %s in %.1f ms", hook, plugin, outcome, seconds * 1000, extra=more)

    return both
