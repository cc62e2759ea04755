"""The pool and the clients that a first start in development makes, so that there is something to sign in to."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.errors import Conflicted, Invalid, NotFound
from poolhouse.flows.clients.settings import LOCAL_PROVIDER, ClientSettings
from poolhouse.flows.pools.mfa import TOTP, MfaSettings
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.flows.services.user_pools import Services
from poolhouse.ports.server import ServerMemory
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import PasskeyPolicy, Pool
from poolhouse.server.operation.demo_page import MEMORY as APP
from poolhouse.server.operation.demo_page import PATH, address_of, rp_id_of

NAME = "demo"
SCOPES = ("openid", "email", "profile")
FLOWS = ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
FACTORS = "demo-factors"
"""Under what the server remembers that the demo pool was given its factors: what somebody makes of them after that is
left as it is."""
_SETTINGS = ClientSettings(name=NAME, flows=FLOWS)
_FIRST = ("PASSWORD", WEB_AUTHN)
_TAGS = {"poolhouse": "demo"}


@dataclass(frozen=True, slots=True)
class Demo:
    pool_id: str
    client_id: str
    page: str


async def demo(services: Services, memory: ServerMemory, region: str, base_url: str) -> Demo | None:
    """The demo pool and its clients, which are made once; None where somebody has removed them. ``base_url`` is the
    server's own: the demo page stands there.

    What an interrupted first start has made is found again, by its name and its tag. What an earlier version has made
    is brought up to date, as far as nobody has changed it.
    """
    known = await memory.recall(NAME)
    if known is None:
        pool = await _pool(services, region)
        known = await memory.remember(
            NAME, {"pool_id": pool.id, "client_id": await _client_id(services, pool.id, _SETTINGS)}
        )
    made = Demo(known["pool_id"], known["client_id"], address_of(base_url))
    try:
        await services.clients.describe(made.pool_id, made.client_id)
        await _factors(services, memory, made.pool_id, base_url)
        await _app(services, memory, made.pool_id, base_url)
    except NotFound:
        return None
    return made


async def _factors(services: Services, memory: ServerMemory, pool_id: str, base_url: str) -> None:
    """Users of the demo may have passkeys and an authenticator app, and need neither."""
    if await memory.recall(FACTORS) is not None:
        return
    pool = await services.pools.get(pool_id)
    plain = PoolSettings()
    if (pool.first_factors, pool.mfa.mode, pool.passkeys) == (plain.first_factors, "OFF", None):
        policy = PasskeyPolicy(rp_id=rp_id_of(base_url))
        wanted = MfaSettings(mode="OPTIONAL", factors=(TOTP,), authentication=pool.authentication, passkeys=policy)
        try:
            await services.pools.set_mfa(pool_id, wanted)
            await services.pools.set_first_factors(pool_id, _FIRST)
        except Invalid:
            # Something else that somebody has set does not go with it.
            pass
        except Conflicted:
            return  # the next start tries again
    await memory.remember(FACTORS, {"pool_id": pool_id})


async def _app(services: Services, memory: ServerMemory, pool_id: str, base_url: str) -> None:
    """The demo page has a client, whose answers go where the page stands in this run: by the name that browsers take
    passkeys for, and by that of the server."""
    known = await memory.recall(APP)
    places = tuple(dict.fromkeys((address_of(base_url), f"{base_url}{PATH}")))
    settings = ClientSettings(
        name=APP,
        flows=FLOWS,
        oauth_enabled=True,
        oauth_flows=("code",),
        oauth_scopes=SCOPES,
        callback_urls=places,
        logout_urls=places,
        identity_providers=(LOCAL_PROVIDER,),
    )
    if known is None:
        client_id = await _client_id(services, pool_id, settings)
        known = await memory.remember(APP, {"pool_id": pool_id, "client_id": client_id})
    client = await services.clients.describe(known["pool_id"], known["client_id"])
    if not {*places} <= {*client.callback_urls}:
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
