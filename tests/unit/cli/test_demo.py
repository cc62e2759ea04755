"""The pool and the client of a first start in development."""

from __future__ import annotations

import pytest

from poolhouse.cli.demo import demo
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.records.pools import Pool
from poolhouse.server.app import Server
from poolhouse.server.operation.demo_page import address_of, rp_id_of
from poolhouse.store.repositories import collections
from tests.unit.cli.world import REGION

BASE = "http://127.0.0.1:8080"


async def names(server: Server) -> list[str]:
    return [pool.name for pool in (await server.services.pools.page(REGION, 60, None)).items]


async def test_the_demo_is_made_once(server: Server) -> None:
    first = await demo(server.services, server.memory, REGION, BASE)
    second = await demo(server.services, server.memory, REGION, BASE)

    assert first is not None
    assert first == second
    assert ["demo"] == await names(server)


async def test_what_an_interrupted_start_has_made_is_found_again(server: Server) -> None:
    first = await demo(server.services, server.memory, REGION, BASE)
    await server.store.delete(collections.SERVER, ("demo",))
    second = await demo(server.services, server.memory, REGION, BASE)

    assert first == second
    assert ["demo"] == await names(server)


async def test_a_pool_of_the_same_name_that_is_somebodys_own_is_left_alone(server: Server) -> None:
    own = await server.services.pools.create(REGION, "demo", PoolSettings(), PoolFoundation())
    made = await demo(server.services, server.memory, REGION, BASE)

    assert made is not None
    assert own.id != made.pool_id


async def test_the_demo_is_not_made_again_once_it_was_removed(server: Server) -> None:
    made = await demo(server.services, server.memory, REGION, BASE)
    assert made is not None
    await server.services.pools.delete(made.pool_id)

    assert await demo(server.services, server.memory, REGION, BASE) is None
    assert await names(server) == []


async def test_the_app_of_the_demo_is_answered_where_its_page_stands_by_number_and_by_name(server: Server) -> None:
    await demo(server.services, server.memory, REGION, BASE)
    made = await demo(server.services, server.memory, REGION, BASE.replace("8080", "9090"))

    places = ("http://localhost:9090/_dev/demo", "http://127.0.0.1:9090/_dev/demo")
    known = await server.memory.recall("demo-app")
    assert known is not None
    assert made is not None
    assert places[0] == made.page
    client = await server.services.clients.describe(known["pool_id"], known["client_id"])
    assert (places, places, ("code",)) == (client.callback_urls, client.logout_urls, client.oauth_flows)


@pytest.mark.parametrize(
    ("base", "page", "domain"),
    [
        ("http://127.0.0.1:8080", "http://localhost:8080/_dev/demo", "localhost"),
        ("http://[::1]:8080", "http://localhost:8080/_dev/demo", "localhost"),
        ("http://localhost", "http://localhost/_dev/demo", "localhost"),
        ("https://auth.example.com", "https://auth.example.com/_dev/demo", "auth.example.com"),
        ("http://192.0.2.7:8080", "http://192.0.2.7:8080/_dev/demo", "localhost"),
    ],
)
def test_the_page_is_named_so_that_browsers_keep_passkeys_for_it(base: str, page: str, domain: str) -> None:
    assert (page, domain) == (address_of(base), rp_id_of(base))


async def pool_of(server: Server) -> Pool:
    (pool,) = (await server.services.pools.page(REGION, 60, None)).items
    return await server.services.pools.get(pool.id)


async def test_users_of_the_demo_may_have_a_passkey_and_an_app_and_need_neither(server: Server) -> None:
    await demo(server.services, server.memory, REGION, BASE)

    pool = await pool_of(server)
    assert pool.passkeys is not None
    assert (("PASSWORD", "WEB_AUTHN"), "OPTIONAL", ("SOFTWARE_TOKEN_MFA",), "localhost") == (
        pool.first_factors,
        pool.mfa.mode,
        pool.mfa.factors,
        pool.passkeys.rp_id,
    )


async def earlier(server: Server) -> None:
    """A demo of a version before there were factors."""
    pool = await server.services.pools.create(
        REGION, "demo", PoolSettings(auto_verified=("email",), tags={"poolhouse": "demo"}), PoolFoundation()
    )
    client = await server.services.clients.create(pool.id, "demo", ClientSettings(name="demo"))
    await server.memory.remember("demo", {"pool_id": pool.id, "client_id": client.id})


async def test_the_pool_of_an_earlier_version_is_brought_up_to_date_and_keeps_what_it_had(server: Server) -> None:
    await earlier(server)
    before = await pool_of(server)
    await server.services.pools.tag(before.id, {"mine": "yes"})

    await demo(server.services, server.memory, REGION, BASE)

    after = await pool_of(server)
    assert ("OPTIONAL", "WEB_AUTHN") == (after.mfa.mode, after.first_factors[-1])
    assert (before.id, ("email",), {"poolhouse": "demo", "mine": "yes"}) == (after.id, after.auto_verified, after.tags)


async def test_what_somebody_has_made_of_the_pool_before_or_after_stays(server: Server) -> None:
    await earlier(server)
    pool = await pool_of(server)
    await server.services.pools.set_mfa(pool.id, MfaSettings(mode="ON", factors=("EMAIL_OTP",)))
    await demo(server.services, server.memory, REGION, BASE)
    pool = await pool_of(server)
    assert ("ON", ("EMAIL_OTP",), None) == (pool.mfa.mode, pool.mfa.factors, pool.passkeys)

    await server.services.pools.set_mfa(pool.id, MfaSettings(mode="OFF"))
    await demo(server.services, server.memory, REGION, BASE)
    assert "OFF" == (await pool_of(server)).mfa.mode
