"""What live sessions of browsers cost: room in the store, memory, and one look at who is signed in.

They are begun by the flow that begins them, without the password before it, in this process. So it stands beside the
works, and is measured when it is asked for alone: a hundred thousand take a minute or more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from aiohttp import web

from benchmarks.poolhouse_server import MASTER_KEY, production
from benchmarks.processes import Processors, resident_bytes
from benchmarks.results import Row
from benchmarks.shares import micros
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.ports.origin import Origin, begin
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, User
from poolhouse.server.app import Server, build

MANY = 100_000
_PER_USER = 10
_TOGETHER = 100
_LOOKS = 2000
_ROUNDS = 5
_ORIGIN = Origin(
    "203.0.113.9",
    "benchmark",
    None,
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
)


async def measured(processors: Processors, sessions: int) -> list[Row]:
    if processors.served_by is not None:
        os.sched_setaffinity(0, {processors.served_by})
    begin(_ORIGIN)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with _served(folder) as server:
            pool, users = await _people(server, max(1, sessions // _PER_USER))
        room = _bytes_in(folder)
        async with _served(folder) as server:
            memory, begun = resident_bytes(os.getpid()), time.process_time()
            handles = await _begun(server, pool, users, sessions)
            one_begun = (time.process_time() - begun) / sessions
            memory = resident_bytes(os.getpid()) - memory
        room = _bytes_in(folder) - room
        async with _served(folder) as server:
            one_look = min([await _looked(server, pool, handles) for _ in range(_ROUNDS + 1)][1:])
    named = f"{sessions:,} live sessions of browsers"
    return [
        _row(f"{named}: in the store", f"{room / 1e6:.1f} MB ({room / sessions:,.0f} bytes each)"),
        # The handles that browsers would hold are in it.
        _row(f"{named}: in memory while they begin", f"{memory / 1e6:.1f} MB"),
        _row(f"{named}: one begins", micros(one_begun)),
        _row(f"{named}: one look at who is signed in", micros(one_look)),
    ]


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[Server]:
    # What it says of a new store and of senders that are not there is no figure.
    logging.getLogger("poolhouse").addHandler(logging.NullHandler())
    server = await build(production(str(folder / "sessions.db")), [MASTER_KEY])
    runner = web.AppRunner(server.app, access_log=None)
    await runner.setup()
    try:
        yield server
    finally:
        await runner.cleanup()


async def _people(server: Server, count: int) -> tuple[Pool, list[User]]:
    pool = await server.services.pools.create("us-east-1", "benchmark", PoolSettings(), PoolFoundation())
    now = server.world.clock.now()
    people = [
        User(pool_id=pool.id, sub=str(uuid4()), username=f"user-{n}", created=now, modified=now, status=CONFIRMED)
        for n in range(count)
    ]
    users: list[User] = []
    for start in range(0, count, _TOGETHER):
        added = [server.ports.users.add(pool, user) for user in people[start : start + _TOGETHER]]
        users += await asyncio.gather(*added)
    return pool, users


async def _begun(server: Server, pool: Pool, users: list[User], sessions: int) -> list[str]:
    """The handles that browsers hold."""

    async def one(number: int) -> str:
        user = users[number % len(users)]
        begun = await server.services.sessions.begin(pool, user, event_id=str(uuid4()), proofs=("password",))
        return begun.handles[0]

    handles: list[str] = []
    for start in range(0, sessions, _TOGETHER):
        together = range(start, min(start + _TOGETHER, sessions))
        handles += await asyncio.gather(*[one(number) for number in together])
    return handles


async def _looked(server: Server, pool: Pool, handles: list[str]) -> float:
    """Processor seconds of one look, each at another of them."""
    asked = random.sample(handles, min(_LOOKS, len(handles)))
    begun = time.process_time()
    for handle in asked:
        assert await server.services.sessions.live(pool, (handle,))
    return (time.process_time() - begun) / len(asked)


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _row(work: str, measured: str) -> Row:
    return Row(work=work, limit="", limit_figure="", measured=measured, share="", reach="", reached=None)
