"""The gateway: whether requests to APIs behind us, or behind other proxies, may pass."""

from __future__ import annotations

from functools import cache

from aiohttp import web
from msgspec import convert

from poolhouse.flows.access.callers import Callers
from poolhouse.flows.access.gateway import Gateway, GuardedApi, TokenClaims
from poolhouse.flows.access.signatures import GATEWAY, STORE, Signatures
from poolhouse.server.gateway.asked import ENVOY, Asked
from poolhouse.server.gateway.check import Check
from poolhouse.server.gateway.forward import PREFIX, Forward
from poolhouse.server.ground import Ground
from poolhouse.server.part import Built, Part
from poolhouse.server.proxies import came_by_tls, source_address
from poolhouse.server.routes import Audience, Route
from poolhouse.tokens.keys import KeyRing

_API = r"/{api:[A-Za-z0-9_$-]{1,128}}/{stage:[A-Za-z0-9_$-]{1,128}}"


async def build(ground: Ground, built: Built) -> Part:
    """Needs the callers; takes tokens where there are user pools. Gives the gateway."""
    settings, surroundings = ground.settings, ground.surroundings
    server, callers = settings.server, built.one(Callers)

    @cache
    def signatures(service: str) -> Signatures:
        terms = STORE if service == "s3" else GATEWAY
        return Signatures(callers, service=service, now=surroundings.signed_at, terms=terms)

    gateway = Gateway(
        signatures,
        surroundings.clock,
        region=server.region,
        account=server.account_id,
        apis={name: convert({**said, "id": name}, GuardedApi) for name, said in settings.gateway.apis.items()},
        tokens=_tokens(built),
    )

    def source(request: web.Request) -> str:
        return source_address(request.remote, request.headers, server.trusted_proxies)

    def is_secure(request: web.Request) -> bool:
        return came_by_tls(request.remote, request.headers, server.trusted_proxies, to_us=request.secure)

    asked = Asked(gateway, source=source, is_secure=is_secure)
    check = Check(gateway, settings.gateway.token.reveal() if settings.gateway.token else None)
    forward = Forward(gateway, source=source, is_secure=is_secure, limit=settings.limits.body)
    return Part(
        routes=(
            Route("*", f"/authz/execute-api{_API}", asked.by_nginx, Audience.ANYBODY, "gateway"),
            Route("*", f"{ENVOY}{_API}{{path:(?:/.*)?}}", asked.by_envoy, Audience.ANYBODY, "gateway"),
            Route("POST", "/authz/check", check.handle, Audience.ANYBODY, "gateway"),
            Route("*", f"{PREFIX}{_API}{{path:(?:/.*)?}}", forward.handle, Audience.ANYBODY, "gateway"),
        ),
        gives=(gateway,),
        closes=(forward.close,),
    )


def _tokens(built: Built) -> TokenClaims | None:
    try:
        return built.one(KeyRing)
    except LookupError:
        return None
