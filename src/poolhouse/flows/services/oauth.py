"""The flows of OAuth and OpenID Connect, wired to each other and to those of user pools."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from poolhouse.flows.clients.proof import ClientProof
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.flow import World
from poolhouse.flows.grants.handles import Handles
from poolhouse.flows.grants.machines import Machines
from poolhouse.flows.grants.sessions import BrowserSessions
from poolhouse.flows.oauth.authorize import Authorization, Terms
from poolhouse.flows.oauth.backchannel_logout import BackchannelLogout
from poolhouse.flows.oauth.client_proof import ClientAuthentication
from poolhouse.flows.oauth.codes import Codes
from poolhouse.flows.oauth.consent import ConsentBook
from poolhouse.flows.oauth.errands import Needs
from poolhouse.flows.oauth.factor_errand import FactorErrand
from poolhouse.flows.oauth.grants.authorization_code import AuthorizationCodeGrant
from poolhouse.flows.oauth.grants.client_credentials import ClientCredentials
from poolhouse.flows.oauth.grants.refresh_token import RefreshToken
from poolhouse.flows.oauth.introspection import Introspection
from poolhouse.flows.oauth.logout import SignOut
from poolhouse.flows.oauth.passkey_errand import PasskeyErrand
from poolhouse.flows.oauth.revocation import RevocationEndpoint
from poolhouse.flows.oauth.token import TokenEndpoint
from poolhouse.flows.oauth.userinfo import UserInfos
from poolhouse.flows.oauth.waiting import Waiting
from poolhouse.flows.protection.limits import Admit, admit_all
from poolhouse.flows.services.user_pools import Services
from poolhouse.hooks.context import Http
from poolhouse.ports.user_pools import Ports


class OAuthTerms(Struct, frozen=True, kw_only=True):
    """``code_seconds``: how long a code is good; ``logout_ends_tokens``: see ``SignOut``; the others: see ``Terms``."""

    code_seconds: int = 60
    request_seconds: int = 1800
    implicit: bool = False
    logout_ends_tokens: bool = True


USUAL: Final = OAuthTerms()


class OAuthServices(Struct, frozen=True):
    authorization: Authorization
    passkey_errand: PasskeyErrand
    factor_errand: FactorErrand
    consents: ConsentBook
    token: TokenEndpoint
    revocation: RevocationEndpoint
    introspection: Introspection
    user_infos: UserInfos
    sessions: BrowserSessions
    sign_out: SignOut
    backchannel_logout: BackchannelLogout


def build_oauth(
    world: World,
    ports: Ports,
    services: Services,
    http: Http,
    terms: OAuthTerms = USUAL,
    *,
    admit: Admit = admit_all,
) -> OAuthServices:
    """``http`` is the way to the servers of clients. ``admit`` counts requests by their class."""
    secrets = ClientSecrets(world.secrets, world.chance)
    clients = ClientAuthentication(
        ports.pools, ports.clients, ClientProof(secrets, world.audit), services.limits, services.proofs
    )
    handles = Handles(world.secrets, world.chance)
    servers, grants, sessions = ports.resource_servers, services.grants, services.sessions
    consents = ConsentBook(world, ports.consents)
    codes = Codes(world, ports.authorization_codes, ports.grants, terms.code_seconds)
    errands = Needs(
        world,
        ports.pools,
        ports.clients,
        Waiting(ports.pools, ports.clients, ports.authorization_requests, implicit=terms.implicit),
        sessions,
        services.factors,
        services.limits,
        terms.request_seconds,
    )
    return OAuthServices(
        authorization=Authorization(
            world,
            ports.pools,
            ports.clients,
            servers,
            ports.authorization_requests,
            ports.tokens,
            grants,
            sessions,
            consents,
            codes,
            Terms(request_seconds=terms.request_seconds, implicit=terms.implicit),
            services.limits,
        ),
        passkey_errand=PasskeyErrand(errands, services.passkeys),
        factor_errand=FactorErrand(
            errands, ports.users, services.enrolments, services.message_factors, services.recovery_codes
        ),
        consents=consents,
        token=TokenEndpoint(
            world,
            clients,
            admit,
            {
                "authorization_code": AuthorizationCodeGrant(codes, ports.users, sessions, grants, servers, consents),
                "client_credentials": ClientCredentials(Machines(world, ports.tokens), servers),
                "refresh_token": RefreshToken(services.refreshing, servers, consents),
            },
        ),
        revocation=RevocationEndpoint(world, clients, services.revocation, admit),
        introspection=Introspection(
            world, clients, ports.tokens, services.bearers, handles, ports.grants, ports.users, consents
        ),
        user_infos=UserInfos(world, services.bearers),
        sessions=sessions,
        sign_out=SignOut(
            world, ports.pools, ports.clients, sessions, ports.tokens, ends_tokens=terms.logout_ends_tokens
        ),
        backchannel_logout=BackchannelLogout(world, ports.pools, ports.clients, ports.tokens, http),
    )
