"""Identity providers that answer as the real ones do, without a network: OpenID providers, Google, Apple, Facebook,
Amazon and Twitter. They stand where the way out by HTTP is (``poolhouse_http``)."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from poolhouse.hooks.context import Clock, HttpAnswer, HttpFailed
from poolhouse.records.keys import Algorithm
from poolhouse.testing.keys import COUNT, premade_key
from poolhouse.tokens import key_forms
from poolhouse.tokens.jose import Signer, SigningPrivateKey

GOOGLE: Final = "https://accounts.google.com"
APPLE: Final = "https://appleid.apple.com"
FACEBOOK_LIMITED: Final = "https://www.facebook.com"
_KEYS: Final = {
    "https://www.googleapis.com/oauth2/v3/certs": GOOGLE,
    "https://appleid.apple.com/auth/keys": APPLE,
    "https://limited.facebook.com/.well-known/oauth/openid/jwks/": FACEBOOK_LIMITED,
}


class FakeIssuer:
    """An OpenID provider: its keys, and the tokens that it gives."""

    def __init__(self, issuer: str, clock: Clock, number: int = 0) -> None:
        self.issuer = issuer
        self._clock = clock
        self._number = number
        self.keys: dict[str, SigningPrivateKey] = {}
        self.algorithms: list[str] = ["RS256"]
        self.rotate()

    def rotate(self) -> None:
        """It signs with another key from now on, and publishes that one alone."""
        self._number += 1
        der = premade_key(self._number % COUNT)
        self.kid = f"key-{self._number}"
        self.keys = {self.kid: key_forms.private_key(der, Algorithm.RS256)}

    def token(self, audience: str | list[str] | None, subject: str | None, /, **more: Any) -> str:
        """An ID token for an hour. A claim that is None is left out."""
        now = int(self._clock.now())
        claims = {"iss": self.issuer, "aud": audience, "sub": subject, "iat": now, "exp": now + 3600, **more}
        said = {name: value for name, value in claims.items() if value is not None}
        return Signer(self.keys[self.kid], self.kid).sign(said, typ="JWT")

    @property
    def jwks(self) -> dict[str, Any]:
        return {
            "keys": [
                {**key_forms.members(key.public_key()), "kid": kid, "alg": "RS256", "use": "sig"}
                for kid, key in self.keys.items()
            ]
        }

    @property
    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": self.algorithms,
        }


@dataclass(frozen=True, slots=True)
class _Token:
    app: str
    user: str
    expires: float
    secret: str = field(default="", repr=False)


class FakeProviders:
    """All of them. ``away`` holds hosts that do not answer, ``broken`` those that answer with this instead.
    ``requests`` are the addresses that were called, without their queries."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.away: set[str] = set()
        self.broken: dict[str, HttpAnswer] = {}
        self.requests: list[str] = []
        self.issuers: dict[str, FakeIssuer] = {}
        self.google = self.openid(GOOGLE)
        self.apple = self.openid(APPLE)
        self.facebook_limited = self.openid(FACEBOOK_LIMITED)
        self._facebook_apps: dict[str, str] = {}
        self._facebook: dict[str, _Token] = {}
        self._amazon: dict[str, _Token] = {}
        self._twitter_apps: dict[str, str] = {}
        self._twitter: dict[str, _Token] = {}

    # --- what a test sets up -----------------------------------------------------------------------------------------

    def openid(self, issuer: str) -> FakeIssuer:
        """The provider of this issuer, made when it is first asked for."""
        if issuer not in self.issuers:
            self.issuers[issuer] = FakeIssuer(issuer, self._clock, len(self.issuers))
        return self.issuers[issuer]

    def facebook_app(self, app: str, secret: str) -> None:
        self._facebook_apps[app] = secret

    def facebook_token(self, app: str, user: str, *, seconds: float = 3600) -> str:
        return self._given(self._facebook, "EAAB", app, user, seconds)

    def amazon_token(self, app: str, user: str, *, seconds: float = 3600) -> str:
        return self._given(self._amazon, "Atza|", app, user, seconds)

    def twitter_app(self, key: str, secret: str) -> None:
        self._twitter_apps[key] = secret

    def twitter_token(self, app: str, user: str) -> str:
        """``token;secret``, as logins have it."""
        token = self._given(self._twitter, "tw-", app, user, 0, secret=f"shh-{user}")
        return f"{token};shh-{user}"

    def _given(
        self, tokens: dict[str, _Token], prefix: str, app: str, user: str, seconds: float, secret: str = ""
    ) -> str:
        token = f"{prefix}{len(tokens)}x{sha256(f'{app} {user}'.encode()).hexdigest()[:16]}"
        tokens[token] = _Token(app, user, self._clock.now() + seconds, secret)
        return token

    # --- the wire ----------------------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        time_limit: float | None = None,
    ) -> HttpAnswer:
        """As the way out by HTTP. Raises ``HttpFailed`` for who is away, or not there at all."""
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self.requests.append(place)
        host = parts.netloc
        if host in self.away:
            raise HttpFailed(f"No answer from {host}.")
        if host in self.broken:
            return self.broken[host]
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if place in _KEYS:
            return _json(self.issuers[_KEYS[place]].jwks)
        for issuer in self.issuers.values():
            base = issuer.issuer.rstrip("/")
            if place == f"{base}/.well-known/openid-configuration":
                return _json(issuer.configuration)
            if place in (f"{base}/keys", f"{base}/.well-known/jwks.json"):
                return _json(issuer.jwks)
        if host == "graph.facebook.com":
            return self._facebook_answer(parts.path.strip("/"), query)
        if place == "https://api.amazon.com/auth/o2/tokeninfo":
            return self._amazon_answer(query)
        if parts.path.endswith("/account/verify_credentials.json"):
            return self._twitter_answer(method, place, (headers or {}).get("Authorization", ""))
        raise HttpFailed(f"There is nothing at {place}.")

    def _facebook_answer(self, what: str, query: Mapping[str, str]) -> HttpAnswer:
        shown = query.get("access_token", "")
        if what == "debug_token":
            app, _, secret = shown.partition("|")
            if self._facebook_apps.get(app) != secret or not _is_proven(query, secret):
                return _json({"error": {"message": "Invalid OAuth access token.", "code": 190}}, 400)
            token = self._facebook.get(query.get("input_token", ""))
            if token is None:
                return _json({"data": {"is_valid": False, "error": {"code": 190}, "scopes": []}})
            said = {"app_id": token.app, "type": "USER", "expires_at": int(token.expires), "user_id": token.user}
            return _json({"data": {**said, "is_valid": self._clock.now() < token.expires, "scopes": []}})
        token = self._facebook.get(shown)
        if token is None or not self._clock.now() < token.expires:
            return _json({"error": {"message": "Invalid OAuth access token.", "code": 190}}, 400)
        if "appsecret_proof" in query and not _is_proven(query, self._facebook_apps.get(token.app, "")):
            return _json({"error": {"message": "Invalid appsecret_proof", "code": 100}}, 400)
        return _json({"id": token.app if what == "app" else token.user})

    def _amazon_answer(self, query: Mapping[str, str]) -> HttpAnswer:
        token = self._amazon.get(query.get("access_token", ""))
        if token is None or not self._clock.now() < token.expires:
            return _json({"error": "invalid_token", "error_description": "The token is invalid"}, 400)
        left = int(token.expires - self._clock.now())
        return _json({"iss": "https://www.amazon.com", "aud": token.app, "user_id": token.user, "exp": left})

    def _twitter_answer(self, method: str, place: str, authorization: str) -> HttpAnswer:
        said = dict(part.split("=", 1) for part in authorization.removeprefix("OAuth ").split(", ") if "=" in part)
        given = {name: unquote(value.strip('"')) for name, value in said.items()}
        token = self._twitter.get(given.get("oauth_token", ""))
        app = given.get("oauth_consumer_key", "")
        if token is None or token.app != app or app not in self._twitter_apps:
            return _json({"errors": [{"code": 89, "message": "Invalid or expired token."}]}, 401)
        # RFC 5849 section 3.4, by hand: what is asked signs with a library.
        signature = given.pop("oauth_signature", "")
        pairs = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(given.items()))
        base = "&".join(map(_escaped, (method, place, pairs)))
        key = f"{_escaped(self._twitter_apps[app])}&{_escaped(token.secret)}"
        expected = b64encode(hmac.digest(key.encode(), base.encode(), sha1)).decode()
        if not hmac.compare_digest(expected, signature):
            return _json({"errors": [{"code": 32, "message": "Could not authenticate you."}]}, 401)
        return _json({"id": int(token.user), "id_str": token.user, "screen_name": "somebody"})


def _is_proven(query: Mapping[str, str], secret: str) -> bool:
    expected = hmac.digest(secret.encode(), query.get("access_token", "").encode(), sha256).hex()
    return hmac.compare_digest(expected, query.get("appsecret_proof", ""))


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")


def _json(said: Any, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {"content-type": "application/json"}, json.dumps(said).encode())
