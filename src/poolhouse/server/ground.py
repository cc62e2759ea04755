"""What every part of the server stands on: the store, the vault, the workers, plugins, messages. Built once, from the
bottom, and handed to each part."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

from aiohttp import http_parser
from msgspec import Struct, field

from poolhouse.config.settings import Settings
from poolhouse.crypto.vault import Vault
from poolhouse.crypto.workers import Crews
from poolhouse.errors import PoolNotFound
from poolhouse.flows.audit import Trail
from poolhouse.flows.flow import World
from poolhouse.flows.jobs.leases import Leases
from poolhouse.flows.messages.outbox import OutboxService
from poolhouse.hooks import specs
from poolhouse.hooks.context import Http, PluginContext, knows_no_pool
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.server import Register
from poolhouse.hooks.manager import PluginManager, installed
from poolhouse.hooks.messages import PluginMessages, Put, nobody_sends
from poolhouse.hooks.tally import Tallies, Tally, Traced, Uncounted
from poolhouse.hooks.views import Directory
from poolhouse.plugins import FACTORS, LAMBDA_BRIDGE, SENDERS, TOKEN_SERVICES
from poolhouse.plugins.file import OutboxFile
from poolhouse.plugins.lambda_bridge.targets import origins, place_of
from poolhouse.ports.origin import current_origin
from poolhouse.ports.world import Chance, Clock
from poolhouse.records.messages import Message
from poolhouse.server.http_client import HttpClient
from poolhouse.server.operation.metrics import Metrics, Over
from poolhouse.server.operation.shortages import files_limit, open_files
from poolhouse.server.world import SystemChance, SystemClock
from poolhouse.store.open import open_store
from poolhouse.store.plugin_documents import StoredPluginDocuments
from poolhouse.store.port import Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.audit import AuditRepository
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.jobs import JobRepository
from poolhouse.store.repositories.messages import OutboxRepository
from poolhouse.store.repositories.pools import PoolRepository
from poolhouse.store.repositories.server import ServerMemoryRepository
from poolhouse.store.sqlite_log import log_bytes
from poolhouse.store.steady import SteadyStore
from poolhouse.tokens.making import KeyMaker

_MASTER_KEY: Final = "master-key"
_STORE: Final = "store"


class NotStartable(Exception):  # noqa: N818 - read as a statement
    """The server cannot start as things are. The text says what to change."""


FROM_CLIENTS: Final = 256 * 1024
"""Bytes of an answer at an address that a client has registered (oidc.md G10)."""


class StoresOfTheKey(Protocol):
    """What is remembered beside the key: the stores that it belongs to."""

    def require(self, store_id: str | None, *, is_new: bool) -> None:
        """Raises ``NotStartable`` where others are known. None: the store has no id yet."""

    def note(self, store_id: str) -> None:
        """The store is one of them from now on."""


class Surroundings(Struct, frozen=True, kw_only=True):
    """What tests replace. ``signed_at`` is the clock for callers' signatures (they use the real one); ``plugin_http``
    is what plugins go out by, where that is not the real way. ``metrics`` makes those of this process: among several
    workers they have a board that all can read. ``stores`` knows those of the master key; None: nobody remembers."""

    clock: Clock = field(default_factory=SystemClock)
    chance: Chance = field(default_factory=SystemChance)
    signed_at: Callable[[], float] = time.time
    key_maker: KeyMaker | None = None
    recorders: Sequence[Callable[[Message], None]] = ()
    plugin_http: Http | None = None
    metrics: Callable[[], Metrics] = Metrics
    stores: StoresOfTheKey | None = None


class Ground(Struct, frozen=True, kw_only=True):
    """``ready`` is set while the server answers."""

    settings: Settings
    surroundings: Surroundings
    world: World
    store: Store
    vault: Vault
    cursors: Cursors
    workers: Crews
    metrics: Metrics
    http: HttpClient
    functions_http: HttpClient
    clients_http: HttpClient
    pools: PoolRepository
    plugins: PluginManager
    hooks: Hooks
    trail: Trail
    leases: Leases
    outbox: OutboxService
    ready: asyncio.Event


async def lay_ground(
    settings: Settings,
    master_keys: Sequence[bytes],
    *,
    surroundings: Surroundings | None = None,
    store: Store | None = None,
    plugins: Sequence[tuple[str, object]] = (),
) -> Ground:
    """The ground, laid; the store is not open yet. Raises ``NotStartable``, ``PluginError``."""
    require_safe_parser()
    surroundings = surroundings or Surroundings()
    clock, chance = surroundings.clock, surroundings.chance
    store = store or store_of(settings, clock)
    vault = Vault(master_keys, chance)
    workers = Crews(settings.server.threads or None, settings.server.queue or None)
    metrics = surroundings.metrics()
    metrics.watch(
        "poolhouse_arithmetic_pending", "Slow calls that wait or run.", lambda: workers.pending, over=Over.SUM
    )
    metrics.watch(
        "poolhouse_files_open", "Files and connections of the process with most.", open_files, over=Over.LARGEST
    )
    metrics.watch("poolhouse_files_limit", "How many a process may have.", files_limit, over=Over.SMALLEST)
    if isinstance(steady := store, SteadyStore):
        away = "1 where a process cannot read or write the store."
        metrics.watch("poolhouse_store_away", away, lambda: steady.is_away, over=Over.LARGEST)
    if settings.store.kind == "sqlite":
        log = partial(log_bytes, settings.store.url.reveal())
        metrics.watch("poolhouse_store_log_bytes", "How long the store's write-ahead log is.", log, over=Over.LARGEST)
    http = HttpClient(allowed=settings.server.outbound_hosts)
    # A way of its own: who names a function's host allows no plugin to go there.
    functions_http = HttpClient(allowed=(*settings.server.outbound_hosts, *origins(*_places(settings))))
    # What the servers of clients answer is little.
    clients_http = HttpClient(allowed=settings.server.outbound_hosts, size_limit=FROM_CLIENTS)
    cursors = Cursors(vault, clock)
    pools = PoolRepository(store, cursors, clock)
    outbox: OutboxService | None = None

    def tally(plugin: str, hook: str) -> Tally:
        counted = metrics.plugin(plugin, hook)
        return Traced(counted, plugin, hook) if settings.logging.trace_plugins else counted

    async def put(message: Message) -> None:
        # Plugins are built before the outbox, which is made with their senders.
        await (nobody_sends(message) if outbox is None else outbox.put(message))

    async def directory(pool_id: str) -> Directory | None:
        try:
            return Directory.of(await pools.get(pool_id))
        except PoolNotFound:
            return None

    manager = plugin_manager(
        settings,
        clock=clock,
        chance=chance,
        http=surroundings.plugin_http or http,
        store=store,
        plugins=plugins,
        tally=tally,
        put=put,
        functions_http=surroundings.plugin_http or functions_http,
        functions_key=functions_key(vault),
        directory=directory,
    )
    hooks = manager.freeze()
    trail = Trail(AuditRepository(store), hooks, clock, chance, current_origin)
    senders = [sender for some in await hooks.all(specs.register_message_senders, Register()) for sender in some]
    recorders = [*surroundings.recorders]
    if settings.messages.outbox:
        recorders.append(OutboxFile(settings.messages.outbox).record)
    outbox = OutboxService(
        OutboxRepository(store, cursors), vault, clock, hooks, senders, recorders=recorders, told=metrics, audit=trail
    )
    kept = outbox.kept
    # Of the store, and not of a worker: each has counted the same, at another moment.
    for name, help_text, read in (
        ("waiting", "Messages that wait.", lambda: kept.tally.waiting),
        ("failed", "Messages that failed or are unclear.", lambda: kept.tally.failed),
        ("oldest_seconds", "How long the first that waits has waited.", kept.waited),
    ):
        metrics.watch(f"poolhouse_messages_{name}", help_text, read, over=Over.LARGEST)
    return Ground(
        settings=settings,
        surroundings=surroundings,
        world=World(clock=clock, chance=chance, secrets=vault, hooks=hooks, audit=trail),
        store=store,
        vault=vault,
        cursors=cursors,
        workers=workers,
        metrics=metrics,
        http=http,
        functions_http=functions_http,
        clients_http=clients_http,
        pools=pools,
        plugins=manager,
        hooks=hooks,
        trail=trail,
        leases=Leases(JobRepository(store, cursors), clock, chance, trail, count=metrics.job),
        outbox=outbox,
        ready=asyncio.Event(),
    )


def plugin_manager(
    settings: Settings,
    *,
    clock: Clock,
    chance: Chance,
    http: Http,
    store: Store,
    plugins: Sequence[tuple[str, object]] = (),
    tally: Tallies = Uncounted,
    put: Put = nobody_sends,
    functions_http: Http | None = None,
    functions_key: str = "",
    directory: Callable[[str], Awaitable[Directory | None]] = knows_no_pool,
) -> PluginManager:
    """A manager with what is installed, then ``plugins``, then those of our own senders that have settings: for a
    channel the first sender wins, so a stranger's comes before ours. ``plugins`` take the place of installed ones of
    their names. ``enabled`` speaks of what is installed only. The bridge to functions is there always, and goes out by
    ``functions_http``.

    Raises ``PluginError``.
    """
    documents = StoredPluginDocuments(store)
    tables: dict[str, Mapping[str, Any]] = dict(settings.plugins.tables)
    for name in ("smtp", "twilio", "webhook"):
        given = getattr(settings.messages, name)
        if given is not None:
            tables[name] = given
    functions, elsewhere = _places(settings)
    tables[LAMBDA_BRIDGE.name] = {"functions": functions, "elsewhere": elsewhere, "key": functions_key}
    ours = [point for point in SENDERS if point.name in tables or (point.name == "console" and settings.dev.enabled)]
    ours += [point for point in TOKEN_SERVICES if point.name in tables]
    ours.append(LAMBDA_BRIDGE)
    given = {name for name, _ in plugins}
    ours += [point for point in FACTORS if point.name not in given]
    enabled = settings.plugins.enabled
    if enabled is not None:
        enabled = (*enabled, *(name for name, _ in plugins), *(point.name for point in ours))

    def context(name: str) -> PluginContext:
        return PluginContext.of(
            name,
            tables.get(name, {}),
            clock=clock,
            chance=chance,
            http=functions_http if name == LAMBDA_BRIDGE.name and functions_http else http,
            documents=documents,
            messages=PluginMessages(name, chance.uuid, put),
            directory=directory,
        )

    manager = PluginManager(
        context=context,
        order=settings.plugins.order,
        blocked=settings.plugins.blocked,
        enabled=enabled,
        limits=settings.plugins.limits,
        limit=settings.limits.plugin,
        # Our senders are there, whether they are used or not.
        tables=[name for name in settings.plugins.tables if name not in {point.name for point in SENDERS}],
        tally=tally,
    )
    manager.load([point for point in installed() if point.name not in given])
    for name, plugin in plugins:
        manager.register(plugin, name)
    manager.load(ours)
    return manager


def functions_key(vault: Vault) -> str:
    """What calls of functions by HTTP are signed with."""
    return vault.derive("functions").hex()


def knows_function(settings: Settings, plugins: PluginManager) -> Callable[[str], bool]:
    """Whether the function of an ARN can be called here."""
    functions, elsewhere = _places(settings)
    is_there = LAMBDA_BRIDGE.name in plugins.names()
    return lambda arn: is_there and place_of(arn, functions, elsewhere) is not None


def _places(settings: Settings) -> tuple[Mapping[str, str], str | None]:
    """Where functions are, by ARN; and where all others are."""
    return settings.triggers.functions, settings.dev.functions or None if settings.dev.enabled else None


def store_of(settings: Settings, clock: Clock) -> Store:
    """The store that the settings name; not open yet."""
    said = settings.store
    store = open_store(said.url.reveal(), collections.ALL, clock, driver=said.driver, calls=said.calls)
    return store if settings.store.kind == "memory" else SteadyStore(store, is_file=settings.store.kind == "sqlite")


async def known_key(store: Store) -> str | None:
    """The fingerprint of the master key with which the store was made; None where it was not used yet."""
    known = await ServerMemoryRepository(store).recall(_MASTER_KEY)
    return None if known is None else known.get("fingerprint")


async def require_same_key(store: Store, vault: Vault, chance: Chance, stores: StoresOfTheKey | None = None) -> bool:
    """The store was made with this master key; whether it is a new one. Raises
    ``NotStartable`` where it was another key: every password would seem wrong, and every seal broken; and where the key
    is known to belong to other ``stores``: then nothing was written."""
    memory = ServerMemoryRepository(store)
    is_new = await known_key(store) is None
    if stores is not None:
        found = await memory.recall(_STORE)
        stores.require(None if found is None else found["id"], is_new=is_new)
    known = await memory.remember(_MASTER_KEY, {"fingerprint": vault.fingerprint})
    if known.get("fingerprint") != vault.fingerprint:
        raise NotStartable(
            "This store was made with another master key. Start with that key (POOLHOUSE_MASTER_KEY or "
            "POOLHOUSE_MASTER_KEY_FILE); after a rotation it stays in the list, last."
        )
    if stores is not None:
        stores.note((await memory.remember(_STORE, {"id": chance.uuid()}))["id"])
    return is_new


def require_safe_parser() -> None:
    """Raises ``NotStartable`` without aiohttp's C parser: the other one let requests be smuggled (security row 40)."""
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise NotStartable("aiohttp was installed without its C parser; reinstall it from a wheel.")
