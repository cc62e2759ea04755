"""The flows of identity pools, wired to each other. The faces get this and nothing below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.access.policies import parse_policy
from poolhouse.flows.access.roles import RoleBook
from poolhouse.flows.flow import World
from poolhouse.flows.identities.administration import IdentityAdministration
from poolhouse.flows.identities.credentials import CredentialService, CredentialTerms
from poolhouse.flows.identities.developers import DeveloperIdentities
from poolhouse.flows.identities.guests import GuestLimit
from poolhouse.flows.identities.identities import IdentityService
from poolhouse.flows.identities.linking import Linking
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.merging import Merging
from poolhouse.flows.identities.openid_token import OpenIdTokens
from poolhouse.flows.identities.pools import IdentityPoolAdministration
from poolhouse.flows.identities.settings import IdentityLimits
from poolhouse.flows.identities.web_identity import WebIdentities, WebIdentityRoles
from poolhouse.ports.access import ManagedPolicies, OidcProviders
from poolhouse.ports.identities import IdentityPorts, LoginProofs, OwnTokens


class IdentityServices(Struct, frozen=True, kw_only=True):
    pools: IdentityPoolAdministration
    identities: IdentityService
    developers: DeveloperIdentities
    identity_administration: IdentityAdministration
    openid_tokens: OpenIdTokens
    credentials: CredentialService
    web_identities: WebIdentityRoles


class CredentialPorts(Struct, frozen=True, kw_only=True):
    """What credentials are made of. ``own`` are those that we make, ``issuer`` signs the tokens of identities."""

    account: str
    book: RoleBook
    own: TemporaryCredentials
    managed: ManagedPolicies
    providers: OidcProviders
    issuer: OwnTokens
    guest_policy: Mapping[str, Any]


def build_identity_services(
    world: World,
    ports: IdentityPorts,
    *,
    proofs: LoginProofs,
    keys: LoginKeys,
    openid_tokens: OpenIdTokens,
    access: CredentialPorts,
    roles: RoleBook | None = None,
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
    web_identities = WebIdentities(
        access.issuer,
        proofs,
        ports.pools,
        ports.identities,
        ports.logins,
        access.providers,
        keys,
        world.clock,
        access.account,
    )
    return IdentityServices(
        pools=IdentityPoolAdministration(world, ports.pools, ports.jobs, roles=roles, limits=limits),
        identities=identities,
        developers=DeveloperIdentities(world, ports.pools, ports.logins, proofs, merging, linking, identities, keys),
        identity_administration=IdentityAdministration(world, ports.pools, ports.identities, ports.logins, merging),
        openid_tokens=openid_tokens,
        credentials=CredentialService(
            world,
            identities,
            access.book,
            access.own,
            openid_tokens,
            check_policy=parse_policy,
            terms=CredentialTerms(federated=access.book.federated, guest_policies=(access.guest_policy,)),
        ),
        web_identities=WebIdentityRoles(
            world,
            web_identities,
            access.book,
            access.managed,
            access.own,
            check_policy=parse_policy,
        ),
    )
