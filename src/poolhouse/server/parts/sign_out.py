"""The ways out of the hosted pages."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from poolhouse.errors import FormRefused, OAuthError, PoolhouseError
from poolhouse.flows.flow import World
from poolhouse.flows.services.oauth import OAuthServices
from poolhouse.server.cookies import Cookies
from poolhouse.server.ground import Ground
from poolhouse.server.oidc.answered import only
from poolhouse.server.oidc.end_session import END_SESSION, EndSession
from poolhouse.server.oidc.requests import Reading
from poolhouse.server.pages.csrf import Csrf
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.sign_out import SignOutViews
from poolhouse.server.pages.views import Error, Frame
from poolhouse.server.part import Built, Part
from poolhouse.server.paths import POOL, root_of
from poolhouse.server.proxies import source_address
from poolhouse.server.requests import RequestIds
from poolhouse.server.routes import Audience, Handler, Route

LOGOUT: Final = "/logout"


async def build(ground: Ground, built: Built) -> Part:
    """Needs the flows of OAuth, and the pages."""
    world, services = built.one(World), built.one(OAuthServices)
    server, limits = ground.settings.server, ground.settings.limits
    renderer = built.one(Renderer)

    def show_error(request: web.Request, error: PoolhouseError, request_id: str) -> web.StreamResponse:
        kind, status = ("form", 403) if isinstance(error, FormRefused) else ("link.bad", 400)
        detail = f"{error.code}: {error}" if isinstance(error, OAuthError) else None
        frame = Frame(root=root_of(request), product="Poolhouse", locale=renderer.languages.choose(request))
        return renderer.render(request, frame, Error(kind=kind, reference=request_id, detail=detail, status=status))

    reading = Reading(
        limit=min(limits.body, limits.open_body),
        source=lambda request: source_address(request.remote, request.headers, server.trusted_proxies),
        request_id=RequestIds(ground.surroundings.chance).of,
    )
    pages = SignOutViews(renderer, Csrf(world.secrets, server.base_url), show_error)
    ends = EndSession(services.sign_out, reading, Cookies(server.base_url), pages)
    return Part(
        routes=(
            *_page(END_SESSION, "end_session", GET=ends.get, POST=ends.post),
            *_page(LOGOUT, "logout", GET=ends.leave),
        )
    )


def _page(path: str, label: str, **handlers: Handler) -> tuple[Route, ...]:
    routes = [Route(method, POOL + path, handler, Audience.ANYBODY, label) for method, handler in handlers.items()]
    return (*routes, Route("*", POOL + path, only(*handlers), Audience.ANYBODY, label))
