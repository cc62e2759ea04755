"""The flows of OAuth and OpenID Connect, wired to each other and to those of user pools."""

from __future__ import annotations

from msgspec import Struct

from poolhouse.flows.clients.proof import ClientProof
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.flow import World
from poolhouse.flows.grants.handles import Handles
from poolhouse.flows.grants.machines import Machines
from poolhouse.flows.grants.sessions import BrowserSessions
from poolhouse.flows.oauth.backchannel_logout import BackchannelLogout
from poolhouse.flows.oauth.client_proof import ClientAuthentication
from poolhouse.flows.oauth.grants.client_credentials import ClientCredentials
from poolhouse.flows.oauth.grants.refresh_token import RefreshToken
from poolhouse.flows.oauth.introspection import Introspection
from poolhouse.flows.oauth.logout import SignOut
from poolhouse.flows.oauth.revocation import RevocationEndpoint
from poolhouse.flows.oauth.token import TokenEndpoint
from poolhouse.flows.oauth.userinfo import UserInfos
from poolhouse.flows.services.user_pools import Services
from poolhouse.hooks.context import Http
from poolhouse.ports.user_pools import Ports


class OAuthServices(Struct, frozen=True):
    token: TokenEndpoint
    revocation: RevocationEndpoint
    introspection: Introspection
    user_infos: UserInfos
    sessions: BrowserSessions
    sign_out: SignOut
    backchannel_logout: BackchannelLogout


def build_oauth(
    world: World, ports: Ports, services: Services, http: Http, *, logout_ends_tokens: bool = True
) -> OAuthServices:
    """``http`` is the way to the servers of clients."""
    secrets = ClientSecrets(world.secrets, world.chance)
    clients = ClientAuthentication(ports.pools, ports.clients, ClientProof(secrets, world.audit))
    handles = Handles(world.secrets, world.chance)
    return OAuthServices(
        token=TokenEndpoint(
            world,
            clients,
            {
                "client_credentials": ClientCredentials(Machines(world, ports.tokens), ports.resource_servers),
                "refresh_token": RefreshToken(services.refreshing, ports.resource_servers),
            },
        ),
        revocation=RevocationEndpoint(world, clients, services.revocation),
        introspection=Introspection(world, clients, ports.tokens, services.bearers, handles, ports.grants, ports.users),
        user_infos=UserInfos(world, services.bearers),
        sessions=services.sessions,
        sign_out=SignOut(
            world, ports.pools, ports.clients, services.sessions, ports.tokens, ends_tokens=logout_ends_tokens
        ),
        backchannel_logout=BackchannelLogout(world, ports.pools, ports.clients, ports.tokens, http),
    )
