"""A work next to its limit: both are measured in turns, so that what disturbs one disturbs the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.load import Connection, Journey, drive, opened, post
from benchmarks.pool import BenchPool
from benchmarks.primitives import Primitives
from benchmarks.processes import Processors, Server, started
from benchmarks.results import Row
from benchmarks.works import CONNECTIONS, Work

_CONSTANT_TIMES = 1600


@dataclass(frozen=True, slots=True)
class Round:
    """Processor seconds for one piece of work."""

    constant: float
    arithmetic: float
    measured: float


async def measured(
    work: Work, server: Server, pool: BenchPool, primitives: Primitives, processors: Processors, rounds: int
) -> Row:
    prepared = await work.prepare(server.port, pool)
    request = post(b" " * len(prepared.request.partition(b"\r\n\r\n")[2]))

    async def answered(connection: Connection, _: int) -> None:
        await connection.ask(request)

    with started("benchmarks.constant", str(len(prepared.answer)), processors=processors) as constant:
        async with opened(constant.port, CONNECTIONS) as to_constant, opened(server.port, CONNECTIONS) as to_server:

            async def one_round() -> Round:
                if prepared.before is not None:
                    await prepared.before(to_server, work.times)
                return Round(
                    constant=await processor_seconds(constant, to_constant, answered, _CONSTANT_TIMES),
                    arithmetic=primitives.seconds(work.needs),
                    measured=await processor_seconds(server, to_server, prepared.journey, work.times),
                )

            await one_round()  # what happens only once happens here
            found = [await one_round() for _ in range(rounds)]
    # What disturbs a measurement only ever adds to it, so the lowest is the truest: of the limit as of the work.
    limit = min(one.constant for one in found) + min(one.arithmetic for one in found)
    used = min(one.measured for one in found)
    share = limit / used
    return Row(
        work=work.title,
        limit=work.limit,
        limit_figure=micros(limit),
        measured=micros(used),
        beside=micros(used - limit),
        share=f"{share:.2f}",
        reach="" if work.reach is None else f">= {work.reach}",
        reached=None if work.reach is None else share >= work.reach,
    )


async def processor_seconds(server: Server, connections: Sequence[Connection], journey: Journey, times: int) -> float:
    """What the server used for one journey."""
    before = server.processor_seconds()
    await drive(connections, journey, times)
    return (server.processor_seconds() - before) / times


def micros(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f}"
