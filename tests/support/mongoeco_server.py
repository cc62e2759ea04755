"""Serves an empty mongoeco on a port until terminated: ``mongoeco_server.py PORT FILE``.

Runs in mongoeco's own environment (see ``mongodb.py``), which has nothing of ours.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from mongoeco.engines.sqlite import SQLiteEngine
from mongoeco.wire.proxy import AsyncMongoEcoProxyServer


async def serve(port: int, file: str) -> None:
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    server = AsyncMongoEcoProxyServer(engine=SQLiteEngine(file), host="127.0.0.1", port=port)
    await server.start()
    try:
        await terminated.wait()
    finally:
        await server.close()


asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
