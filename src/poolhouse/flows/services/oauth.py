"""The flows of OAuth and OpenID Connect, wired to each other and to those of user pools."""

from __future__ import annotations

from msgspec import Struct

from poolhouse.flows.clients.proof import ClientProof
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.flow import World
from poolhouse.flows.grants.handles import Handles
from poolhouse.flows.grants.machines import Machines
from poolhouse.flows.oauth.client_proof import ClientAuthentication
from poolhouse.flows.oauth.grants.client_credentials import ClientCredentials
from poolhouse.flows.oauth.grants.refresh_token import RefreshToken
from poolhouse.flows.oauth.introspection import Introspection
from poolhouse.flows.oauth.revocation import RevocationEndpoint
from poolhouse.flows.oauth.token import TokenEndpoint
from poolhouse.flows.oauth.userinfo import UserInfos
from poolhouse.flows.protection.limits import Admit, admit_all
from poolhouse.flows.services.user_pools import Services
from poolhouse.ports.user_pools import Ports


class OAuthServices(Struct, frozen=True):
    token: TokenEndpoint
    revocation: RevocationEndpoint
    introspection: Introspection
    user_infos: UserInfos


def build_oauth(world: World, ports: Ports, services: Services, *, admit: Admit = admit_all) -> OAuthServices:
    """``admit`` counts requests by their class."""
    secrets = ClientSecrets(world.secrets, world.chance)
    clients = ClientAuthentication(
        ports.pools, ports.clients, ClientProof(secrets, world.audit), services.limits, services.proofs
    )
    handles = Handles(world.secrets, world.chance)
    return OAuthServices(
        token=TokenEndpoint(
            world,
            clients,
            admit,
            {
                "client_credentials": ClientCredentials(Machines(world, ports.tokens), ports.resource_servers),
                "refresh_token": RefreshToken(services.refreshing, ports.resource_servers),
            },
        ),
        revocation=RevocationEndpoint(world, clients, services.revocation, admit),
        introspection=Introspection(world, clients, ports.tokens, services.bearers, handles, ports.grants, ports.users),
        user_infos=UserInfos(world, services.bearers),
    )
