"""The front page of development."""

from __future__ import annotations

from poolhouse.server.ground import Ground
from poolhouse.server.operation.front_page import FrontPage
from poolhouse.server.part import Built, Part
from poolhouse.server.routes import Audience, Route


async def build(ground: Ground, _: Built) -> Part:
    links = {
        "/_dev/outbox": "Outbox: every message, with its codes",
        "/readyz": "Health: whether the server and its store can be used",
        "/metrics": "Figures for Prometheus",
    }
    if not ground.settings.dev.outbox_page:
        del links["/_dev/outbox"]
    page = FrontPage(ground.settings.server.base_url, links)
    return Part(routes=(Route("GET", "/", page.show, Audience.DEVELOPER, "front"),))
