"""Python functions in threads of their own."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from poolhouse.plugins.lambda_bridge.in_process import FunctionContext, NoThread, Threads


async def test_a_thread_that_cannot_start_costs_that_call_only(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, context = Threads(most=1), FunctionContext("f", "arn", "request")

    def answer(event: dict[str, Any], context: Any) -> str:
        return "answered"

    def no_room(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", no_room)
        with pytest.raises(NoThread):
            await threads.call(answer, {}, context)

    async with asyncio.timeout(5):
        assert await threads.call(answer, {}, context) == "answered"
