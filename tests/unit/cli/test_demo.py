"""The pool and the client of a first start in development."""

from __future__ import annotations

from poolhouse.cli.demo import demo
from poolhouse.server.app import Server
from poolhouse.store.repositories import collections
from tests.unit.cli.world import REGION

PAGE = "http://127.0.0.1:8080/_dev/demo"


async def names(server: Server) -> list[str]:
    return [pool.name for pool in (await server.services.pools.page(REGION, 60, None)).items]


async def test_the_demo_is_made_once(server: Server) -> None:
    first = await demo(server.services, server.memory, REGION, PAGE)
    second = await demo(server.services, server.memory, REGION, PAGE)

    assert first is not None
    assert first == second
    assert ["demo"] == await names(server)


async def test_what_an_interrupted_start_has_made_is_found_again(server: Server) -> None:
    first = await demo(server.services, server.memory, REGION, PAGE)
    await server.store.delete(collections.SERVER, ("demo",))
    second = await demo(server.services, server.memory, REGION, PAGE)

    assert first == second
    assert ["demo"] == await names(server)


async def test_a_pool_of_the_same_name_that_is_somebodys_own_is_left_alone(server: Server) -> None:
    from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings

    own = await server.services.pools.create(REGION, "demo", PoolSettings(), PoolFoundation())
    made = await demo(server.services, server.memory, REGION, PAGE)

    assert made is not None
    assert own.id != made.pool_id


async def test_the_demo_is_not_made_again_once_it_was_removed(server: Server) -> None:
    made = await demo(server.services, server.memory, REGION, PAGE)
    assert made is not None
    await server.services.pools.delete(made.pool_id)

    assert await demo(server.services, server.memory, REGION, PAGE) is None
    assert await names(server) == []


async def test_the_app_of_the_demo_is_answered_where_its_page_stands(server: Server) -> None:
    await demo(server.services, server.memory, REGION, PAGE)
    moved = PAGE.replace("8080", "9090")
    await demo(server.services, server.memory, REGION, moved)

    known = await server.memory.recall("demo-app")
    assert known is not None
    client = await server.services.clients.describe(known["pool_id"], known["client_id"])
    assert ((moved,), (moved,), ("code",)) == (client.callback_urls, client.logout_urls, client.oauth_flows)
