"""Reads that do not depend on each other, asked together where they are waited for.

Where the store is a local file, nothing is waited for, and a task for each read costs more than the read. So the first
is begun by hand, within the caller's task: if it has its answer at once, so will the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, overload

from poolhouse.hooks.running import resumed

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


@overload
async def together(first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B], /) -> tuple[A, B]: ...


@overload
async def together(
    first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B], third: Coroutine[Any, Any, C], /
) -> tuple[A, B, C]: ...


async def together(first: Coroutine[Any, Any, Any], /, *others: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """All answers. Raises what the first of them raises that fails; the others then go no further."""
    answers: list[Any] = []
    try:
        try:
            waiting = first.send(None)
        except StopIteration as done:
            answers.append(done.value)
            answers += [await other for other in others]
            return tuple(answers)
    except BaseException:
        for other in others:
            other.close()
        raise
    rest = asyncio.gather(*others)
    try:
        return (await resumed(first, waiting), *await rest)
    except BaseException:
        rest.cancel()
        with_nobody_waiting(rest)
        raise


def with_nobody_waiting(future: asyncio.Future[Any]) -> None:
    """What the future may have raised is not told to anybody."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
