"""The flows of identity pools, wired to each other. The faces get this and nothing below it."""

from __future__ import annotations

from msgspec import Struct

from poolhouse.flows.flow import World
from poolhouse.flows.identities.administration import IdentityAdministration
from poolhouse.flows.identities.developers import DeveloperIdentities
from poolhouse.flows.identities.guests import GuestLimit
from poolhouse.flows.identities.identities import IdentityService
from poolhouse.flows.identities.linking import Linking
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.merging import Merging
from poolhouse.flows.identities.openid_token import OpenIdTokens
from poolhouse.flows.identities.pools import IdentityPoolAdministration
from poolhouse.flows.identities.settings import IdentityLimits
from poolhouse.ports.identities import IdentityPorts, LoginProofs


class IdentityServices(Struct, frozen=True, kw_only=True):
    pools: IdentityPoolAdministration
    identities: IdentityService
    developers: DeveloperIdentities
    identity_administration: IdentityAdministration
    openid_tokens: OpenIdTokens


def build_identity_services(
    world: World,
    ports: IdentityPorts,
    *,
    proofs: LoginProofs,
    keys: LoginKeys,
    openid_tokens: OpenIdTokens,
    limits: IdentityLimits | None = None,
    guests: GuestLimit | None = None,
) -> IdentityServices:
    """``proofs`` says whether logins are good, ``keys`` how they are called; without ``guests`` there may be any number
    of them."""
    merging = Merging(world, ports.identities, ports.logins)
    linking = Linking(world, ports.identities, ports.logins, merging)
    guests = guests or GuestLimit(world)
    identities = IdentityService(
        world, ports.pools, ports.identities, ports.logins, proofs, merging, linking, keys, guests
    )
    return IdentityServices(
        pools=IdentityPoolAdministration(world, ports.pools, ports.jobs, limits=limits),
        identities=identities,
        developers=DeveloperIdentities(world, ports.pools, ports.logins, proofs, merging, linking, identities, keys),
        identity_administration=IdentityAdministration(world, ports.pools, ports.identities, ports.logins, merging),
        openid_tokens=openid_tokens,
    )
