"""Logins without a server: every kind as it is wired, providers that answer from memory, and what was noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec.structs import replace

from poolhouse.crypto.oauth1 import HmacOAuth1
from poolhouse.crypto.saml import XmlSamlResponses
from poolhouse.errors import InvalidAccessToken, NotAuthorized
from poolhouse.flows.flow import World
from poolhouse.flows.identities.login_keys import LoginKeys
from poolhouse.flows.identities.logins import LoginKinds, PoolLogins
from poolhouse.flows.identities.proofs import opaque, openid
from poolhouse.flows.identities.proofs.key_sets import KeySets
from poolhouse.flows.identities.proofs.outbound import Outbound
from poolhouse.flows.identities.proofs.plugins import PluginLogins
from poolhouse.flows.identities.proofs.saml import SamlLogins
from poolhouse.flows.identities.proofs.user_pools import UserPoolLogins
from poolhouse.hooks.dispatch import Hooks
from poolhouse.ports.identities import UserPoolsHere
from poolhouse.records.access import OidcProvider, SamlProvider
from poolhouse.records.identities import IdentityPool, UserPoolProvider
from poolhouse.server.world import SystemChance
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.keys import SigningKeyRepository
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.keys import PremadeKeys
from poolhouse.testing.providers import FakeProviders
from poolhouse.testing.saml_provider import FakeSamlProvider
from poolhouse.tokens.foreign import JoseForeignTokens
from poolhouse.tokens.issuer import IssuerKeys
from tests.unit.crypto.world import vault

BASE_URL = "https://auth.example.com"
USER_POOL = "us-east-1_AbCdEfGhI"
USER_POOL_KEY = f"cognito-idp.us-east-1.amazonaws.com/{USER_POOL}"
ISSUER = "https://login.example.org/tenant"
OIDC_KEY = "login.example.org/tenant"
OIDC_ARN = f"arn:aws:iam::000000000000:oidc-provider/{OIDC_KEY}"
SAML_ARN = "arn:aws:iam::000000000000:saml-provider/corp"
RECIPIENT = f"{BASE_URL}/saml"
POOL_ID = "us-east-1:177a950c-2c08-43f0-9983-28727cd1e4f2"
TWITTER_APP = "consumer;consumer-secret"


class AtOnce:
    """Workers that do it themselves."""

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)


class Noted:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str | None, Mapping[str, str]]] = []

    async def note(
        self, action: str, *, pool_id: str | None = None, facts: Mapping[str, str] | None = None, **_: Any
    ) -> None:
        self.entries.append((action, pool_id, facts or {}))


class OidcRecords:
    def __init__(self) -> None:
        self.held: dict[str, OidcProvider] = {}

    async def get(self, name: str) -> OidcProvider | None:
        return self.held.get(name)


class SamlRecords:
    def __init__(self) -> None:
        self.held: dict[str, SamlProvider] = {}

    async def get(self, name: str) -> SamlProvider | None:
        return self.held.get(name)


class Here:
    """User pools of this server: one, whose tokens are those of an issuer of the fakes."""

    def __init__(self, providers: FakeProviders) -> None:
        self.issuer = providers.openid(f"{BASE_URL}/{USER_POOL}")
        self.ended: set[str] = set()
        self._tokens = JoseForeignTokens()

    async def has(self, pool_id: str) -> bool:
        return pool_id == USER_POOL

    async def verify(self, token: str) -> Mapping[str, Any]:
        import json

        read = self._tokens.read(token)
        if self._tokens.keys(json.dumps(self.issuer.jwks).encode()).check(read) is not True:
            raise InvalidAccessToken
        return read.claims

    async def require_current(self, pool_id: str, claims: Mapping[str, Any]) -> None:
        if claims["sub"] in self.ended:
            raise NotAuthorized

    def as_port(self) -> UserPoolsHere:
        return UserPoolsHere(has=self.has, verify=self.verify, require_current=self.require_current)


class LoginWorld:
    """``pool`` has every provider, each with the app id ``app`` (Twitter's with its secret)."""

    def __init__(
        self,
        *,
        in_process: bool = True,
        hooks: Hooks | None = None,
        digits: str | None = None,
        by_source: int = 0,
        by_pool: int = 0,
        facebook_secret: str | None = "fb-secret",
    ) -> None:
        self.clock = clock = FakeClock()
        self.providers = http = FakeProviders(clock)
        self.noted = Noted()
        self.here = Here(http)
        self.saml = FakeSamlProvider("https://idp.example.org/entity", clock)
        self.oidc_records, self.saml_records = OidcRecords(), SamlRecords()
        self.oidc_records.held[OIDC_KEY] = OidcProvider(issuer=ISSUER, client_ids=("app", "other-app"), created=0)
        self.saml_records.held["corp"] = SamlProvider(name="corp", metadata=self.saml.metadata, created=0)
        http.facebook_app("app", "fb-secret")
        http.facebook_app("foreign", "foreign-secret")
        http.twitter_app("consumer", "consumer-secret")
        http.twitter_app("foreign", "foreign-secret")
        self.key_sets = KeySets(http, JoseForeignTokens(), clock)
        outbound = Outbound(clock, by_source=by_source, by_pool=by_pool)
        chance = SystemChance()
        limited = openid.PresetLogins(
            openid.facebook_limited("https://limited.facebook.com/.well-known/oauth/openid/jwks/"), self.key_sets, clock
        )
        world = World(clock=clock, chance=chance, secrets=vault(), hooks=hooks or Hooks(), audit=self.noted)
        kinds = LoginKinds(
            user_pools=UserPoolLogins(BASE_URL, self.key_sets, clock, self.here.as_port() if in_process else None),
            openid=openid.OpenIdLogins(self.oidc_records, self.key_sets, clock),
            saml=SamlLogins(self.saml_records, XmlSamlResponses(AtOnce()), clock, (BASE_URL,), (RECIPIENT,)),
            social={
                openid.GOOGLE: openid.PresetLogins(
                    openid.google("https://www.googleapis.com/oauth2/v3/certs"), self.key_sets, clock
                ),
                openid.APPLE: openid.PresetLogins(
                    openid.apple("https://appleid.apple.com/auth/keys"), self.key_sets, clock
                ),
                opaque.FACEBOOK: opaque.FacebookLogins(
                    "https://graph.facebook.com", http, outbound, clock, limited, lambda _: facebook_secret
                ),
                opaque.AMAZON: opaque.AmazonLogins("https://api.amazon.com/auth/o2/tokeninfo", http, outbound),
                opaque.TWITTER: opaque.OAuth1Logins(
                    "https://api.twitter.com/1.1/account/verify_credentials.json",
                    http,
                    outbound,
                    HmacOAuth1(),
                    chance,
                    clock,
                ),
                opaque.DIGITS: opaque.OAuth1Logins(digits, http, outbound, HmacOAuth1(), chance, clock),
            },
            other=PluginLogins(world.hooks),
        )
        self.own = IssuerKeys(
            BASE_URL, SigningKeyRepository(MemoryStore(collections.ALL, clock)), vault(), PremadeKeys(), clock
        )
        self.logins = PoolLogins(world, LoginKeys(BASE_URL), kinds, self.own)
        self.pool = IdentityPool(
            id=POOL_ID,
            name="people",
            created=0,
            modified=0,
            allows_guests=False,
            social={
                openid.GOOGLE: "app",
                openid.APPLE: "app",
                opaque.FACEBOOK: "app",
                opaque.AMAZON: "app",
                opaque.TWITTER: TWITTER_APP,
                opaque.DIGITS: TWITTER_APP,
                "tickets.example.com": "app",
            },
            developer_provider="our.back.end",
            oidc_provider_arns=(OIDC_ARN,),
            user_pools=(
                UserPoolProvider(name=USER_POOL_KEY, client_id="app"),
                UserPoolProvider(name=USER_POOL_KEY, client_id="asking-app", asks_server=True),
            ),
            saml_provider_arns=(SAML_ARN,),
            sealed_pepper="",
        )

    def with_pool(self, **changed: Any) -> IdentityPool:
        return replace(self.pool, **changed)

    # --- good logins, by kind ----------------------------------------------------------------------------------------

    def user_pool_token(self, audience: str | None = "app", subject: str | None = "jane", /, **more: Any) -> str:
        return self.here.issuer.token(audience, subject, **{"token_use": "id", **more})

    def oidc_token(self, audience: Any = "app", subject: str | None = "jane", /, **more: Any) -> str:
        return self.providers.openid(ISSUER).token(audience, subject, **more)

    def saml_response(self, subject: str = "jane", **more: Any) -> str:
        return self.saml.response(subject, **{"audience": BASE_URL, "recipient": RECIPIENT, **more})

    def good(self) -> dict[str, str]:
        """A good login of every kind that needs no plugin and is open."""
        return {
            USER_POOL_KEY: self.user_pool_token(),
            OIDC_KEY: self.oidc_token(),
            SAML_ARN: self.saml_response(),
            openid.GOOGLE: self.providers.google.token("app", "jane"),
            openid.APPLE: self.providers.apple.token("app", "jane"),
            opaque.FACEBOOK: self.providers.facebook_token("app", "1001"),
            opaque.AMAZON: self.providers.amazon_token("app", "amzn1.account.JANE"),
            opaque.TWITTER: self.providers.twitter_token("consumer", "2002"),
        }

    async def prove(self, key: str, value: str, pool: IdentityPool | None = None) -> Any:
        (proven,) = await self.logins.prove(pool or self.pool, {key: value})
        return proven


Checked = Callable[[], Awaitable[Any]]
