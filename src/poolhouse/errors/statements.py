"""A reason with the facts of one case: what an error says, for a person and for a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from poolhouse.errors.reasons import Reason


class Statement:
    """A reason and its facts. ``str()`` is the English sentence."""

    __slots__ = ("facts", "reason")

    def __init__(self, reason: Reason, /, **facts: Fact) -> None:
        self.reason = reason
        self.facts: Mapping[str, Fact] = facts

    def __str__(self) -> str:
        return self.reason.value.format(**{name: _shown(fact) for name, fact in self.facts.items()})


Fact: TypeAlias = str | int | Statement | tuple[Statement, ...]
"""Several statements in one are a line each, or stand apart by what the sentence has after a colon: ``{faults:; }``."""


class _Several:
    __slots__ = ("_statements",)

    def __init__(self, statements: tuple[Statement, ...]) -> None:
        self._statements = statements

    def __format__(self, between: str) -> str:
        said = [str(statement) for statement in self._statements]
        return between.join(said) if between else "".join(f"{line}\n" for line in said)


def _shown(fact: Fact) -> object:
    return _Several(fact) if isinstance(fact, tuple) else fact
