"""A served pool with OAuth clients, and requests to its endpoints as they go over the wire."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from multidict import CIMultiDictProxy

from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client, Rotation
from poolhouse.records.oauth import ResourceScope
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from tests.security.served import served
from tests.support.house import FLOWS, House
from tests.support.json_api import ApiClient

CALLBACK = "https://app.example.com/callback"
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


def claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
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
        pool = await house.pool()
        scopes = tuple(ResourceScope(name=name, description=name) for name in ("read", "write", "burn"))
        await house.services.resource_servers.create(pool.id, "notes", "notes", scopes)
        machine = await house.client(pool, generates_secret=True, **machine_settings())
        app = await house.client(pool, **code_settings())
        web = await house.client(pool, generates_secret=True, **code_settings())
        user = await house.user(app, "jane", email="jane@example.com", given_name="Jane")
        yield OAuth(house, api, pool, machine, app, web, user)
