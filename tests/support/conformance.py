"""The robot of the conformance suite: a client, and a browser without scripts that does what a user of the client does.

What the server gives is verified by a library that the server does not use.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from poolhouse.flows.accounts.administration import Invitation
from poolhouse.records.clients import Client
from tests.support.house import PASSWORD
from tests.support.logout import GOODBYE
from tests.support.oauth import CALLBACK, Told
from tests.support.pages import Site, site
from tests.support.robot import Robot, Screen

PERSON = {
    "email": "suite@example.com",
    "email_verified": "true",
    "phone_number": "+14155550123",
    "phone_number_verified": "true",
    "name": "Demo T. User",
    "family_name": "User",
    "given_name": "Demo",
    "middle_name": "Theresa",
    "nickname": "Dee",
    "preferred_username": "demo",
    "profile": "https://example.com/demo",
    "picture": "https://example.com/demo.png",
    "website": "https://demo.example.com/",
    "gender": "female",
    "birthdate": "2000-02-03",
    "zoneinfo": "Europe/Berlin",
    "locale": "en-GB",
    "updated_at": "1580000000",
    "address": "100 Universal City Plaza, Hollywood",
}
"""Every standard claim."""
NONCE = "nonce-of-the-suite"
STATE = "state-of-the-suite"


@dataclass(frozen=True)
class Callback:
    """What came to the client's redirect URI, as ``method`` and ``fields`` of its query or body. ``screen`` is the
    last that the browser has shown."""

    method: str
    address: str
    query: str
    fields: dict[str, str]
    screen: Screen


@dataclass(frozen=True)
class Signed:
    """What the client has in the end: what the token endpoint said, and the claims of the ID token, verified."""

    code: str
    tokens: dict[str, Any]
    claims: dict[str, Any]


@dataclass
class Suite:
    """``first`` and ``second`` are clients with a secret that send no PKCE. ``mode`` is how answers come: ``query`` or
    ``form_post``. ``sub`` is the user's."""

    site: Site
    first: Client
    second: Client
    mode: str
    sub: str = ""
    seen: list[str] = field(default_factory=list)
    """The ids of all forms that were shown since the client has sent its user last."""

    @property
    def robot(self) -> Robot:
        return self.site.robot

    @property
    def issuer(self) -> str:
        return f"https://auth.example.com/{self.first.pool_id}"

    def here(self, endpoint: str) -> str:
        """Where an endpoint of discovery stands: the server has its name from a proxy, and listens behind it."""
        assert endpoint.startswith(f"{self.issuer}/"), endpoint
        return f"{self.robot.origin}/{self.first.pool_id}{endpoint.removeprefix(self.issuer)}"

    async def metadata(self) -> Any:
        told = await self._get(f"{self.issuer}/.well-known/openid-configuration")
        assert 200 == told.status
        return told.json

    async def jwks(self) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = (await self._get((await self.metadata())["jwks_uri"])).json["keys"]
        return keys

    async def _get(self, endpoint: str) -> Told:
        async with self.robot.session.get(self.here(endpoint)) as answer:
            return Told(answer.status, answer.headers, await answer.read())

    # --- the browser -------------------------------------------------------------------------------------------------

    def request(self, client: Client | None = None, **changes: str | None) -> dict[str, str]:
        usual: dict[str, str | None] = {
            "client_id": (client or self.first).id,
            "scope": "openid",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "state": STATE,
            "nonce": NONCE,
            "response_mode": "form_post" if self.mode == "form_post" else None,
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    async def start(self, asked: Mapping[str, str], method: str = "GET") -> Screen | Callback:
        """The client sends its user to the server. What the browser shows, or what the client was told at once."""
        self.seen.clear()
        endpoint = self.here((await self.metadata())["authorization_endpoint"])
        if method == "POST":
            return self._arrived(await self.robot.post(endpoint, asked))
        return self._arrived(await self.robot.open(f"{endpoint}?{urlencode(asked)}"))

    async def authorize(self, client: Client | None = None, **changes: str | None) -> Callback:
        """The user does all that the pages ask."""
        return await self.through(await self.start(self.request(client, **changes)))

    async def through(self, shown: Screen | Callback) -> Callback:
        for _ in range(5):
            if isinstance(shown, Callback):
                return shown
            if "consent" in shown.forms:
                told = await self.robot.send(shown, "consent", press="allow")
            else:
                told = await self.robot.send(shown, "signin", username="suite", password=PASSWORD)
            shown = self._arrived(told)
        raise AssertionError("signed in for ever")

    async def silent(self, **changes: str | None) -> Callback:
        """The answer to ``prompt=none``, before which nothing may be shown."""
        told = await self.start(self.request(None, **{"prompt": "none", **changes}))
        assert isinstance(told, Callback), told.heading
        return told

    def _arrived(self, screen: Screen) -> Screen | Callback:
        if screen.left is not None:
            parts = urlsplit(screen.left)
            assert "" == parts.fragment
            return self._told(Callback("GET", screen.left.partition("?")[0], parts.query, _fields(parts.query), screen))
        if "send" in screen.forms:
            form = screen.forms["send"]
            parts = urlsplit(form.action)
            assert 200 == screen.status
            assert "no-store" in screen.headers["Cache-Control"]
            return self._told(Callback(form.method, form.action.partition("?")[0], parts.query, form.fields, screen))
        self.seen.extend(screen.forms)
        return screen

    def _told(self, callback: Callback) -> Callback:
        """What holds of every answer, good or bad."""
        assert CALLBACK == callback.address
        assert self.issuer == callback.fields["iss"]
        if self.mode == "form_post":
            assert "POST" == callback.method
            assert "" == callback.query
        else:
            assert "GET" == callback.method
        return callback

    # --- the client --------------------------------------------------------------------------------------------------

    async def token(self, client: Client | None = None, *, by: str = "basic", **form: str) -> Told:
        client, oauth = client or self.first, self.site.oauth
        endpoint = self.here((await self.metadata())["token_endpoint"])
        sent, headers = dict(form), {"Content-Type": "application/x-www-form-urlencoded"}
        if by == "basic":
            headers.update(oauth.basic(client))
        else:
            sent.update(client_id=client.id, client_secret=oauth.secret(client))
        async with self.robot.session.post(endpoint, data=urlencode(sent).encode(), headers=headers) as answer:
            return Told(answer.status, answer.headers, await answer.read())

    async def redeem(self, code: str, client: Client | None = None, *, by: str = "basic", **form: str) -> Told:
        return await self.token(
            client, by=by, grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **form
        )

    async def signed(
        self,
        callback: Callback,
        client: Client | None = None,
        *,
        nonce: str | None = NONCE,
        by: str = "basic",
        **form: str,
    ) -> Signed:
        """What the client makes of a good answer, all of it verified."""
        client = client or self.first
        assert STATE == callback.fields["state"]
        code = callback.fields["code"]
        told = await self.redeem(code, client, by=by, **form)
        assert 200 == told.status, told.body
        assert "no-store" in told.headers["Cache-Control"]
        tokens: dict[str, Any] = told.json
        assert "bearer" == tokens["token_type"].lower()
        assert 0 < tokens["expires_in"]
        claims = await self.verified(tokens["id_token"], client)
        half = hashlib.sha256(tokens["access_token"].encode("ascii")).digest()[:16]
        assert base64.urlsafe_b64encode(half).decode().rstrip("=") == claims["at_hash"]
        assert nonce == claims.get("nonce")
        assert self.sub == claims["sub"]
        assert claims["auth_time"] <= claims["iat"] <= self.now < claims["exp"]
        return Signed(code, tokens, claims)

    async def verified(self, token: str, client: Client) -> dict[str, Any]:
        """The claims of an ID token, or of a logout token."""
        head = jwt.get_unverified_header(token)
        (key,) = [key for key in await self.jwks() if key["kid"] == head["kid"]]
        # The clock is the test's own.
        options: Any = {"verify_exp": False, "verify_iat": False, "require": ["iss", "aud", "sub", "iat", "exp"]}
        claims: dict[str, Any] = jwt.decode(
            token, jwt.PyJWK(key), ["RS256"], audience=client.id, issuer=self.issuer, options=options
        )
        return claims

    async def sign_in(self, client: Client | None = None, **changes: str | None) -> Signed:
        """The whole way, up to what the client has."""
        return await self.signed(await self.authorize(client, **changes), client, nonce=changes.get("nonce", NONCE))

    async def userinfo(self, token: str, method: str = "GET", *, in_body: bool = False) -> Told:
        endpoint = self.here((await self.metadata())["userinfo_endpoint"])
        headers = {} if in_body else {"Authorization": f"Bearer {token}"}
        data = {"access_token": token} if in_body else None
        async with self.robot.session.request(method, endpoint, headers=headers, data=data) as answer:
            return Told(answer.status, answer.headers, await answer.read())

    @property
    def now(self) -> float:
        return self.site.house.clock.now()

    def wait(self, seconds: float) -> None:
        self.site.house.clock.advance(seconds)


def _fields(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs)), pairs
    return dict(pairs)


@asynccontextmanager
async def suite(mode: str = "query", **changes: Any) -> AsyncIterator[Suite]:
    async with site(**changes) as at:
        first = await at.client(generates_secret=True, logout_urls=(GOODBYE,))
        second = await at.client(generates_secret=True, logout_urls=(GOODBYE,))
        user = await at.house.services.users.invite(
            at.oauth.pool, Invitation(username="suite", attributes=PERSON, password=PASSWORD, silent=True)
        )
        await at.house.services.users.set_password(at.oauth.pool, "suite", PASSWORD, permanent=True)
        yield Suite(at, first, second, mode, user.sub)


def without(asked: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in asked.items() if name not in names}
