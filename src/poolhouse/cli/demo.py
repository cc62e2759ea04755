"""The pool and the client that a first start in development makes, so that there is something to sign in to."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.errors import NotFound
from poolhouse.flows.clients.settings import LOCAL_PROVIDER, ClientSettings
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.flows.services.user_pools import Services
from poolhouse.ports.server import ServerMemory
from poolhouse.records.pools import Pool
from poolhouse.server.operation.demo_page import MEMORY as APP

NAME = "demo"
SCOPES = ("openid", "email", "profile")
FLOWS = ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
_SETTINGS = ClientSettings(name=NAME, flows=FLOWS)
_TAGS = {"poolhouse": "demo"}


@dataclass(frozen=True, slots=True)
class Demo:
    pool_id: str
    client_id: str
    page: str


async def demo(services: Services, memory: ServerMemory, region: str, page: str) -> Demo | None:
    """The demo pool and its clients, which are made once; None where somebody has removed them. ``page`` is the
    address of the demo page.

    What an interrupted first start has made is found again, by its name and its tag.
    """
    known = await memory.recall(NAME)
    if known is None:
        pool = await _pool(services, region)
        known = await memory.remember(
            NAME, {"pool_id": pool.id, "client_id": await _client_id(services, pool.id, _SETTINGS)}
        )
    made = Demo(known["pool_id"], known["client_id"], page)
    try:
        await services.clients.describe(made.pool_id, made.client_id)
        await _app(services, memory, made.pool_id, page)
    except NotFound:
        return None
    return made


async def _app(services: Services, memory: ServerMemory, pool_id: str, page: str) -> None:
    """The demo page has a client, whose answers go where the page stands in this run."""
    known = await memory.recall(APP)
    settings = ClientSettings(
        name=APP,
        flows=FLOWS,
        oauth_enabled=True,
        oauth_flows=("code",),
        oauth_scopes=SCOPES,
        callback_urls=(page,),
        logout_urls=(page,),
        identity_providers=(LOCAL_PROVIDER,),
    )
    if known is None:
        client_id = await _client_id(services, pool_id, settings)
        known = await memory.remember(APP, {"pool_id": pool_id, "client_id": client_id})
    client = await services.clients.describe(known["pool_id"], known["client_id"])
    if page not in client.callback_urls:
        await services.clients.update(client.pool_id, client.id, settings)


async def _pool(services: Services, region: str) -> Pool:
    cursor: str | None = None
    while True:
        page = await services.pools.page(region, 60, cursor)
        for pool in page.items:
            if isinstance(pool, Pool) and pool.name == NAME and pool.tags == _TAGS:
                return pool
        if (cursor := page.cursor) is None:
            settings = PoolSettings(auto_verified=("email",), tags=_TAGS)
            return await services.pools.create(region, NAME, settings, PoolFoundation())


async def _client_id(services: Services, pool_id: str, settings: ClientSettings) -> str:
    page = await services.clients.page(pool_id, 60, None)
    for client in page.items:
        if client.name == settings.name:
            return str(client.id)
    return (await services.clients.create(pool_id, settings.name or NAME, settings)).id
