"""A list on standard output, a line for each. An empty one is said on standard error: scripts read no line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import typer

T = TypeVar("T")


async def show(found: AsyncIterator[T], line: Callable[[T], str], *, nothing: str) -> None:
    """All are shown, or ``nothing`` is said where there are none."""
    is_empty = True
    async for each in found:
        is_empty = False
        typer.echo(line(each))
    if is_empty:
        typer.echo(nothing, err=True)
