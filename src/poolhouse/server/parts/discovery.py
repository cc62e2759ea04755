"""The well-known documents of a pool: discovery and its key set."""

from __future__ import annotations

from typing import Final

from poolhouse.server.ground import Ground
from poolhouse.server.oidc.discovery import Discovery
from poolhouse.server.part import Built, Part
from poolhouse.server.paths import POOL
from poolhouse.server.routes import Audience, Route
from poolhouse.tokens.keys import KeyRing

WELL_KNOWN: Final = f"{POOL}/.well-known"


async def build(ground: Ground, built: Built) -> Part:
    """Needs the keys of the pools."""
    settings = ground.settings
    discovery = Discovery(
        settings.server.base_url,
        built.one(KeyRing),
        implicit=settings.oauth.implicit,
        # What a process has read may be so old already when it is sent. Who keeps it until then has a new key before it
        # signs.
        kept=settings.tokens.rotation_lead - settings.tokens.keys_fresh,
    )
    # OpenID Connect puts the well-known part behind the path of the issuer, RFC 8414 (section 3) before it.
    configurations = (
        f"{WELL_KNOWN}/openid-configuration",
        f"{WELL_KNOWN}/oauth-authorization-server",
        f"/.well-known/openid-configuration{POOL}",
        f"/.well-known/oauth-authorization-server{POOL}",
    )
    return Part(
        routes=(
            *(Route("GET", path, discovery.configuration, Audience.ANYBODY, "discovery") for path in configurations),
            Route("GET", f"{WELL_KNOWN}/jwks.json", discovery.keys, Audience.ANYBODY, "jwks"),
        )
    )
