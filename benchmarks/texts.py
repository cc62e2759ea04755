"""What the dearest text of any member costs: as long as its bound and a request allow, and of what is slow to look at.

The shapes of all operations are gone through, and names, which are compared by what they mean. It is one process that
computes alone; the lowest of the rounds counts for each text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.processes import Processors
from benchmarks.results import Row
from benchmarks.shares import micros
from poolhouse.config.settings import Limits
from poolhouse.flows.directory.definitions import LONGEST_VALUE
from poolhouse.records.names import canonical
from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.engine.scalars import Scalar, scalar
from poolhouse.server.cognito.user_pools.model import user_pools_model

REACH = 0.005
_TIMES = 3
_SLOW = (
    "a",
    " ",
    "@",
    "a@",
    "{####}",
    "arn:",
    "\u00e9",
    "\u4e00",
    "\u0301\u0316",
    "\u0315\u0300\u05ae\u0316",
    "\ufdfa",
    "\U0001d400",
)
_ENDS = ("", " ", "\x00")


async def measured(_: Processors, __: Path, rounds: int) -> list[Row]:
    dearest, name = max(_costs(user_pools_model(), min(rounds, _TIMES)))
    return [
        Row(
            work="Dearest text of any member",
            limit=name,
            limit_figure="",
            measured=micros(dearest),
            share="",
            reach=f"<= {REACH * 1000:.0f} ms",
            reached=dearest <= REACH,
        )
    ]


def _costs(model: ServiceModel, rounds: int) -> Iterator[tuple[float, str]]:
    for name, shape in model.shapes.items():
        if shape.type == "string":
            yield _dearest(_looked_at(scalar(shape)), int(shape.max or Limits().body), rounds), name
    yield _dearest(_compared, LONGEST_VALUE, rounds), "an attribute, as a name"


def _looked_at(rules: Scalar) -> Callable[[str], object]:
    return lambda text: rules.holds(text) or rules.broken(text)


def _compared(text: str) -> str:
    canonical.cache_clear()
    return canonical("search", text, case_sensitive=False)


def _dearest(look: Callable[[str], object], longest: int, rounds: int) -> float:
    return max(min(_seconds(look, text) for _ in range(rounds)) for text in _texts(longest))


def _seconds(look: Callable[[str], object], text: str) -> float:
    begun = time.process_time()
    look(text)
    return time.process_time() - begun


def _texts(longest: int) -> Iterator[str]:
    """As long as the bound and the largest body allow."""
    body = Limits().body
    for slow in _SLOW:
        times = min(longest // len(slow), body // len(slow.encode()))
        for end in _ENDS:
            yield slow * (times - 1) + end
