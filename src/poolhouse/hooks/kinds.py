"""The five kinds of hooks, as markers; ``specs`` says what each means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pluggy

F = TypeVar("F", bound=Callable[..., Any])
PROJECT = "poolhouse"
hookimpl = pluggy.HookimplMarker(PROJECT)
_hookspec = pluggy.HookspecMarker(PROJECT)
OBSERVE, ANSWER, COLLECT, AMEND, AROUND = "observe", "answer", "collect", "amend", "around"


def _kind(kind: str) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.poolhouse_kind = kind  # type: ignore[attr-defined]
        return _hookspec(function)

    return mark


observe = _kind(OBSERVE)
answer = _kind(ANSWER)
collect = _kind(COLLECT)
amend = _kind(AMEND)
around = _kind(AROUND)
