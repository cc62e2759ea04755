"""The composition root: lays the ground, builds the parts on it, and runs them. It knows everybody; nobody knows it.

Two servers can live in one process: there is nothing global here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from poolhouse.config.settings import Settings
from poolhouse.crypto.workers import Crews
from poolhouse.flows.access.keys import AccessKeyAdministration
from poolhouse.flows.access.uses import KeyUses
from poolhouse.flows.audit import Trail
from poolhouse.flows.flow import World
from poolhouse.flows.jobs.worker import JobWorker
from poolhouse.flows.messages.outbox import OutboxService
from poolhouse.flows.services.access import AccessServices
from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.server import Lifespan
from poolhouse.hooks.manager import PluginManager
from poolhouse.hooks.watchdog import Watchdog
from poolhouse.ports.server import ServerMemory
from poolhouse.server import parts
from poolhouse.server.ground import Ground, NotStartable, Surroundings, lay_ground, require_same_key
from poolhouse.server.http_client import HttpClient
from poolhouse.server.operation.guard import OperatorGuard
from poolhouse.server.operation.metrics import Metrics
from poolhouse.server.operation.shortages import Shortages
from poolhouse.server.part import Built
from poolhouse.server.requests import answering
from poolhouse.server.routes import Route, mount
from poolhouse.server.stopping import READY
from poolhouse.store.port import Store
from poolhouse.store.repositories.server import ServerMemoryRepository
from poolhouse.store.sqlite_log import log_bytes
from poolhouse.store.sweeping import swept

if TYPE_CHECKING:
    from poolhouse.flows.access.providers import ProviderAdministration
    from poolhouse.flows.identities.issuer_keys import IssuerKeyAdministration
    from poolhouse.flows.services.identities import IdentityServices
    from poolhouse.flows.services.oauth import OAuthServices
    from poolhouse.flows.services.user_pools import Services
    from poolhouse.ports.user_pools import Ports
    from poolhouse.tokens.keys import KeyRing

T = TypeVar("T")

_logger = logging.getLogger("poolhouse.serving")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Everything, built. ``app`` runs it: its start and its end are the server's.

    What belongs to something that the server does not offer (``server.parts``) is not there: to ask for it raises
    ``NotStartable``.
    """

    app: web.Application
    settings: Settings
    store: Store
    world: World
    built: Built
    trail: Trail
    hooks: Hooks
    plugins: PluginManager
    access_keys: AccessKeyAdministration
    access: AccessServices
    key_uses: KeyUses
    memory: ServerMemory
    outbox: OutboxService
    jobs: JobWorker
    workers: Crews
    http: HttpClient
    functions_http: HttpClient
    clients_http: HttpClient
    metrics: Metrics
    ready: asyncio.Event

    @property
    def services(self) -> Services:
        from poolhouse.flows.services.user_pools import Services

        return self._offered(Services, "user_pools")

    @property
    def oauth(self) -> OAuthServices:
        from poolhouse.flows.services.oauth import OAuthServices

        return self._offered(OAuthServices, "user_pools")

    @property
    def ports(self) -> Ports:
        from poolhouse.ports.user_pools import Ports

        return self._offered(Ports, "user_pools")

    @property
    def keys(self) -> KeyRing:
        from poolhouse.tokens.keys import KeyRing

        return self._offered(KeyRing, "user_pools")

    @property
    def identities(self) -> IdentityServices:
        from poolhouse.flows.services.identities import IdentityServices

        return self._offered(IdentityServices, "identities")

    @property
    def providers(self) -> ProviderAdministration:
        from poolhouse.flows.access.providers import ProviderAdministration

        return self._offered(ProviderAdministration, "identities")

    @property
    def issuer_keys(self) -> IssuerKeyAdministration:
        from poolhouse.flows.identities.issuer_keys import IssuerKeyAdministration

        return self._offered(IssuerKeyAdministration, "identities")

    def _offered(self, kind: type[T], part: str) -> T:
        if part not in self.settings.server.parts:
            raise NotStartable(f"This needs {part}, and the setting server.parts leaves it out.")
        return self.built.one(kind)


async def build(
    settings: Settings,
    master_keys: Sequence[bytes],
    *,
    surroundings: Surroundings | None = None,
    store: Store | None = None,
    plugins: Sequence[tuple[str, object]] = (),
) -> Server:
    """The server, built and not yet started (``app`` starts it). ``plugins`` come after those that are installed.

    Raises ``NotStartable``, ``PluginError``, and what the store raises where it cannot be opened.
    """
    ground = await lay_ground(settings, master_keys, surroundings=surroundings, store=store, plugins=plugins)
    built = Built()
    for build_part in parts.load(settings):
        built.add(await build_part(ground, built))
    app = web.Application(client_max_size=settings.limits.body)
    app[READY] = ground.ready
    mount(
        app,
        _at_domains(settings, built),
        guard=built.one(OperatorGuard),
        around=answering(ground.metrics, settings.store.patience),
    )
    server = Server(
        app=app,
        settings=settings,
        store=ground.store,
        world=ground.world,
        built=built,
        trail=ground.trail,
        hooks=ground.hooks,
        plugins=ground.plugins,
        access_keys=built.one(AccessKeyAdministration),
        access=built.one(AccessServices),
        key_uses=built.one(KeyUses),
        memory=ServerMemoryRepository(ground.store),
        outbox=ground.outbox,
        jobs=JobWorker(ground.leases, built.jobs),
        workers=ground.workers,
        http=ground.http,
        functions_http=ground.functions_http,
        clients_http=ground.clients_http,
        metrics=ground.metrics,
        ready=ground.ready,
    )

    async def context(_: web.Application) -> AsyncIterator[None]:
        async with _running(server, ground, built.closes):
            yield

    app.cleanup_ctx.append(context)
    return server


def _at_domains(settings: Settings, built: Built) -> tuple[Route, ...]:
    """The routes of all parts; those of user pools at the domains of pools, too."""
    if "user_pools" not in settings.server.parts:
        return built.routes
    from poolhouse.flows.services.user_pools import Services
    from poolhouse.server.domains import PoolDomains
    from poolhouse.server.proxies import asked_hosts

    domains, trusted = built.one(Services).domains, settings.server.trusted_proxies
    return PoolDomains(
        domains.pool_of,
        lambda request: asked_hosts(request.remote, request.headers, trusted),
        own=domains.surroundings.host,
        suffix=domains.surroundings.suffix,
    ).routes(built.routes)


@asynccontextmanager
async def _running(
    server: Server, ground: Ground, closes: Sequence[Callable[[], Awaitable[None]]]
) -> AsyncIterator[None]:
    """The server runs: the store is open, messages go out, what expired is swept."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        for close in closes:
            stack.push_async_callback(close)
        stack.push_async_callback(server.workers.close)
        stack.push_async_callback(server.http.close)
        stack.push_async_callback(server.functions_http.close)
        stack.push_async_callback(server.clients_http.close)
        stack.push_async_callback(server.store.close)
        await server.store.start()
        surroundings = ground.surroundings
        is_new = await require_same_key(server.store, ground.vault, surroundings.chance, surroundings.stores)
        if is_new and not server.settings.dev.enabled and server.settings.store.kind != "memory":
            _logger.warning("the store is a new one and empty: is store.url the one that is meant?")
        event = Lifespan(base_url=server.settings.server.base_url)
        await stack.enter_async_context(server.hooks.around(specs.lifespan, event))
        outbox = asyncio.create_task(server.outbox.run(stop))
        jobs = asyncio.create_task(server.jobs.run(stop))
        uses = asyncio.create_task(server.key_uses.run(stop))
        sweeper = asyncio.create_task(swept(server.store))
        stack.enter_context(Watchdog(server.plugins.holder, count=server.metrics.held).watching())
        store_log = partial(log_bytes, server.settings.store.url.reveal())
        shortages = asyncio.create_task(Shortages(store_log=store_log).watch())
        server.ready.set()
        try:
            yield
        finally:
            server.ready.clear()
            stop.set()
            sweeper.cancel()
            shortages.cancel()
            await asyncio.gather(outbox, jobs, uses, sweeper, shortages, return_exceptions=True)
