"""The store and the flows for a command: everything a server has, without its listener, its outbox and its sweeper."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from poolhouse.cli.failures import SETTINGS, STORE, Failure, told
from poolhouse.cli.kept import known_keys, shown_store
from poolhouse.cli.known_stores import known_stores, require_store_or_new
from poolhouse.config.loading import load_settings
from poolhouse.config.master_key import MasterKeys, required_keys
from poolhouse.config.settings import Settings
from poolhouse.crypto.vault import Vault
from poolhouse.hooks import specs
from poolhouse.hooks.events.server import Lifespan
from poolhouse.server import logs
from poolhouse.server.app import Server, build
from poolhouse.server.ground import require_same_key
from poolhouse.server.world import SystemChance

T = TypeVar("T")

TERMINATED: Final = 143
"""The status of what SIGTERM has ended, as shells tell it."""


def settings_of(config: Path | None) -> Settings:
    """The settings that ``serve`` would use here. Warnings of the house go to standard error from now on. Raises
    ``Failure``."""
    with told():
        settings = load_settings(os.environ, path=config)
    level = settings.logging.level
    logs.set_up(form="console", level="warning" if level == "info" else level)
    return settings


def keys_of(settings: Settings) -> MasterKeys:
    """The master keys that a server with these settings has. Raises ``Failure``."""
    with told():
        return known_keys(settings) or required_keys(settings.master)


def with_server(config: Path | None, work: Callable[[Server], Coroutine[Any, Any, T]]) -> T:
    """What ``work`` returns, with everything open around it. Raises ``Failure``."""
    settings = settings_of(config)
    keys = keys_of(settings)
    if settings.store.kind == "memory":
        raise Failure("The store memory: is empty in every process; name another one by POOLHOUSE_STORE.", SETTINGS)
    _require_store(settings)

    async def all_of_it() -> T:
        # As a keyboard's interrupt: what is held is let go first.
        current = asyncio.current_task()
        if current is not None and os.name == "posix":
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _terminate, current)
        async with opened(settings, keys) as server:
            # What opening made stays: the collector need not look at it again, for each thousand users that come.
            gc.freeze()
            with told(shown_store(settings)):
                return await work(server)

    try:
        return asyncio.run(all_of_it())
    except asyncio.CancelledError:
        raise Failure("Stopped.", TERMINATED) from None


def _require_store(settings: Settings) -> None:
    """A command makes no store: its address may be mistyped, and what is made by that looks like one. Raises
    ``Failure``."""
    with told():
        if not require_store_or_new(settings):
            raise Failure(
                f"There is no store at {shown_store(settings)}: `poolhouse serve` makes a new one, and `poolhouse "
                "restore` puts a backup there. Look at store.url if there should be one.",
                STORE,
            )


def _terminate(task: asyncio.Task[Any]) -> None:
    task.cancel()


@asynccontextmanager
async def opened(settings: Settings, keys: MasterKeys) -> AsyncIterator[Server]:
    """The server with its store open and its plugins alive, not listening. Messages that are put into the outbox wait
    there for a running server: it has the senders. Raises ``Failure``."""
    async with AsyncExitStack() as stack:
        with told(shown_store(settings), refused=STORE):
            server = await build(settings, keys.raw)
            stack.push_async_callback(server.workers.close)
            stack.push_async_callback(server.http.close)
            stack.push_async_callback(server.functions_http.close)
            stack.push_async_callback(server.clients_http.close)
            await server.store.start()
            stack.push_async_callback(server.store.close)
            vault, chance = Vault(keys.raw, SystemChance()), SystemChance()
            await require_same_key(server.store, vault, chance, known_stores(settings))
            event = Lifespan(base_url=settings.server.base_url)
            await stack.enter_async_context(server.hooks.around(specs.lifespan, event))
        yield server
