"""ID tokens of OpenID providers: those that are registered, and those of the presets (Google, Apple, Facebook's)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from poolhouse.errors import LoginRefused
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.proofs.key_sets import KeySets, KeySource
from poolhouse.flows.identities.proofs.kind import Entry, require_app, require_issuer, require_subject, require_time
from poolhouse.ports.access import OidcProviders
from poolhouse.ports.identities import Proven
from poolhouse.ports.world import Clock

GOOGLE: Final = "accounts.google.com"
APPLE: Final = "appleid.apple.com"
_PATH: Final = ":oidc-provider/"


class Preset(Struct, frozen=True, kw_only=True):
    """A provider whose tokens need no registration. ``by_either``: the app id may be the audience, or the party that
    the token was given to."""

    issuers: tuple[str, ...]
    jwks_uri: str
    by_either: bool = False


def google(jwks_uri: str) -> Preset:
    return Preset(issuers=(f"https://{GOOGLE}", GOOGLE), jwks_uri=jwks_uri, by_either=True)


def apple(jwks_uri: str) -> Preset:
    return Preset(issuers=("https://appleid.apple.com", "https://account.apple.com"), jwks_uri=jwks_uri)


def facebook_limited(jwks_uri: str) -> Preset:
    """Of Limited Login, which gives an ID token in place of an access token."""
    return Preset(issuers=("https://www.facebook.com",), jwks_uri=jwks_uri)


class PresetLogins:
    def __init__(self, preset: Preset, key_sets: KeySets, clock: Clock) -> None:
        self._preset = preset
        self._key_sets = key_sets
        self._clock = clock
        # One set for all issuers of the preset: they are one provider.
        self._source = KeySource(preset.issuers[0], preset.jwks_uri)

    async def prove(self, entry: Entry, value: str) -> Proven:
        token = self._key_sets.read(value)
        require_issuer(token.claims, self._preset.issuers)
        await self._key_sets.require_signed(token, self._source)
        if self._preset.by_either and token.claims.get("azp") in entry.apps and "aud" in token.claims:
            app = str(token.claims["azp"])
        else:
            app = require_app(token.claims, entry.apps, azp_first=False)
        require_time(token.claims, self._clock.now())
        return Proven(
            provider=entry.key,
            subject=require_subject(token.claims),
            app=app,
            kind="social",
            names=(entry.key,),
            claims=token.claims,
            amr=(entry.key,),
        )


class OpenIdLogins:
    """Of providers that an administrator has registered. The entry's key is the issuer without its scheme."""

    def __init__(self, providers: OidcProviders, key_sets: KeySets, clock: Clock) -> None:
        self._providers = providers
        self._key_sets = key_sets
        self._clock = clock

    async def prove(self, entry: Entry, value: str) -> Proven:
        provider = await self._providers.get(entry.key)
        if provider is None:
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        token = self._key_sets.read(value)
        require_issuer(token.claims, (provider.issuer,))
        await self._key_sets.require_signed(token, KeySource(provider.issuer))
        app = require_app(token.claims, provider.client_ids)
        require_time(token.claims, self._clock.now())
        arn = next((arn for arn in entry.pool.oidc_provider_arns if name_in(arn) == entry.key), entry.key)
        return Proven(
            provider=entry.key,
            subject=require_subject(token.claims),
            app=app,
            kind="oidc",
            names=(arn,) if arn == entry.key else (arn, entry.key),
            claims=token.claims,
            amr=(entry.key,),
        )


def name_in(arn: str) -> str:
    """The key of logins of the provider with this ARN; empty where it is of none."""
    return arn.partition(_PATH)[2]
