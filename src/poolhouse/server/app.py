"""The composition root: builds everything from the bottom, hands it down, and knows everybody. Nobody knows it.

Two servers can live in one process: there is nothing global here.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import http_parser, web

from poolhouse.config.settings import Settings
from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.crypto.srp import Srp6a
from poolhouse.crypto.vault import Vault
from poolhouse.crypto.workers import Workers
from poolhouse.errors import KeyTaken
from poolhouse.flows.flow import Kit
from poolhouse.flows.jobs import JobWorker, Kind, Leases
from poolhouse.flows.messages.outbox import OutboxService
from poolhouse.flows.pools.removal import POOL_REMOVAL, PoolRemoval
from poolhouse.flows.services.user_pools import Services, build_services
from poolhouse.hooks import specs
from poolhouse.hooks.context import PluginContext
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.server import Lifespan, Register
from poolhouse.hooks.manager import PluginManager
from poolhouse.plugins import SENDERS
from poolhouse.plugins.file import OutboxFile
from poolhouse.ports.world import Chance, Clock
from poolhouse.records.messages import Message
from poolhouse.server.cognito.bindings.json import JsonApi
from poolhouse.server.cognito.callers import Callers
from poolhouse.server.cognito.dispatch import Dispatch
from poolhouse.server.cognito.user_pools.api import user_pools_api
from poolhouse.server.http_client import HttpClient
from poolhouse.server.oidc.discovery import Discovery
from poolhouse.server.operation.metrics import Metrics
from poolhouse.server.operation.outbox_page import OutboxPage
from poolhouse.server.proxies import source_address
from poolhouse.server.requests import RequestIds, answering
from poolhouse.server.routes import Audience, Route, mount
from poolhouse.server.world import SystemChance, SystemClock
from poolhouse.store.open import open_store
from poolhouse.store.plugin_documents import StoredPluginDocuments
from poolhouse.store.port import Entry, Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.access import AccessKeyRepository
from poolhouse.store.repositories.audit import Trail
from poolhouse.store.repositories.clients import ClientRepository
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.grants import GrantRepository
from poolhouse.store.repositories.groups import Memberships
from poolhouse.store.repositories.jobs import JobRepository
from poolhouse.store.repositories.keys import SigningKeyRepository
from poolhouse.store.repositories.messages import OutboxRepository
from poolhouse.store.repositories.pools import PoolRepository
from poolhouse.store.repositories.protection import CounterRepository
from poolhouse.store.repositories.sign_in import AttemptRepository, CodeRepository
from poolhouse.store.repositories.users import UserRepository
from poolhouse.tokens.keys import KeyMaker, KeyRing, RingLimits, RsaKeyMaker

SWEEP_SECONDS = 60.0

_POOL = r"{pool_id:[\w-]{1,40}_[0-9a-zA-Z]{1,32}}"


class NotStartable(Exception):  # noqa: N818 - read as a statement
    """The server cannot start as things are. The text says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What tests replace. ``signed_at`` is the clock for callers' signatures (they use the real one)."""

    clock: Clock = field(default_factory=SystemClock)
    chance: Chance = field(default_factory=SystemChance)
    signed_at: Callable[[], float] = time.time
    key_maker: KeyMaker | None = None
    recorders: Sequence[Callable[[Message], None]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Everything, built. ``app`` runs it: its start and its end are the server's."""

    app: web.Application
    settings: Settings
    store: Store
    kit: Kit
    services: Services
    hooks: Hooks
    plugins: PluginManager
    keys: KeyRing
    access_keys: AccessKeyRepository
    outbox: OutboxService
    jobs: JobWorker
    workers: Workers
    http: HttpClient
    metrics: Metrics
    ready: asyncio.Event


SERVER = web.AppKey("SERVER", Server)


def plugin_manager(
    settings: Settings,
    *,
    clock: Clock,
    chance: Chance,
    http: HttpClient,
    store: Store,
    plugins: Sequence[tuple[str, object]] = (),
) -> PluginManager:
    """A manager with what is installed, then ``plugins``, then those of our own senders that have settings: for a
    channel the first sender wins, so a stranger's comes before ours. ``enabled`` speaks of what is installed only.

    Raises ``PluginError``.
    """
    documents = StoredPluginDocuments(store)
    tables: dict[str, Mapping[str, Any]] = dict(settings.plugins.tables)
    for name in ("smtp", "twilio", "webhook"):
        given = getattr(settings.messages, name)
        if given is not None:
            tables[name] = given
    ours = [point for point in SENDERS if point.name in tables or (point.name == "console" and settings.dev.enabled)]
    enabled = settings.plugins.enabled
    if enabled is not None:
        enabled = (*enabled, *(name for name, _ in plugins), *(point.name for point in ours))

    def context(name: str) -> PluginContext:
        return PluginContext.of(name, tables.get(name, {}), clock=clock, chance=chance, http=http, documents=documents)

    manager = PluginManager(
        context=context,
        order=settings.plugins.order,
        blocked=settings.plugins.blocked,
        enabled=enabled,
        limits=settings.plugins.limits,
        limit=settings.limits.plugin,
    )
    manager.load()
    for name, plugin in plugins:
        manager.register(plugin, name)
    manager.load(ours)
    return manager


async def build(
    settings: Settings,
    master_keys: Sequence[bytes],
    *,
    world: World | None = None,
    store: Store | None = None,
    plugins: Sequence[tuple[str, object]] = (),
) -> Server:
    """The server, built and not yet started (``app`` starts it). ``plugins`` come after those that are installed.

    Raises ``NotStartable``, ``PluginError``, and what the store raises where it cannot be opened.
    """
    _require_safe_parser()
    world = world or World()
    clock, chance = world.clock, world.chance
    store = store or open_store(settings.store.url.reveal(), collections.ALL, clock)
    vault = Vault(master_keys, chance)
    workers = Workers(settings.server.threads or None, settings.server.queue or None)
    metrics = Metrics()
    http = HttpClient(allowed=settings.server.outbound_hosts)
    logger = logging.getLogger("poolhouse")

    manager = plugin_manager(settings, clock=clock, chance=chance, http=http, store=store, plugins=plugins)
    hooks = manager.freeze()
    register = Register()

    cursors = Cursors(vault, clock)
    memberships = Memberships(store, cursors)
    access_keys = AccessKeyRepository(store, cursors)
    senders = [sender for some in await hooks.all(specs.register_message_senders, register) for sender in some]
    has_page = settings.dev.enabled and settings.dev.outbox_page
    page = OutboxPage(chance.token(), settings.server.base_url) if has_page else None
    recorders = [*world.recorders]
    if settings.messages.outbox:
        recorders.append(OutboxFile(settings.messages.outbox).record)
    if page is not None:
        recorders.append(page.record)
    outbox = OutboxService(
        OutboxRepository(store), vault, clock, hooks, senders, recorders=recorders, count=metrics.message
    )
    keys = KeyRing(
        settings.server.base_url,
        SigningKeyRepository(store),
        vault,
        world.key_maker or RsaKeyMaker(workers),
        clock,
        RingLimits(lead=settings.tokens.rotation_lead, fresh=settings.tokens.keys_fresh),
    )
    costs = settings.passwords
    formats = [f for some in await hooks.all(specs.register_password_formats, register) for f in some]
    trail = Trail(store, hooks, clock, chance)
    leases = Leases(JobRepository(store, cursors), clock, chance, trail, count=metrics.job)
    kit = Kit(
        clock=clock,
        chance=chance,
        secrets=vault,
        passwords=PasswordHashes(
            workers, vault, chance, Argon2Costs(costs.memory_kib, costs.passes, costs.lanes), formats
        ),
        srp=Srp6a(workers, chance),
        tokens=keys,
        hooks=hooks,
        pools=PoolRepository(store, cursors, clock),
        clients=ClientRepository(store, cursors, clock),
        users=UserRepository(store, cursors, memberships),
        groups=memberships,
        attempts=AttemptRepository(store, vault),
        codes=CodeRepository(store),
        grants=GrantRepository(store),
        counters=CounterRepository(store),
        outbox=outbox,
        jobs=leases,
        audit=trail,
    )
    services = build_services(
        kit,
        challenges=[c for some in await hooks.all(specs.register_challenges, register) for c in some],
        stages=[s for some in await hooks.all(specs.register_stages, register) for s in some],
        reuse_ends_family=settings.tokens.reuse_ends_family,
    )
    metrics.watch("poolhouse_arithmetic_pending", "Slow calls that wait or run.", lambda: workers.pending)

    app = web.Application(client_max_size=settings.limits.body)
    server = Server(
        app=app,
        settings=settings,
        store=store,
        kit=kit,
        services=services,
        hooks=hooks,
        plugins=manager,
        keys=keys,
        access_keys=access_keys,
        outbox=outbox,
        jobs=_job_worker(leases, kit),
        workers=workers,
        http=http,
        metrics=metrics,
        ready=asyncio.Event(),
    )
    app[SERVER] = server
    json_api = _json_api(server, world, vault, logger)
    mount(app, _routes(server, json_api, page), guard=_operator_guard(settings), around=answering(metrics))

    async def context(_: web.Application) -> AsyncIterator[None]:
        async with _running(server, vault):
            yield

    app.cleanup_ctx.append(context)
    return server


def _job_worker(leases: Leases, kit: Kit) -> JobWorker:
    """Every kind of job that a server does by itself."""
    return JobWorker(leases, [Kind(POOL_REMOVAL, PoolRemoval(kit.pools, kit.clock).go_on)])


def _json_api(server: Server, world: World, vault: Vault, logger: logging.Logger) -> JsonApi:
    settings = server.settings
    root_id, root_secret = settings.root.access_key_id, settings.root.secret_access_key
    callers = Callers(
        now=world.clock.now,
        account=settings.server.account_id,
        root=(root_id, root_secret.reveal()) if root_id and root_secret else None,
        keys=server.access_keys,
        secrets=vault,
    )
    return JsonApi(
        dispatch=Dispatch(
            (user_pools_api(server.services, settings.server.account_id),),
            account=settings.server.account_id,
            strict=settings.dev.enabled,
        ),
        callers=callers,
        region=settings.server.region,
        now=world.signed_at,
        request_id=RequestIds(world.chance).of,
        logger=logger,
        source=lambda request: source_address(request.remote, request.headers, settings.server.trusted_proxies),
        body_limit=settings.limits.body,
        strict=settings.dev.enabled,
    )


def _routes(server: Server, json_api: JsonApi, page: OutboxPage | None) -> list[Route]:
    discovery = Discovery(server.settings.server.base_url, server.keys.jwks)

    async def healthy(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readiness(_: web.Request) -> web.Response:
        if not server.ready.is_set():
            return web.json_response({"status": "stopping"}, status=503)
        try:
            async with asyncio.timeout(5):
                await server.store.ping()
        except Exception:  # noqa: BLE001 - whatever the driver says: without its store the server is of no use
            return web.json_response({"status": "the store does not answer"}, status=503)
        return web.json_response({"status": "ok"})

    async def nowhere(_: web.Request) -> web.Response:
        return web.json_response({"message": "Not Found"}, status=404)

    async def figures(_: web.Request) -> web.Response:
        return web.Response(body=server.metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4"})

    routes = [
        Route("POST", "/", json_api.handle, Audience.API, "api"),
        Route("OPTIONS", "/", json_api.handle, Audience.API, "api"),
        Route(
            "GET",
            f"/{_POOL}/.well-known/openid-configuration",
            discovery.configuration,
            Audience.ANYBODY,
            "discovery",
        ),
        Route("GET", f"/{_POOL}/.well-known/jwks.json", discovery.keys, Audience.ANYBODY, "jwks"),
        Route("GET", "/healthz", healthy, Audience.ANYBODY, "health"),
        Route("GET", "/readyz", readiness, Audience.ANYBODY, "health"),
        Route("GET", "/metrics", figures, Audience.OPERATOR, "metrics"),
    ]
    if page is not None:
        routes.append(Route("GET", "/_dev/outbox", page.show, Audience.DEVELOPER, "outbox"))
    # Browser SDKs post to whatever path they were given.
    routes += [
        Route("GET", "/{path:.*}", nowhere, Audience.ANYBODY, "none"),
        Route("POST", "/{path:.+}", json_api.handle, Audience.API, "api"),
        Route("OPTIONS", "/{path:.+}", json_api.handle, Audience.API, "api"),
    ]
    return routes


def _operator_guard(settings: Settings) -> Callable[[web.Request], None]:
    token = settings.server.metrics_token

    def guard(request: web.Request) -> None:
        if settings.dev.enabled and token is None:
            return
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token is None or not hmac.compare_digest(given.encode(), token.reveal().encode()):
            raise web.HTTPNotFound

    return guard


@asynccontextmanager
async def _running(server: Server, vault: Vault) -> AsyncIterator[None]:
    """The server runs: the store is open, messages go out, what expired is swept."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.workers.close)
        stack.push_async_callback(server.http.close)
        stack.push_async_callback(server.store.close)
        await server.store.start()
        await require_same_key(server.store, vault)
        event = Lifespan(base_url=server.settings.server.base_url)
        await stack.enter_async_context(server.hooks.around(specs.lifespan, event))
        outbox = asyncio.create_task(server.outbox.run(stop))
        jobs = asyncio.create_task(server.jobs.run(stop))
        sweeper = asyncio.create_task(_sweep(server.store))
        server.ready.set()
        try:
            yield
        finally:
            server.ready.clear()
            stop.set()
            sweeper.cancel()
            await asyncio.gather(outbox, jobs, sweeper, return_exceptions=True)


async def require_same_key(store: Store, vault: Vault) -> None:
    """The store was made with this master key. Raises ``NotStartable`` where it was another: every password would seem
    wrong, and every seal broken."""
    known = await store.get(collections.SERVER, ("master-key",))
    if known is None:
        with suppress(KeyTaken):
            await store.insert(collections.SERVER, Entry(key=("master-key",), value={"fingerprint": vault.fingerprint}))
        known = await store.get(collections.SERVER, ("master-key",))
    if known is not None and known.value.get("fingerprint") != vault.fingerprint:
        raise NotStartable(
            "This store was made with another master key. Start with that key (POOLHOUSE_MASTER_KEY or "
            "POOLHOUSE_MASTER_KEY_FILE); after a rotation it stays in the list, last."
        )


async def _sweep(store: Store) -> None:
    logger = logging.getLogger("poolhouse.store")
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await store.sweep()
        except Exception as error:  # noqa: BLE001 - the store may be away; nothing depends on sweeping
            logger.warning("Expired entries could not be removed: %s.", type(error).__name__)


def _require_safe_parser() -> None:
    """Raises ``NotStartable`` without aiohttp's C parser: the other one let requests be smuggled (security row 40)."""
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise NotStartable("aiohttp was installed without its C parser; reinstall it from a wheel.")
