"""What users do with their own account that the JSON API has no operation for."""

from __future__ import annotations

from typing import Final

from poolhouse.flows.services.user_pools import Services
from poolhouse.server.ground import Ground
from poolhouse.server.oidc.account import AccountEndpoint, FactorEndpoint, RecoveryCodesEndpoint, preflight
from poolhouse.server.oidc.answered import only
from poolhouse.server.oidc.requests import Reading
from poolhouse.server.part import Built, Part
from poolhouse.server.paths import POOL
from poolhouse.server.proxies import source_address
from poolhouse.server.requests import RequestIds
from poolhouse.server.routes import Audience, Handler, Route

ACCOUNT: Final = f"{POOL}/account"
FACTOR: Final = r"factors/{factor:[A-Z0-9_]{1,64}}"


async def build(ground: Ground, built: Built) -> Part:
    """Needs the flows of user pools."""
    services = built.one(Services)
    server, limits = ground.settings.server, ground.settings.limits
    reading = Reading(
        limit=min(limits.body, limits.open_body),
        source=lambda request: source_address(request.remote, request.headers, server.trusted_proxies),
        request_id=RequestIds(ground.surroundings.chance).of,
    )
    account = AccountEndpoint(services.bearers, reading)
    codes = RecoveryCodesEndpoint(account, services.recovery_codes)
    factor = FactorEndpoint(account, services.enrolments, services.preferences)
    return Part(
        routes=(
            *_endpoint("recovery-codes", "account_recovery_codes", GET=codes.show, POST=codes.make),
            *_endpoint(FACTOR, "account_factor", POST=factor.set_up, DELETE=factor.switch_off),
        )
    )


def _endpoint(name: str, label: str, **handlers: Handler) -> tuple[Route, ...]:
    """Its routes. A method that it does not have is refused by it, and not by the JSON API, which any path leads to."""
    path = f"{ACCOUNT}/{name}"
    handlers["OPTIONS"] = preflight
    routes = [Route(method, path, handler, Audience.ANYBODY, label) for method, handler in handlers.items()]
    return (*routes, Route("*", path, only(*handlers), Audience.ANYBODY, label))
