"""How long discovery takes while password sign-ins use all that the processor has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from benchmarks import load
from benchmarks.pool import make_pool
from benchmarks.processes import Processors, started
from benchmarks.results import Row
from benchmarks.works import USERS, password_sign_in

REACH = 5.0
SIGNING_IN = 32
"""Connections that sign in one user after another: many more than can be served."""

_EVERY = 0.004
_REQUESTS = 1000


async def measured(processors: Processors, folder: Path, rounds: int) -> list[Row]:
    alone, stormy = [], []
    with started("benchmarks.poolhouse_server", str(folder / "storm.db"), processors=processors) as server:
        pool = await make_pool(server.port, USERS)
        request = load.get(f"/{pool.id}/.well-known/openid-configuration")
        journey = (await password_sign_in(server.port, pool)).journey
        with load.awake():
            for _ in range(max(rounds // 4, 2)):
                alone.append(p99(await load.paced(server.port, request, every=_EVERY, times=_REQUESTS)))
                storm = load.Saturation()
                raging = asyncio.create_task(storm.run(server.port, journey, connections=SIGNING_IN))
                stormy.append(p99(await load.paced(server.port, request, every=_EVERY, times=_REQUESTS)))
                storm.stopped = True
                await raging
    quick, slow = min(alone), min(stormy)
    times = slow / quick
    return [
        Row(
            work="Discovery p99 while password sign-ins saturate",
            limit="p99 alone",
            limit_figure=f"{quick * 1e6:,.0f}",
            measured=f"{slow * 1e6:,.0f}",
            share=f"{times:.1f} times",
            reach=f"<= {REACH:.0f} times",
            reached=times <= REACH,
        )
    ]


def p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]
