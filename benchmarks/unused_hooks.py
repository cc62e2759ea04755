"""What twenty plugins cost that do nothing, on every hook of a sign-in.

Argon2id at its cheapest: the difference is the same, and its noise does not hide it.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.load import Journey, opened
from benchmarks.pool import make_pool
from benchmarks.processes import Processors, Server, started
from benchmarks.results import Row
from benchmarks.shares import micros, processor_seconds
from benchmarks.works import CONNECTIONS, USERS, password_sign_in

PLUGINS = 20
REACH = 200e-6
_SIGN_INS = 160


async def measured(processors: Processors, folder: Path, rounds: int) -> list[Row]:
    module, cheap = "benchmarks.poolhouse_server", "--cheap-passwords"
    with (
        started(module, str(folder / "without.db"), cheap, processors=processors) as without,
        started(module, str(folder / "with.db"), cheap, "--plugins", str(PLUGINS), processors=processors) as with_them,
    ):
        sides = [
            (server, (await password_sign_in(server.port, await make_pool(server.port, USERS))).journey)
            for server in (without, with_them)
        ]
        found = []
        for _ in range(rounds + 1):
            plain, loaded = [await _sign_in_seconds(server, journey) for server, journey in sides]
            found.append((plain, loaded))
    # What disturbs a measurement only ever adds to it: the lowest is the truest.
    without_any, with_all = (min(side) for side in zip(*found[1:], strict=True))
    more = with_all - without_any
    return [
        Row(
            work=f"{PLUGINS} empty plugins on every hook of a sign-in",
            limit="the same sign-in without, cheap hash",
            limit_figure=micros(without_any),
            measured=micros(with_all),
            share=f"+{more * 1e3:.2f} ms",
            reach=f"<= {REACH * 1e3:.1f} ms more",
            reached=more <= REACH,
        )
    ]


async def _sign_in_seconds(server: Server, journey: Journey) -> float:
    async with opened(server.port, CONNECTIONS) as connections:
        return await processor_seconds(server, connections, journey, _SIGN_INS)
