"""The hosted pages of a served pool, walked as a browser without scripts walks them."""

from __future__ import annotations

import html
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from msgspec import structs

from poolhouse.config.settings import Server
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from poolhouse.server.runner import Runner
from poolhouse.testing.clock import FakeClock
from tests.security.served import ROOT_KEY
from tests.support.house import House, opened_house
from tests.support.json_api import ApiClient
from tests.support.oauth import SCOPES, OAuth, Told, code_settings, oauth_of, oauth_served
from tests.support.robot import Robot, Screen


@dataclass
class Site:
    """``robot`` is a browser of somebody."""

    oauth: OAuth
    robot: Robot

    @property
    def house(self) -> House:
        return self.oauth.house

    def another(self) -> Robot:
        """Another browser."""
        return Robot(self.oauth.api.session, self.oauth.api.url)

    async def start(self, client: Client | None = None, robot: Robot | None = None, **changes: str | None) -> Screen:
        """The client sends its user to us."""
        client = client or self.oauth.app
        asked = urlencode(self.oauth.request(client, **changes))
        return await (robot or self.robot).open(f"{client.pool_id}/oauth2/authorize?{asked}")

    async def redeem(self, screen: Screen, client: Client | None = None) -> Told:
        """What the client gets for the code that it was sent."""
        return await self.oauth.redeemed(client or self.oauth.app, screen.answer["code"])

    async def asks_consent(self, client: Client) -> None:
        """The client is somebody else's: users are asked before it gets anything."""
        held = await self.house.built.ports.clients.get(client.id)
        await self.house.built.ports.clients.save(structs.replace(held, asks_consent=True))

    def query(self, client: Client, **changes: str | None) -> str:
        """The parameters of a request, as an address has them."""
        return urlencode(self.oauth.request(client, **changes))

    def options(self, screen: Screen) -> dict[str, Any]:
        """What an authenticator is asked on this page."""
        text = screen.text.partition('data-options="')[2].partition('"')[0]
        options: dict[str, Any] = json.loads(html.unescape(text))
        return options

    async def invite(self, username: str, password: str, **attributes: str) -> User:
        """Somebody whom an administrator has made, with a temporary password."""
        invitation = Invitation(username=username, attributes=attributes, password=password, silent=True)
        return await self.house.services.users.invite(self.oauth.pool, invitation)

    async def client(self, **changes: Any) -> Client:
        """Another client of the pool, with the code flow."""
        return await self.house.client(self.oauth.pool, **code_settings(**changes))


async def first_factors(at: Site, *factors: str) -> Pool:
    """The pool's users may begin by these."""
    return await at.house.services.pools.update(
        at.oauth.pool.id, PoolSettings(auto_verified=("email",), first_factors=factors)
    )


async def of_addresses(at: Site, **settings: Any) -> Site:
    """The same browser, at a pool whose users are called by their e-mail addresses."""
    pool = await at.house.pool(foundation=PoolFoundation(username_attributes=("email",)), **settings)
    client = await at.house.client(pool, **code_settings(oauth_scopes=SCOPES))
    return Site(replace(at.oauth, pool=pool, app=client), at.robot)


@asynccontextmanager
async def site(**changes: Any) -> AsyncIterator[Site]:
    async with oauth_served(**changes) as oauth:
        yield Site(oauth, Robot(oauth.api.session, oauth.api.url))


@asynccontextmanager
async def site_for_browsers(own: str = "localhost", **changes: Any) -> AsyncIterator[Site]:
    """As ``site``, under the name that browsers trust without TLS. ``own`` is what the server itself is called."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        origin = f"http://localhost:{port}"
        server = Server(base_url=f"http://{own}:{port}")
        async with opened_house(root=ROOT_KEY, server=server, clock=FakeClock(time.time()), **changes) as house:
            runner = Runner(house.built.app, access_log=None)
            await runner.setup()
            try:
                await web.SockSite(runner, listening).start()
                async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                    oauth = await oauth_of(house, ApiClient(f"{origin}/", session, now=time.time()))
                    yield Site(oauth, Robot(session, origin))
            finally:
                await runner.cleanup()
