"""Identity pools: their records, their flows, and the API over them. It stands without user pools, too."""

from __future__ import annotations

from poolhouse.config.settings import Settings
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.access.guests import GuestPolicy
from poolhouse.flows.access.roles import RoleBook
from poolhouse.flows.identities.guests import GuestLimit
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.logins import PoolLogins
from poolhouse.flows.identities.openid_token import OpenIdTokens
from poolhouse.flows.identities.removal import IDENTITY_POOL_REMOVAL, IdentityPoolRemoval
from poolhouse.flows.identities.settings import IdentityLimits
from poolhouse.flows.jobs.worker import Kind
from poolhouse.flows.services.identities import CredentialPorts, build_identity_services
from poolhouse.ports.identities import IdentityPorts
from poolhouse.server.cognito.identity_pools.api import identity_pools_api
from poolhouse.server.ground import Ground
from poolhouse.server.part import Built, Part
from poolhouse.store.repositories.access import ManagedPolicyRepository, OidcProviderRepository
from poolhouse.store.repositories.identities import IdentityPoolRepository, IdentityRepository, LoginRepository
from poolhouse.tokens.issuer import IssuerKeys


async def build(ground: Ground, built: Built) -> Part:
    """Needs who proves logins, the keys of our own issuer, and the roles. Gives the flows."""
    settings, store, clock = ground.settings, ground.store, ground.surroundings.clock
    ports = IdentityPorts(
        pools=IdentityPoolRepository(store, ground.cursors, clock, ground.vault),
        identities=IdentityRepository(store, ground.cursors),
        logins=LoginRepository(store),
        jobs=ground.leases,
    )
    said = settings.identities
    services = build_identity_services(
        ground.world,
        ports,
        proofs=built.one(PoolLogins),
        keys=built.one(LoginKeys),
        openid_tokens=OpenIdTokens(built.one(IssuerKeys), clock, settings.server.account_id),
        roles=built.one(RoleBook),
        access=CredentialPorts(
            account=settings.server.account_id,
            book=built.one(RoleBook),
            own=built.one(TemporaryCredentials),
            managed=ManagedPolicyRepository(store, ground.cursors),
            providers=OidcProviderRepository(store, ground.cursors),
            issuer=built.one(IssuerKeys),
            guest_policy=built.one(GuestPolicy).document,
        ),
        guests=GuestLimit(ground.world, _guests(settings)),
        limits=IdentityLimits(pools=said.pools, providers=said.providers, rules=said.rules),
    )
    return Part(
        apis=(identity_pools_api(services, settings.server.account_id),),
        jobs=(Kind(IDENTITY_POOL_REMOVAL, IdentityPoolRemoval(ports.pools, clock).go_on),),
        gives=(services, ports),
    )


def _guests(settings: Settings) -> int:
    return settings.limits.source_guests if settings.limits.rates and not settings.dev.enabled else 0
