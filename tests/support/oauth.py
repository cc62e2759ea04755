"""A served pool with OAuth clients, and requests to its endpoints as they go over the wire."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

from multidict import CIMultiDictProxy
from yarl import URL

from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.flows.oauth.authorize import Authorization
from poolhouse.flows.oauth.interaction import Browser, Outcome, Pending, Step
from poolhouse.records.clients import Client, Rotation
from poolhouse.records.oauth import ResourceScope
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from tests.security.served import served
from tests.support.house import FLOWS, House
from tests.support.json_api import ApiClient

CALLBACK = "https://app.example.com/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""Those of RFC 7636, appendix B."""
STATE = "s t/&=#?\u00e9"
SCOPES = ("openid", "email", "phone", "profile", "aws.cognito.signin.user.admin")


@dataclass(frozen=True)
class Told:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.json["error"]


class Arrived(Told):
    """The answer to an authorization request."""

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def fields(self) -> dict[str, str]:
        """What the client is sent, by query, fragment or form; empty where nothing is."""
        if self.status == 200:
            found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', self.body.decode())
            return {html.unescape(name): html.unescape(value) for name, value in found}
        if not self.location.startswith(CALLBACK):
            return {}
        pairs = parse_qsl(self.location[len(CALLBACK) + 1 :], keep_blank_values=True, strict_parsing=True)
        assert len(pairs) == len(dict(pairs)), pairs
        return dict(pairs)

    @property
    def refusal(self) -> str | None:
        """The word that the client is sent."""
        return self.fields.get("error")

    @property
    def page(self) -> str:
        """The page of ours where the browser is; empty where it is elsewhere."""
        return self.location.partition("?")[0].rpartition("/")[2] if self.location.startswith("/") else ""

    @property
    def tx(self) -> str:
        return self.location.partition("?tx=")[2]

    @property
    def secret(self) -> str:
        """The cookie that says which browser it is, where it was given one."""
        found = re.search(r"poolhouse-browser-[^=]+=([^;]+)", self.headers.get("Set-Cookie", ""))
        return found[1] if found else ""


def claims_of(token: str) -> dict[str, Any]:
    return _part_of(token, 1)


def head_of(token: str) -> dict[str, Any]:
    return _part_of(token, 0)


def _part_of(token: str, part: int) -> dict[str, Any]:
    text = token.split(".")[part]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


@dataclass
class OAuth:
    """``machine`` has a secret and may have ``notes/read`` and ``notes/write``; ``app`` is public, ``web`` has a
    secret; both have the code flow. ``jane`` is a user."""

    house: House
    api: ApiClient
    pool: Pool
    machine: Client
    app: Client
    web: Client
    user: User

    def secret(self, client: Client) -> str:
        return self.house.services.clients.secrets_of(client)[0]

    def basic(self, client: Client, secret: str | None = None) -> dict[str, str]:
        text = f"{quote_plus(client.id)}:{quote_plus(secret or self.secret(client))}"
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}

    def url(self, endpoint: str, pool_id: str | None = None) -> str:
        return f"{self.api.url}{pool_id or self.pool.id}/oauth2/{endpoint}"

    async def ask(
        self,
        endpoint: str,
        form: Mapping[str, str] | list[tuple[str, str]] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
        pool_id: str | None = None,
        query: str = "",
    ) -> Told:
        body = form if isinstance(form, bytes) else None if form is None else urlencode(form).encode()
        sent = {} if body is None else {"Content-Type": "application/x-www-form-urlencoded"}
        sent.update(headers or {})
        url = self.url(endpoint, pool_id) + query
        async with self.api.session.request(method, url, data=body, headers=sent) as answer:
            return Told(answer.status, answer.headers, await answer.read())

    async def token(self, client: Client, **form: str) -> Told:
        """As this client asks for it: with its secret, where it has one."""
        if client.secrets:
            return await self.ask("token", form, self.basic(client))
        return await self.ask("token", {"client_id": client.id, **form})

    async def machine_token(self, **form: str) -> str:
        told = await self.token(self.machine, grant_type="client_credentials", **form)
        assert 200 == told.status, told.body
        token: str = told.json["access_token"]
        return token

    async def granted(self, client: Client, *scopes: str) -> TokenSet:
        """What a code gives to the client for these scopes."""
        return await self.house.services.grants.open(
            self.pool,
            client,
            self.user,
            event_id=self.house.built.world.chance.uuid(),
            source="TokenGeneration_HostedAuth",
            metadata={},
            flow="code",
            scopes=scopes,
        )

    # --- the authorization endpoint ---

    async def signed_in(
        self, user: User | None = None, *proofs: str, held: tuple[str, ...] = (), remembered: bool = False
    ) -> tuple[str, ...]:
        """The user (Jane, where nobody is named) signs in, in the browser that holds these handles; what it holds from
        now on."""
        found = await self.house.built.ports.users.get(self.pool.id, (user or self.user).sub)
        assert found is not None
        begun = await self.house.services.sessions.begin(
            self.pool,
            found,
            event_id=self.house.built.world.chance.uuid(),
            proofs=proofs or ("password",),
            held=held,
            remembered=remembered,
        )
        return begun.handles

    def request(self, client: Client, **changes: str | None) -> dict[str, str]:
        """A request as this client makes it, with a proof of its owner; what is None is left out."""
        usual: dict[str, str | None] = {
            "client_id": client.id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email",
            "state": STATE,
            "nonce": "n-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    async def authorize(
        self,
        parameters: Mapping[str, str] | list[tuple[str, str]] | str,
        sessions: tuple[str, ...] = (),
        *,
        secret: str | None = None,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        pool_id: str | None = None,
        path: str = "oauth2/authorize",
    ) -> Arrived:
        """Where a browser with these sessions arrives."""
        text = parameters if isinstance(parameters, str) else urlencode(parameters)
        url = f"{self.api.url}{pool_id or self.pool.id}/{path}"
        sent = {"Cookie": self.cookies(sessions, secret), **(headers or {})}
        data = None
        if method == "POST":
            data, sent["Content-Type"] = text.encode(), "application/x-www-form-urlencoded"
        elif text:
            url = f"{url}?{text}"
        async with self.api.session.request(
            method, URL(url, encoded=True), data=data, headers=sent, allow_redirects=False
        ) as answer:
            return Arrived(answer.status, answer.headers, await answer.read())

    def cookies(self, sessions: tuple[str, ...] = (), secret: str | None = None) -> str:
        kept = {"sessions": ".".join(sessions), "browser": secret}
        named = [f"__Host-poolhouse-{kind}-{self.pool.id}={value}" for kind, value in kept.items() if value]
        return "; ".join(named)

    async def code(self, client: Client, sessions: tuple[str, ...] | None = None, **changes: str | None) -> str:
        """A code for the client, of somebody who is signed in."""
        held = await self.signed_in() if sessions is None else sessions
        arrived = await self.authorize(self.request(client, **changes), held)
        assert "code" in arrived.fields, (arrived.status, arrived.fields, arrived.body)
        return arrived.fields["code"]

    async def redeemed(self, client: Client, code: str, **changes: str | None) -> Told:
        """What the token endpoint says to the code."""
        usual: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return await self.token(
            client, **{name: value for name, value in {**usual, **changes}.items() if value is not None}
        )

    async def tokens(self, client: Client, sessions: tuple[str, ...] | None = None, **changes: str | None) -> Any:
        """What the client has in the end."""
        told = await self.redeemed(client, await self.code(client, sessions, **changes))
        assert 200 == told.status, told.body
        return told.json

    async def pending(self, arrived: Arrived, secret: str | None = None) -> Pending:
        """The request that waits behind the page on which the browser arrived."""
        return await self.authorization.pending(self.pool.id, arrived.tx, secret or arrived.secret)

    async def after(self, arrived: Arrived, sessions: tuple[str, ...], *steps: Step) -> Outcome:
        """What comes once the user has these steps behind them, and the browser holds these sessions."""
        pending = await self.pending(arrived)
        for step in steps:
            pending = await self.authorization.done(pending, step)
        return await self.authorization.go_on(pending, Browser(arrived.secret, sessions))

    @property
    def authorization(self) -> Authorization:
        return self.house.built.oauth.authorization

    async def updated(self, client: Client, **settings: Any) -> Client:
        return await self.house.services.clients.update(self.pool.id, client.id, ClientSettings(**settings))


def machine_settings(**changes: Any) -> dict[str, Any]:
    return {
        "oauth_enabled": True,
        "oauth_flows": ("client_credentials",),
        "oauth_scopes": ("notes/read", "notes/write"),
        **changes,
    }


def code_settings(**changes: Any) -> dict[str, Any]:
    return {
        "flows": tuple(flow for flow in FLOWS if flow != "ALLOW_REFRESH_TOKEN_AUTH"),
        "oauth_enabled": True,
        "oauth_flows": ("code",),
        "oauth_scopes": (*SCOPES, "notes/read"),
        "callback_urls": (CALLBACK,),
        "rotation": Rotation(enabled=True, grace=10),
        **changes,
    }


@asynccontextmanager
async def oauth_served(**changes: Any) -> AsyncIterator[OAuth]:
    async with served(**changes) as (house, api):
        yield await oauth_of(house, api)


async def oauth_of(house: House, api: ApiClient) -> OAuth:
    """A pool with its clients and a user, at this house."""
    pool = await house.pool()
    scopes = tuple(ResourceScope(name=name, description=name) for name in ("read", "write", "burn"))
    await house.services.resource_servers.create(pool.id, "notes", "notes", scopes)
    machine = await house.client(pool, generates_secret=True, **machine_settings())
    app = await house.client(pool, **code_settings())
    web = await house.client(pool, generates_secret=True, **code_settings())
    user = await house.user(app, "jane", email="jane@example.com", given_name="Jane")
    return OAuth(house, api, pool, machine, app, web, user)
