"""Running what a plugin gave us: at once as far as it goes, and under a timer from where it has to wait.

An ``await`` under ``asyncio.timeout`` costs several times what a coroutine costs that has nothing to wait for. So a
coroutine is sent its first ``None`` here, by hand, within the caller's task; only what it then waits for is handed to
the event loop, with a timer around it. To the coroutine this looks the same: one task, one context.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Protocol

ANY_ERROR = (Exception, asyncio.CancelledError)
"""What a plugin may raise. A ``CancelledError`` is its fault, too, unless the running task was cancelled."""


class OutOfTime(TimeoutError):
    """A plugin had no answer within its limit."""

    def __init__(self, limit: float) -> None:
        super().__init__(f"No answer within {limit:g} s.")
        self.limit = limit


class Steps(Protocol):
    """What coroutines and the steps of an async generator have in common."""

    def send(self, value: None, /) -> Any: ...

    def throw(self, error: BaseException, /) -> Any: ...

    def close(self) -> None: ...


def as_steps(value: Any) -> Steps | None:
    """The value as something to run; None if it is a plain value."""
    if type(value) is types.CoroutineType:
        return value
    if isinstance(value, Coroutine):
        return value
    if isinstance(value, Awaitable):
        return _awaited(value)
    return None


async def _awaited(value: Awaitable[Any]) -> Any:
    return await value


async def run(steps: Steps, limit: float) -> Any:
    """The result. Raises ``OutOfTime`` after ``limit`` seconds of waiting."""
    try:
        waiting = steps.send(None)
    except StopIteration as stop:
        return stop.value
    return await go_on(steps, waiting, limit)


async def go_on(steps: Steps, waiting: Any, limit: float) -> Any:
    """The result of what already waits for something. Raises ``OutOfTime`` after ``limit`` seconds."""
    try:
        async with asyncio.timeout(limit) as timer:
            return await resumed(steps, waiting)
    except TimeoutError as error:
        if timer.expired():
            raise OutOfTime(limit) from error
        raise


@types.coroutine
def resumed(steps: Steps, waiting: Any) -> Generator[Any, None, Any]:
    """Hands what is waited for to the event loop, and its answer back."""
    while True:
        try:
            yield waiting
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as raised:  # noqa: BLE001 - handed in, where it would have been raised
            error: BaseException | None = raised
        else:
            error = None
        try:
            waiting = steps.send(None) if error is None else steps.throw(error)
        except StopIteration as stop:
            return stop.value


def is_cancelled(error: BaseException) -> bool:
    """Whether the error is the cancellation of the running task, and not one that a plugin made up or caught."""
    if not isinstance(error, asyncio.CancelledError):
        return False
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
