"""Whether the time of an answer tells who exists: known and unknown names in turns, at a client that may not learn it.

The figure is the area under the curve: how often a known name took longer than an unknown one, or the other way round,
whichever is more. 0.5 is a coin; chance alone moves it by 0.013 with so many samples.
"""

from __future__ import annotations

import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import load
from benchmarks.load import Connection
from benchmarks.pool import BenchPool, SrpUser, make_pool
from benchmarks.processes import Processors, started
from benchmarks.results import Row

REACH = 0.55
NAMES, QUICK_NAMES = 1500, 20
WRONG = "Wr0ng-Horse!"

Request = Callable[[BenchPool, str], bytes]


def _public(operation: str, **given: str) -> Request:
    def request(pool: BenchPool, name: str) -> bytes:
        return load.call(operation, {"ClientId": pool.client_id, "Username": name, **given})

    return request


OPERATIONS: dict[str, tuple[Request, int]] = {
    "InitiateAuth, SRP": (lambda pool, name: SrpUser(pool, name).opening, 200),
    "InitiateAuth, wrong password": (lambda pool, name: pool.sign_in(name, WRONG), 400),
    "ForgotPassword": (_public("ForgotPassword"), 200),
    "ConfirmForgotPassword, wrong code": (
        _public("ConfirmForgotPassword", ConfirmationCode="000000", Password="An0ther-Horse!"),
        400,
    ),
    "ResendConfirmationCode": (_public("ResendConfirmationCode"), 200),
    "ConfirmSignUp, wrong code": (_public("ConfirmSignUp", ConfirmationCode="000000"), 400),
}
"""In this order: a wrong code is brought after one was asked for."""


async def measured(processors: Processors, folder: Path, rounds: int) -> list[Row]:
    count = NAMES if rounds > 2 else QUICK_NAMES
    file = str(folder / "enumeration.db")
    with started("benchmarks.poolhouse_server", file, "--cheap-passwords", processors=processors) as server:
        pool = await make_pool(server.port, count, hides_users=True)
        rows = []
        for operation, (request, status) in OPERATIONS.items():
            known, unknown = await _seconds(server.port, pool, request, status)
            area = auc(known, unknown)
            rows.append(
                Row(
                    work=f"Who exists, by the time of {operation}",
                    limit="a coin",
                    limit_figure="",
                    measured=f"{_median(known) * 1e6:,.0f} / {_median(unknown) * 1e6:,.0f}",
                    share=f"{area:.3f}",
                    reach=f"<= {REACH}",
                    reached=area <= REACH,
                )
            )
    return rows


async def _seconds(port: int, pool: BenchPool, request: Request, status: int) -> tuple[list[float], list[float]]:
    """Of each known name, and of as many unknown ones that look like them."""
    names = [*pool.users, *(f"nobody-{number}" for number in range(len(pool.users)))]
    requests = {name: request(pool, name) for name in names}
    random.Random(7).shuffle(names)
    taken: dict[str, float] = {}
    connection = await Connection.open(port)
    try:
        with load.awake():
            for name in names:
                began = time.perf_counter()
                await connection.ask(requests[name], status)
                taken[name] = time.perf_counter() - began
    finally:
        connection.close()
    known = [seconds for name, seconds in taken.items() if not name.startswith("nobody")]
    return known, [seconds for name, seconds in taken.items() if name.startswith("nobody")]


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """How often a sample of the one side is larger than one of the other, ties by half; of both sides the greater."""
    ranked = sorted(other)
    wins = sum(bisect_left(ranked, value) + bisect_right(ranked, value) for value in one) / 2
    area = wins / (len(one) * len(other))
    return max(area, 1 - area)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
