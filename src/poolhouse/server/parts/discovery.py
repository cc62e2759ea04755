"""The well-known documents of a pool: discovery and its key set."""

from __future__ import annotations

from typing import Final

from poolhouse.server.ground import Ground
from poolhouse.server.oidc.discovery import Discovery
from poolhouse.server.part import Built, Part
from poolhouse.server.routes import Audience, Route
from poolhouse.tokens.keys import KeyRing

WELL_KNOWN: Final = r"/{pool_id:[\w-]{1,40}_[0-9a-zA-Z]{1,32}}/.well-known"


async def build(ground: Ground, built: Built) -> Part:
    """Needs the keys of the pools."""
    discovery = Discovery(ground.settings.server.base_url, built.one(KeyRing))
    configuration = f"{WELL_KNOWN}/openid-configuration"
    return Part(
        routes=(
            Route("GET", configuration, discovery.configuration, Audience.ANYBODY, "discovery"),
            Route("GET", f"{WELL_KNOWN}/jwks.json", discovery.keys, Audience.ANYBODY, "jwks"),
        )
    )
