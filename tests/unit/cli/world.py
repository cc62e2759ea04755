"""A whole server in memory for the commands, with a clock that stands and keys that are made already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from poolhouse.config.settings import Development, Settings, Store
from poolhouse.config.settings import Server as ServerSettings
from poolhouse.config.values import Secret
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.records.pools import Pool
from poolhouse.server.app import Server, build
from poolhouse.server.ground import Surroundings
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.keys import PremadeKeys

REGION = "eu-west-1"
NOON = 1_800_000_000.0
SETTINGS = Settings(
    server=ServerSettings(base_url="http://127.0.0.1:8080", region=REGION),
    store=Store(url=Secret("memory:")),
    dev=Development(enabled=False),
)


class CountedChance:
    """The same words in the same order, always; every one is another."""

    def __init__(self) -> None:
        self._count = 0

    def _next(self) -> int:
        self._count += 1
        return self._count

    def token(self) -> str:
        return f"{self._next():043d}"

    def raw(self, size: int) -> bytes:
        return self._next().to_bytes(size, "big")

    def digits(self, count: int) -> str:
        return f"{self._next():0{count}d}"

    def letters(self, count: int, alphabet: str) -> str:
        number, text = self._next(), ""
        for _ in range(count):
            number, rest = divmod(number, len(alphabet))
            text += alphabet[rest]
        return text

    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{self._next():012x}"


@asynccontextmanager
async def server_in_memory(*plugins: object, master_key: bytes = b"k" * 32) -> AsyncIterator[Server]:
    surroundings = Surroundings(clock=FakeClock(NOON), chance=CountedChance(), key_maker=PremadeKeys())
    server = await build(
        SETTINGS,
        [master_key],
        surroundings=surroundings,
        plugins=[(f"plugin-{number}", plugin) for number, plugin in enumerate(plugins)],
    )
    await server.store.start()
    try:
        yield server
    finally:
        await server.workers.close()
        await server.store.close()


async def new_pool(server: Server, foundation: PoolFoundation | None = None, name: str = "people") -> Pool:
    return await server.services.pools.create(REGION, name, PoolSettings(), foundation or PoolFoundation())
