"""The worker threads: results, errors, the full queue, cancellation, the end."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator

import pytest

from poolhouse.crypto.workers import NICENESS, Workers, usable_cpus
from poolhouse.errors import TooManyRequests


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(threads=1, limit=2)
    yield made
    await made.close()


async def test_what_the_function_returns_comes_back(workers: Workers) -> None:
    assert (5, 1) == await workers.run(divmod, 11, 2)


async def test_what_the_function_raises_is_raised_to_the_caller(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        await workers.run(divmod, 1, 0)


async def test_a_function_that_stops_an_iteration_does_not_leave_its_caller_waiting(workers: Workers) -> None:
    with pytest.raises(RuntimeError):
        await workers.run(next, iter(()))


async def test_a_full_pool_refuses_at_once_with_a_hint(workers: Workers) -> None:
    gate = threading.Event()
    busy = [asyncio.create_task(workers.run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(TooManyRequests) as refused:
        await workers.run(int)

    gate.set()
    await asyncio.gather(*busy)
    assert 1.0 == refused.value.retry_after
    assert 0 == await workers.run(int)


async def test_a_cancelled_call_that_waits_never_begins(workers: Workers) -> None:
    gate = threading.Event()
    begun: list[str] = []
    running = asyncio.create_task(workers.run(gate.wait))
    waiting = asyncio.create_task(workers.run(begun.append, "begun"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    gate.set()
    await running
    await workers.run(int)

    assert [] == begun


async def test_a_cancelled_call_that_runs_keeps_its_place_until_it_ends(workers: Workers) -> None:
    gate, entered = threading.Event(), threading.Event()

    def work() -> None:
        entered.set()
        gate.wait()

    running = asyncio.create_task(workers.run(work))
    await asyncio.sleep(0)
    await asyncio.to_thread(entered.wait)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert 1 == workers.pending
    gate.set()
    await workers.run(int)
    assert 0 == workers.pending


async def test_closing_lets_everything_finish_that_was_accepted() -> None:
    workers = Workers(threads=1, limit=8)
    done: list[int] = []
    calls = [asyncio.create_task(workers.run(done.append, number)) for number in range(5)]
    await asyncio.sleep(0)

    await workers.close()
    await asyncio.gather(*calls)

    assert [0, 1, 2, 3, 4] == done
    with pytest.raises(RuntimeError):
        await workers.run(int)


async def test_arguments_are_forgotten_when_the_call_is_over(workers: Workers) -> None:
    class Password:
        pass

    password = Password()
    remembered = weakref.ref(password)
    await workers.run(id, password)
    del password
    gc.collect()

    assert remembered() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities for threads")
async def test_worker_threads_step_back_behind_the_event_loop(workers: Workers) -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    own = priority()

    assert min(19, own + NICENESS) == await workers.run(priority)
    assert own == priority()


def test_the_pool_is_as_wide_as_the_processors_that_may_be_used() -> None:
    assert usable_cpus() == Workers().threads
    assert usable_cpus() >= 1


# --- threads that cannot be had ---------------------------------------------------------------------------------------

WITHOUT_ROOM = """
import asyncio, resource
from pathlib import Path
from poolhouse.crypto.workers import Workers
from poolhouse.errors import TooManyRequests

async def main():
    workers = Workers(threads=2)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    # Less than the stack of one thread.
    resource.setrlimit(resource.RLIMIT_AS, (used + 1_000_000, -1))
    try:
        await asyncio.wait_for(workers.run(int), 20)
    except TooManyRequests:
        print("refused")
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    print(await asyncio.wait_for(workers.run(int, "7"), 20), workers.pending)
    await workers.close()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process's memory are Linux's here")
def test_a_thread_that_cannot_start_costs_that_call_only() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_ROOM], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.stdout.split() == ["refused", "7", "0"], ended.stderr


async def test_a_pool_that_does_not_move_says_so() -> None:
    workers = Workers(threads=1, stuck_after=0.05)
    gate = threading.Event()
    before = workers.is_stuck
    held = asyncio.create_task(workers.run(gate.wait))
    async with asyncio.timeout(20):
        while not workers.is_stuck:  # noqa: ASYNC110 - nobody tells of a time that goes by
            await asyncio.sleep(0)
    gate.set()
    await held

    assert (False, False) == (before, workers.is_stuck)
    await workers.close()
