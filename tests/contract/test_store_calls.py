"""As many calls to MongoDB are under way at the same moment as the setting says, by either driver."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.support.lossy_proxy import LossyProxy

pytestmark = pytest.mark.requires_mongodb

CALLS = 60
"""More than Motor has threads of its own accord on a machine with fewer than twelve processors."""

PROGRAM = """
import asyncio, sys
from poolhouse.server.world import SystemClock
from poolhouse.store.open import open_store
from poolhouse.store.port import Collection

async def main():
    items = Collection("items")
    store = open_store(sys.argv[1], (items,), SystemClock(), driver=sys.argv[2], calls=int(sys.argv[3]))
    await store.start()
    print("started", flush=True)
    sys.stdin.readline()
    await asyncio.gather(*(store.get(items, ("t", str(number))) for number in range(int(sys.argv[3]))))
    await store.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_calls_do_not_wait_for_each_other(mongodb_database: str, driver: str) -> None:
    async with LossyProxy(mongodb_database).running() as proxy:
        # A process of its own: how many threads Motor has is settled when it is imported.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            proxy.uri,
            driver,
            str(CALLS),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert b"started\n" == await process.stdout.readline()
        proxy.hold_reads(until=CALLS)
        # Were they fewer, they would wait until the driver gives up, and the process fail.
        await process.communicate(b"go\n")

        assert 0 == process.returncode
