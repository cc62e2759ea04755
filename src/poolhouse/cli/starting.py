"""``poolhouse dev`` and ``poolhouse serve``: from the settings to a running server."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from poolhouse.cli.failures import SETTINGS, STORE, Failure, report, told
from poolhouse.cli.kept import development_keys, known_keys, shown_store, with_root_key
from poolhouse.config.addresses import is_loopback
from poolhouse.config.loading import load_settings
from poolhouse.config.master_key import MasterKeys, required_keys
from poolhouse.config.settings import Settings
from poolhouse.ports.origin import Origin, begin
from poolhouse.server import logs
from poolhouse.server.access_log import AccessLog
from poolhouse.server.serving import Manner, bound_sockets, close_all, run
from poolhouse.server.world import SystemChance

if TYPE_CHECKING:
    from aiohttp import web

    from poolhouse.cli.demo import Demo
    from poolhouse.server.operation.metrics import Metrics

QUIET_SECONDS: Final = 0.1
"""Between the first moment in which the server answers and the log line that says so."""

_logger = logging.getLogger("poolhouse.serving")


def dev(
    *,
    config: Path | None = None,
    listen: str | None = None,
    access_log: bool = False,
    plugins_dir: Path | None = None,
    trace_plugins: bool = False,
) -> int:
    """A server for development has run. Returns its exit status; raises ``Failure``."""
    begin(Origin(actor="command:dev"))
    with told():
        settings = load_settings(
            os.environ, path=config, dev=True, overrides=_said(listen, trace_plugins=trace_plugins)
        )
        logs.set_up(form=_format(settings), level=settings.logging.level)
        host = settings.server.listen.host
        if not is_loopback(host) and listen is None:
            raise Failure(
                f"The settings say that the server listens on {settings.server.listen}, which others can reach. A "
                "server for development shows codes to all. If that is meant: "
                f"poolhouse dev --listen {settings.server.listen}",
                SETTINGS,
            )
        chance = SystemChance()
        keys = development_keys(settings, chance)
        settings = with_root_key(settings, chance)
        files: Sequence[tuple[str, object]] = ()
        if plugins_dir is not None:
            from poolhouse.cli.plugin_files import plugins_in

            files = plugins_in(plugins_dir)
    return _Start(settings, keys, access_log=access_log, plugins=files).run(1)


def serve(
    *,
    config: Path | None = None,
    listen: str | None = None,
    parts: str | None = None,
    workers: int = 1,
    access_log: bool = False,
    trace_plugins: bool = False,
    new_store: bool = False,
) -> int:
    """A server has run. Returns its exit status; raises ``Failure``."""
    with told():
        said = {**_said(listen, trace_plugins=trace_plugins), "server.parts": parts}
        settings = load_settings(os.environ, path=config, overrides=said)
        logs.set_up(form=settings.logging.format, level=settings.logging.level)
        if workers > 1 and settings.store.kind == "memory":
            raise Failure(
                "The store memory: belongs to one process; with --workers use sqlite:PATH or mongodb://...", SETTINGS
            )
        # A store of development has its key beside it.
        keys = known_keys(settings) or required_keys(settings.master)
        if settings.root.access_key_id is None:
            _logger.warning("There is no root key: signed calls work with access keys of the store only.")
        if settings.messages.outbox:
            _logger.warning("Every message is written to %s too: who reads it has the codes.", settings.messages.outbox)
    return _Start(settings, keys, access_log=access_log, new_store=new_store).run(workers)


def _said(listen: str | None, *, trace_plugins: bool) -> dict[str, Any]:
    """What the command line says over the settings."""
    return {"server.listen": listen, "logging.trace_plugins": trace_plugins or None}


class _Start:
    def __init__(
        self,
        settings: Settings,
        keys: MasterKeys,
        *,
        access_log: bool,
        plugins: Sequence[tuple[str, object]] = (),
        new_store: bool = False,
    ) -> None:
        self._new_store = new_store
        self._settings = settings
        self._keys = keys
        self._plugins = plugins
        form = _format(settings) if settings.dev.enabled else settings.logging.format
        self._manner = Manner(
            grace=settings.server.grace,
            # Nobody shares the work of a developer's server, and who stops it waits for it.
            drain=0.0 if settings.dev.enabled else settings.server.drain,
            access_log=AccessLog(form) if access_log else None,
        )
        self._demo: Demo | None = None
        self._moves: Callable[[], bool] = lambda: True
        self._metrics: Callable[[], Metrics] | None = None

    def run(self, workers: int) -> int:
        for warning in self._settings.warnings:
            _logger.warning(warning)
        if not self._settings.dev.enabled:
            from poolhouse.cli.known_stores import require_store_or_new

            with told():
                require_store_or_new(self._settings, new_store=self._new_store)
        listen = self._settings.server.listen
        with told(shown_store(self._settings), refused=STORE):
            sockets = bound_sockets(listen.host, listen.port)
            try:
                if workers > 1:
                    return self._supervise(sockets, workers)
                run(self._make, sockets, self._manner, started=lambda: self._tell_started(sockets))
                return 0
            finally:
                close_all(sockets)

    def _supervise(self, sockets: list[Any], workers: int) -> int:
        # Loaded before the fork, so that the workers share it.
        from poolhouse.cli.supervising import Leash, Supervisor
        from poolhouse.crypto.workers import usable_cpus
        from poolhouse.server import app, parts  # noqa: F401 - the root, too, is loaded here
        from poolhouse.server.operation.board import Board
        from poolhouse.server.operation.metrics import Metrics

        parts.load(self._settings)
        server = self._settings.server
        if not server.threads:
            # Each process has its share of the processors for arithmetic, rounded up.
            self._settings = replace(self._settings, server=replace(server, threads=-(-usable_cpus() // workers)))

        boards = [Board() for _ in range(workers)]

        def work(leash: Leash) -> int:
            self._metrics = lambda: Metrics(boards[leash.place], boards)
            try:
                with told(shown_store(self._settings), refused=STORE):
                    run(
                        self._make,
                        sockets,
                        self._manner,
                        started=lambda: leash.say_ready(lambda: self._moves()),
                        stopping=leash.stop_when_drawn,
                    )
                    self._moves()
            except Exception as error:  # noqa: BLE001 - the boundary of the process: told once
                return report(error)
            return 0

        return Supervisor(
            work,
            workers,
            sockets,
            grace=self._manner.drain + self._manner.grace,
            started=lambda: self._tell_address(sockets),
            buried=lambda place: setattr(boards[place], "is_held", False),
        ).run()

    async def _make(self) -> web.Application:
        from poolhouse.cli.known_stores import known_stores
        from poolhouse.server.app import build
        from poolhouse.server.ground import Surroundings

        # Who develops begins anew as often as they like.
        is_free = self._new_store or self._settings.dev.enabled
        surroundings = Surroundings(stores=known_stores(self._settings, new_store=is_free))
        if self._metrics is not None:
            surroundings = structs.replace(surroundings, metrics=self._metrics)
        server = await build(self._settings, self._keys.raw, plugins=self._plugins, surroundings=surroundings)

        def moves() -> bool:
            server.metrics.show()
            return not server.workers.is_stuck()

        self._moves = moves
        if self._settings.dev.enabled and self._settings.dev.demo and "user_pools" in self._settings.server.parts:
            from poolhouse.cli.demo import demo

            async def prepare(_: web.Application) -> None:
                said = self._settings.server
                self._demo = await demo(server.services, server.memory, said.region, said.base_url)

            server.app.on_startup.append(prepare)
        return server.app

    def _tell_started(self, sockets: list[Any]) -> None:
        if self._settings.dev.enabled:
            print(welcome(self._settings, self._demo), flush=True)
        # Loading what writes log lines takes as long as a dozen requests: the first of them need not wait for it.
        asyncio.get_running_loop().call_later(QUIET_SECONDS, self._tell_address, sockets)

    def _tell_address(self, sockets: list[Any]) -> None:
        if any(each.fileno() < 0 for each in sockets):
            return  # it was stopped at once
        addresses = [str(replace(self._settings.server.listen, port=each.getsockname()[1])) for each in sockets]
        _logger.info("listening", extra={"address": addresses[0], "base_url": self._settings.server.base_url})


def _format(settings: Settings) -> str:
    """In development, at a terminal, lines are for people, unless the settings say something."""
    said = os.environ.get("POOLHOUSE_LOGGING_FORMAT")
    return settings.logging.format if said or not sys.stderr.isatty() else "console"


def welcome(settings: Settings, made: Demo | None) -> str:
    """What a developer needs to begin: the exports for SDKs and the command line of AWS, and what is there."""
    base = settings.server.base_url
    root = settings.root
    lines = [
        f"Poolhouse for development answers at {base}",
        "",
        f"  export AWS_ENDPOINT_URL={base}",
        f"  export AWS_ACCESS_KEY_ID={root.access_key_id}",
        f"  export AWS_SECRET_ACCESS_KEY={root.secret_access_key.reveal() if root.secret_access_key else ''}",
        # Most SDKs read this name only.
        f"  export AWS_REGION={settings.server.region}",
        # boto3 and the AWS command line read this one.
        f"  export AWS_DEFAULT_REGION={settings.server.region}",
        "",
    ]
    if made is not None:
        lines += [
            f"  demo pool     {made.pool_id}",
            f"  demo client   {made.client_id}",
            f"  issuer        {base}/{made.pool_id}",
            f"  demo app      {made.page}",
        ]
    if settings.dev.outbox_page:
        lines.append(f"  outbox        {base}/_dev/outbox")
    lines += [f"  store         {shown_store(settings)}"]
    if not is_loopback(settings.server.listen.host):
        lines += [
            "",
            f"  WARNING: others can reach {settings.server.listen}, and this server shows codes to all.",
        ]
    first = "cognito-idp list-user-pools"
    if "user_pools" not in settings.server.parts:
        first = "cognito-identity list-identity-pools"
    lines += ["", f"  Try: aws {first} --max-results 10", ""]
    return "\n".join(lines)
