"""OAuth 2 and OpenID Connect for machines and back channels: token, revocation, introspection, UserInfo."""

from __future__ import annotations

from poolhouse.flows.grants.notices import BACKCHANNEL_LOGOUT
from poolhouse.flows.jobs.worker import Kind
from poolhouse.flows.protection.limits import RequestClasses
from poolhouse.flows.services.oauth import OAuthTerms, build_oauth
from poolhouse.flows.services.user_pools import Services
from poolhouse.ports.user_pools import Ports
from poolhouse.server.ground import Ground
from poolhouse.server.oidc.answered import only, preflight
from poolhouse.server.oidc.backchannel import BackChannel
from poolhouse.server.oidc.requests import Reading
from poolhouse.server.oidc.userinfo import UserInfoEndpoint
from poolhouse.server.part import Built, Part
from poolhouse.server.paths import POOL
from poolhouse.server.proxies import source_address
from poolhouse.server.requests import RequestIds
from poolhouse.server.routes import Audience, Handler, Route


async def build(ground: Ground, built: Built) -> Part:
    """Needs the flows of user pools. Gives those of OAuth."""
    server, limits, classes = ground.settings.server, ground.settings.limits, built.one(RequestClasses)
    said = ground.settings.oauth
    terms = OAuthTerms(
        code_seconds=said.code_seconds,
        request_seconds=said.request_seconds,
        implicit=said.implicit,
        logout_ends_tokens=ground.settings.sessions.logout_ends_tokens,
    )
    services = build_oauth(
        ground.world,
        built.one(Ports),
        built.one(Services),
        ground.clients_http,
        terms,
        # As all requests that nobody signed.
        admit=lambda name: classes.admit(name, server.region),
    )
    reading = Reading(
        limit=min(limits.body, limits.open_body),
        source=lambda request: source_address(request.remote, request.headers, server.trusted_proxies),
        request_id=RequestIds(ground.surroundings.chance).of,
    )
    back, user_info = BackChannel(services, reading), UserInfoEndpoint(services.user_infos, reading)
    return Part(
        routes=(
            *_endpoint("token", "oauth_token", POST=back.token),
            *_endpoint("revoke", "oauth_revoke", POST=back.revoke),
            *_endpoint("introspect", "oauth_introspect", is_for_pages=False, POST=back.introspect),
            *_endpoint("userInfo", "oauth_userinfo", GET=user_info.handle, POST=user_info.handle),
        ),
        jobs=(Kind(BACKCHANNEL_LOGOUT, services.backchannel_logout.go_on),),
        gives=(services, reading),
    )


def _endpoint(name: str, label: str, *, is_for_pages: bool = True, **handlers: Handler) -> tuple[Route, ...]:
    """Its routes. A method that it does not have is refused by it, and not by the JSON API, which any path leads to."""
    path = f"{POOL}/oauth2/{name}"
    if is_for_pages:
        handlers["OPTIONS"] = preflight
    routes = [Route(method, path, handler, Audience.ANYBODY, label) for method, handler in handlers.items()]
    return (*routes, Route("*", path, only(*handlers), Audience.ANYBODY, label))
