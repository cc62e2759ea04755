"""The outbox of development, as a page."""

from __future__ import annotations

from poolhouse.server.ground import Ground
from poolhouse.server.operation.outbox_page import OutboxPage
from poolhouse.server.part import Built, Part
from poolhouse.server.routes import Audience, Route


async def build(ground: Ground, _: Built) -> Part:
    """The page shows what is put into the outbox from now on."""
    page = OutboxPage(ground.surroundings.chance.token(), ground.settings.server.base_url)
    ground.outbox.show_to(page.record)
    return Part(routes=(Route("GET", "/_dev/outbox", page.show, Audience.DEVELOPER, "outbox"),))
