"""Which rules of the protocols a piece of code keeps. The ids stand in ``docs/oidc.md``; each has a test named after it
(``test_t3_...``), and ``tests/house/test_oauth_rules.py`` holds both to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T", bound=Callable[..., object])

KEPT: Final[dict[str, list[str]]] = {}
"""The places of each rule, by its id. Filled while modules are loaded, and read by nobody but tests."""


def rule(*ids: str) -> Callable[[T], T]:
    """The function keeps the rules of these ids."""

    def mark(function: T) -> T:
        for one in ids:
            KEPT.setdefault(one, []).append(f"{function.__module__}.{function.__qualname__}")
        return function

    return mark
