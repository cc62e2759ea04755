"""The authorization endpoint of pools."""

from __future__ import annotations

from typing import Final

from poolhouse.flows.services.oauth import OAuthServices
from poolhouse.server.cookies import Cookies
from poolhouse.server.ground import Ground
from poolhouse.server.oidc.answered import only
from poolhouse.server.oidc.authorize import AuthorizeEndpoint
from poolhouse.server.oidc.requests import Reading
from poolhouse.server.oidc.responses import ToClient
from poolhouse.server.pages.error import ErrorPages
from poolhouse.server.part import Built, Part
from poolhouse.server.paths import POOL
from poolhouse.server.routes import Audience, Route

_PATHS: Final = (f"{POOL}/oauth2/authorize", f"{POOL}/authorize")
_LABEL: Final = "oauth_authorize"


async def build(ground: Ground, built: Built) -> Part:
    """Needs the flows of OAuth, and the pages."""
    endpoint = AuthorizeEndpoint(
        built.one(OAuthServices).authorization,
        built.one(Reading),
        Cookies(ground.settings.server.base_url),
        built.one(ToClient),
        built.one(ErrorPages).of_request,
    )
    methods = ("GET", "POST")
    return Part(
        routes=tuple(
            Route(method, path, handler, Audience.ANYBODY, _LABEL, is_long=True)
            for path in _PATHS
            for method, handler in (*((method, endpoint.handle) for method in methods), ("*", only(*methods)))
        )
    )
