"""Python functions, called in this process: each in a thread of its own, as they wait in the way of other programs."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

MOST_AT_ONCE: Final = 32
"""A function that never returns keeps its thread for good. With as many of them as this, all further calls run out of
time: what hangs takes no more than that from the server."""
_TIME_LIMIT_MS: Final = 5000


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """What a function gets beside the event, under the names that it knows."""

    function_name: str
    invoked_function_arn: str
    aws_request_id: str
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "128"
    log_group_name: str = ""
    log_stream_name: str = ""
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """The time that a function has when it is called; it is not counted down."""
        return _TIME_LIMIT_MS


class NoThread(Exception):  # noqa: N818 - read as a statement
    """The system gives no thread: the function was not called."""


class Threads:
    """Daemon threads: one that hangs does not keep the server from stopping."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._free = asyncio.Semaphore(most)

    async def call(
        self, function: Callable[[dict[str, Any], Any], Any], event: dict[str, Any], context: FunctionContext
    ) -> Any:
        """What the function returns, or raises; ``NoThread`` where it was not called. A coroutine function is awaited
        here; it must not block."""
        if inspect.iscoroutinefunction(function):
            return await function(event, context)
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        inherited = contextvars.copy_context()

        def finish(result: Any, error: BaseException | None) -> None:
            self._free.release()
            if done.done():
                return  # nobody waits any more
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

        def work() -> None:
            result: Any = None
            raised: BaseException | None = None
            try:
                result = inherited.run(function, event, context)
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits, whatever it is
                # StopIteration cannot pass a future, and nobody may end the server from here.
                raised = error if isinstance(error, Exception) and not _stops(error) else RuntimeError(repr(error))
            with suppress(RuntimeError):  # the loop is closed: the server has stopped
                loop.call_soon_threadsafe(finish, result, raised)

        try:
            threading.Thread(target=work, name="poolhouse-function", daemon=True).start()
        except BaseException as error:
            # It costs this call only: nobody else would give the place back.
            self._free.release()
            if isinstance(error, RuntimeError | MemoryError):
                raise NoThread from error
            raise
        return await done


def _stops(error: BaseException) -> bool:
    return isinstance(error, StopIteration)
