"""Logins at identity pools: the kinds that there are, and the providers that operators register."""

from __future__ import annotations

from urllib.parse import urlsplit

from poolhouse.config.settings import Settings
from poolhouse.crypto.oauth1 import HmacOAuth1
from poolhouse.crypto.saml import XmlSamlResponses
from poolhouse.flows.access.providers import ProviderAdministration
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.logins import LoginKinds, PoolLogins
from poolhouse.flows.identities.proofs import opaque, openid
from poolhouse.flows.identities.proofs.key_sets import KeySets
from poolhouse.flows.identities.proofs.outbound import Outbound
from poolhouse.flows.identities.proofs.plugins import PluginLogins
from poolhouse.flows.identities.proofs.saml import SamlLogins
from poolhouse.flows.identities.proofs.user_pools import UserPoolLogins
from poolhouse.ports.identities import UserPoolsHere
from poolhouse.server.ground import Ground
from poolhouse.server.part import Built, Part
from poolhouse.store.repositories.access import OidcProviderRepository, SamlProviderRepository
from poolhouse.tokens.foreign import JoseForeignTokens
from poolhouse.tokens.issuer import IssuerKeys


async def build(ground: Ground, built: Built) -> Part:
    """Needs the keys of our own issuer, and asks the user pools where the server has them. Gives who proves logins, the
    keys of logins, and the providers."""
    settings, clock, chance = ground.settings, ground.surroundings.clock, ground.surroundings.chance
    said, base_url, account = settings.logins, settings.server.base_url, settings.server.account_id
    http = ground.surroundings.plugin_http or ground.http
    oidc = OidcProviderRepository(ground.store, ground.cursors)
    saml = SamlProviderRepository(ground.store, ground.cursors)
    responses = XmlSamlResponses(ground.workers.proofs)
    key_sets = KeySets(http, JoseForeignTokens(), clock)
    limited = settings.limits.rates and not settings.dev.enabled
    outbound = Outbound(
        clock,
        by_source=said.source_calls if limited else 0,
        by_pool=said.pool_calls if limited else 0,
    )

    def secret_of(app: str) -> str | None:
        found = said.facebook_secrets.get(app)
        return None if found is None else found.reveal()

    facebook = opaque.FacebookLogins(
        said.facebook_graph,
        http,
        outbound,
        clock,
        openid.PresetLogins(openid.facebook_limited(said.facebook_keys), key_sets, clock),
        secret_of,
    )
    kinds = LoginKinds(
        user_pools=UserPoolLogins(base_url, key_sets, clock, _here(built)),
        openid=openid.OpenIdLogins(oidc, key_sets, clock),
        saml=SamlLogins(
            saml,
            responses,
            clock,
            audiences=said.saml_audiences or (base_url,),
            recipients=said.saml_recipients or (f"{base_url}/saml",),
        ),
        social={
            openid.GOOGLE: openid.PresetLogins(openid.google(said.google_keys), key_sets, clock),
            openid.APPLE: openid.PresetLogins(openid.apple(said.apple_keys), key_sets, clock),
            opaque.FACEBOOK: facebook,
            opaque.AMAZON: opaque.AmazonLogins(said.amazon_tokeninfo, http, outbound),
            opaque.TWITTER: opaque.OAuth1Logins(said.twitter_verify, http, outbound, HmacOAuth1(), chance, clock),
            opaque.DIGITS: opaque.OAuth1Logins(_digits(settings), http, outbound, HmacOAuth1(), chance, clock),
        },
        other=PluginLogins(ground.hooks),
    )
    keys = LoginKeys(base_url)
    return Part(
        gives=(
            keys,
            PoolLogins(ground.world, keys, kinds, built.one(IssuerKeys)),
            ProviderAdministration(oidc, saml, responses, clock, ground.trail, account),
        )
    )


def _here(built: Built) -> UserPoolsHere | None:
    try:
        return built.one(UserPoolsHere)
    except LookupError:
        return None


def _digits(settings: Settings) -> str | None:
    """Where it is asked, if the operator has allowed the host, too (FED-304)."""
    url = settings.logins.digits_verify
    if url is None:
        return None
    parts = urlsplit(url)
    allowed = {parts.hostname, parts.netloc, f"{parts.scheme}://{parts.netloc}"}
    return url if allowed & set(settings.server.outbound_hosts) else None
