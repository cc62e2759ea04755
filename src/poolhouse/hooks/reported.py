"""A plugin's error as text for the log, without what its event was trusted with.

A plugin may put anything into the text of an error: the password it was asked about, the address it could not write to.
So every text of the event is blotted out of the report, but for the few that say what was asked and where.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from poolhouse.hooks.running import OutOfTime

_OPEN = frozenset(
    {"source", "pool_id", "client_id", "challenge", "channel", "name", "purpose", "action", "id", "base_url"}
)
"""Fields whose values may stand in a log."""

_TELLING = 4
"""Texts of at least this length are blotted out; of fields that hide from ``repr`` every text is."""

_LONGEST = 16_000


def report(error: BaseException, event: Any, *, plugin: str, hook: str) -> str:
    """What happened, with the traceback."""
    text = "".join(traceback.format_exception(error))[-_LONGEST:].rstrip()
    return f"Plugin {plugin} failed in {hook}: {_kind(error)}\n{_blotted(text, event)}"


def _kind(error: BaseException) -> str:
    if isinstance(error, OutOfTime):
        return f"no answer within its limit of {error.limit:g} s (plugins.limits, or limits.plugin for all)"
    return type(error).__name__


def _blotted(text: str, event: Any) -> str:
    for hidden in sorted(set(_hidden(event)), key=len, reverse=True):
        for spelling in {hidden, repr(hidden)[1:-1]}:
            text = text.replace(spelling, "[hidden]")
    return text


def _hidden(event: Any) -> Iterator[str]:
    for name, value, shy in _fields(event):
        if name not in _OPEN:
            shortest = 1 if shy else _TELLING
            yield from (text for text in _texts(value) if len(text) >= shortest)


def _fields(event: Any) -> Iterator[tuple[str, Any, bool]]:
    if isinstance(event, msgspec.Struct):
        yield from ((name, getattr(event, name), False) for name in event.__struct_fields__)
    elif dataclasses.is_dataclass(event):
        yield from ((field.name, getattr(event, field.name), not field.repr) for field in dataclasses.fields(event))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value:
            yield from _texts(item)
    else:
        for _, item, _ in _fields(value):
            yield from _texts(item)
