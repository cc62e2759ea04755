"""The front page of development."""

from __future__ import annotations

from poolhouse.server.ground import Ground
from poolhouse.server.operation.demo_page import PATH as DEMO
from poolhouse.server.operation.demo_page import SCRIPT, DemoPage
from poolhouse.server.operation.front_page import FrontPage
from poolhouse.server.part import Built, Part
from poolhouse.server.routes import Audience, Route
from poolhouse.store.repositories.server import ServerMemoryRepository


async def build(ground: Ground, _: Built) -> Part:
    links = {
        "/_dev/outbox": "Outbox: every message, with its codes",
        "/readyz": "Health: whether the server and its store can be used",
        "/metrics": "Figures for Prometheus",
    }
    if not ground.settings.dev.outbox_page:
        del links["/_dev/outbox"]
    if ground.settings.dev.demo and "user_pools" in ground.settings.server.parts:
        links = {DEMO: "Try the hosted sign-in: an app, and what it is given, claim by claim", **links}
    page = FrontPage(ground.settings.server.base_url, links)
    demo = DemoPage(ground.settings.server.base_url, ServerMemoryRepository(ground.store))
    return Part(
        routes=(
            Route("GET", "/", page.show, Audience.DEVELOPER, "front"),
            Route("GET", DEMO, demo.show, Audience.DEVELOPER, "demo"),
            Route("GET", SCRIPT, demo.script, Audience.DEVELOPER, "demo_script"),
        )
    )
