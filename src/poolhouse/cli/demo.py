"""The pool and the client that a first start in development makes, so that there is something to sign in to."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.errors import NotFound
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.flows.services.user_pools import Services
from poolhouse.ports.server import ServerMemory
from poolhouse.records.pools import Pool

NAME = "demo"
FLOWS = ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
_TAGS = {"poolhouse": "demo"}


@dataclass(frozen=True, slots=True)
class Demo:
    pool_id: str
    client_id: str


async def demo(services: Services, memory: ServerMemory, region: str) -> Demo | None:
    """The demo pool and its client, which are made once; None where somebody has removed them.

    What an interrupted first start has made is found again, by its name and its tag.
    """
    known = await memory.recall(NAME)
    if known is None:
        pool = await _pool(services, region)
        known = await memory.remember(NAME, {"pool_id": pool.id, "client_id": await _client_id(services, pool)})
    made = Demo(known["pool_id"], known["client_id"])
    try:
        await services.clients.describe(made.pool_id, made.client_id)
    except NotFound:
        return None
    return made


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


async def _client_id(services: Services, pool: Pool) -> str:
    page = await services.clients.page(pool.id, 60, None)
    for client in page.items:
        if client.name == NAME:
            return str(client.id)
    return (await services.clients.create(pool.id, NAME, ClientSettings(flows=FLOWS))).id
