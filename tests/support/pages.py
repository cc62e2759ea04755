"""The hosted pages of a served pool, walked as a browser without scripts walks them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from poolhouse.records.clients import Client
from tests.support.house import House
from tests.support.oauth import OAuth, Told, code_settings, oauth_served
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

    async def client(self, **changes: Any) -> Client:
        """Another client of the pool, with the code flow."""
        return await self.house.client(self.oauth.pool, **code_settings(**changes))


@asynccontextmanager
async def site(**changes: Any) -> AsyncIterator[Site]:
    async with oauth_served(**changes) as oauth:
        yield Site(oauth, Robot(oauth.api.session, oauth.api.url))
