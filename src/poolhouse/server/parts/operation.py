"""What operators and developers see: health, figures, the outbox page."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from aiohttp import web

from poolhouse.config.settings import Settings
from poolhouse.server.ground import Ground
from poolhouse.server.operation.health import Health
from poolhouse.server.part import Part
from poolhouse.server.routes import Audience, Route


def build(ground: Ground) -> Part:
    """The part, on the ground."""
    health = Health(ground.store, ground.ready)

    async def figures(_: web.Request) -> web.Response:
        return web.Response(body=ground.metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4"})

    routes = [
        Route("GET", "/healthz", health.lives, Audience.ANYBODY, "health"),
        Route("GET", "/readyz", health.is_ready, Audience.ANYBODY, "health"),
        Route("GET", "/metrics", figures, Audience.OPERATOR, "metrics"),
    ]
    if ground.page is not None:
        routes.append(Route("GET", "/_dev/outbox", ground.page.show, Audience.DEVELOPER, "outbox"))
    return Part(routes=tuple(routes))


def operator_guard(settings: Settings) -> Callable[[web.Request], None]:
    token = settings.server.metrics_token

    def guard(request: web.Request) -> None:
        if settings.dev.enabled and token is None:
            return
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token is None or not hmac.compare_digest(given.encode(), token.reveal().encode()):
            raise web.HTTPNotFound

    return guard
