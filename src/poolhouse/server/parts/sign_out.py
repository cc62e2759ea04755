"""The ways out of the hosted pages."""

from __future__ import annotations

from typing import Final

from poolhouse.flows.services.oauth import OAuthServices
from poolhouse.server.cookies import Cookies
from poolhouse.server.ground import Ground
from poolhouse.server.oidc.answered import only
from poolhouse.server.oidc.end_session import END_SESSION, EndSession
from poolhouse.server.oidc.requests import Reading
from poolhouse.server.pages.csrf import Csrf
from poolhouse.server.pages.error import ErrorPages
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.sign_out import SignOutViews
from poolhouse.server.part import Built, Part
from poolhouse.server.paths import POOL
from poolhouse.server.routes import Audience, Handler, Route

LOGOUT: Final = "/logout"


async def build(ground: Ground, built: Built) -> Part:
    """Needs the flows of OAuth, and the pages."""
    base_url = ground.settings.server.base_url
    pages = SignOutViews(built.one(Renderer), Csrf(ground.world.secrets, base_url), built.one(ErrorPages).of_request)
    ends = EndSession(built.one(OAuthServices).sign_out, built.one(Reading), Cookies(base_url), pages)
    return Part(
        routes=(
            *_page(END_SESSION, "end_session", GET=ends.get, POST=ends.post),
            *_page(LOGOUT, "logout", GET=ends.leave),
        )
    )


def _page(path: str, label: str, **handlers: Handler) -> tuple[Route, ...]:
    routes = [
        Route(method, POOL + path, handler, Audience.ANYBODY, label, is_long=True)
        for method, handler in handlers.items()
    ]
    return (*routes, Route("*", POOL + path, only(*handlers), Audience.ANYBODY, label))
