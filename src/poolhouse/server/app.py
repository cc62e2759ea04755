"""The composition root: lays the ground, builds the parts on it, and runs them. It knows everybody; nobody knows it.

Two servers can live in one process: there is nothing global here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from poolhouse.config.settings import Settings
from poolhouse.crypto.vault import Vault
from poolhouse.crypto.workers import Crews
from poolhouse.flows.access.keys import AccessKeyAdministration
from poolhouse.flows.flow import World
from poolhouse.flows.jobs import JobWorker
from poolhouse.flows.messages.outbox import OutboxService
from poolhouse.flows.protection.limits import RequestClasses
from poolhouse.flows.services.user_pools import Services
from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.server import Lifespan
from poolhouse.hooks.manager import PluginManager
from poolhouse.ports.server import ServerMemory
from poolhouse.ports.user_pools import Ports
from poolhouse.server.cognito.bindings.json import JsonApi
from poolhouse.server.cognito.dispatch import Dispatch
from poolhouse.server.ground import Ground, Surroundings, lay_ground, require_same_key
from poolhouse.server.http_client import HttpClient
from poolhouse.server.operation.metrics import Metrics
from poolhouse.server.part import Part
from poolhouse.server.parts import access, operation, user_pools
from poolhouse.server.parts.operation import operator_guard
from poolhouse.server.proxies import source_address
from poolhouse.server.requests import RequestIds, answering
from poolhouse.server.routes import Audience, Route, mount
from poolhouse.store.port import Store
from poolhouse.store.repositories.server import ServerMemoryRepository
from poolhouse.tokens.keys import KeyRing

SWEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Everything, built. ``app`` runs it: its start and its end are the server's."""

    app: web.Application
    settings: Settings
    store: Store
    world: World
    ports: Ports
    services: Services
    hooks: Hooks
    plugins: PluginManager
    keys: KeyRing
    access_keys: AccessKeyAdministration
    memory: ServerMemory
    outbox: OutboxService
    jobs: JobWorker
    workers: Crews
    http: HttpClient
    metrics: Metrics
    ready: asyncio.Event


SERVER = web.AppKey("SERVER", Server)


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
    pools = await user_pools.build(ground)
    rights = access.build(ground)
    parts = (pools.part, operation.build(ground))
    app = web.Application(client_max_size=settings.limits.body)
    server = Server(
        app=app,
        settings=settings,
        store=ground.store,
        world=pools.world,
        ports=pools.ports,
        services=pools.services,
        hooks=ground.hooks,
        plugins=ground.plugins,
        keys=pools.keys,
        access_keys=rights.keys,
        memory=ServerMemoryRepository(ground.store),
        outbox=ground.outbox,
        jobs=JobWorker(ground.leases, [kind for part in parts for kind in part.jobs]),
        workers=ground.workers,
        http=ground.http,
        metrics=ground.metrics,
        ready=ground.ready,
    )
    app[SERVER] = server
    json_api = _json_api(ground, rights, parts)
    mount(app, _routes(parts, json_api), guard=operator_guard(settings), around=answering(ground.metrics))

    async def context(_: web.Application) -> AsyncIterator[None]:
        async with _running(server, ground.vault):
            yield

    app.cleanup_ctx.append(context)
    return server


def _json_api(ground: Ground, rights: access.Access, parts: Sequence[Part]) -> JsonApi:
    settings = ground.settings
    strict = settings.dev.enabled
    apis = tuple(api for part in parts for api in part.apis)
    return JsonApi(
        dispatch=Dispatch(apis, limits=_request_classes(ground), strict=strict),
        callers=rights.callers,
        region=settings.server.region,
        now=ground.surroundings.signed_at,
        request_id=RequestIds(ground.surroundings.chance).of,
        logger=logging.getLogger("poolhouse"),
        source=lambda request: source_address(request.remote, request.headers, settings.server.trusted_proxies),
        body_limit=settings.limits.body,
        strict=strict,
    )


def _request_classes(ground: Ground) -> RequestClasses | None:
    figures = ground.settings.limits.requests
    return RequestClasses(ground.surroundings.clock, figures) if figures and not ground.settings.dev.enabled else None


def _routes(parts: Sequence[Part], json_api: JsonApi) -> list[Route]:
    async def nowhere(_: web.Request) -> web.Response:
        return web.json_response({"message": "Not Found"}, status=404)

    return [
        Route("POST", "/", json_api.handle, Audience.API, "api"),
        Route("OPTIONS", "/", json_api.handle, Audience.API, "api"),
        *(route for part in parts for route in part.routes),
        # Browser SDKs post to whatever path they were given.
        Route("GET", "/{path:.*}", nowhere, Audience.ANYBODY, "none"),
        Route("POST", "/{path:.+}", json_api.handle, Audience.API, "api"),
        Route("OPTIONS", "/{path:.+}", json_api.handle, Audience.API, "api"),
    ]


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


async def _sweep(store: Store) -> None:
    logger = logging.getLogger("poolhouse.store")
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await store.sweep()
        except Exception as error:  # noqa: BLE001 - the store may be away; nothing depends on sweeping
            logger.warning("Expired entries could not be removed: %s.", type(error).__name__)
