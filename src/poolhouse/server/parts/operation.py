"""What operators see: health and figures."""

from __future__ import annotations

from aiohttp import web

from poolhouse.server.ground import Ground
from poolhouse.server.operation.guard import OperatorGuard
from poolhouse.server.operation.health import Health
from poolhouse.server.part import Built, Part
from poolhouse.server.routes import Audience, Route
from poolhouse.store.repositories.server import ServerMemoryRepository


async def build(ground: Ground, _: Built) -> Part:
    """Gives who is let through to what operators see."""
    health = Health(ServerMemoryRepository(ground.store).prove_writable, ground.ready, ground.workers.is_stuck)
    token = ground.settings.server.metrics_token

    async def figures(_: web.Request) -> web.Response:
        from poolhouse.server.operation.exposition import exposition

        return web.Response(body=exposition(ground.metrics), headers={"Content-Type": "text/plain; version=0.0.4"})

    return Part(
        routes=(
            Route("GET", "/healthz", health.lives, Audience.ANYBODY, "health"),
            Route("GET", "/readyz", health.is_ready, Audience.ANYBODY, "health"),
            Route("GET", "/metrics", figures, Audience.OPERATOR, "metrics"),
        ),
        gives=(OperatorGuard(token.reveal() if token else None, open_without=ground.settings.dev.enabled),),
    )
