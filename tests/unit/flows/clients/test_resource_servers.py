"""Resource servers and their scopes, and what clients can be allowed of them."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.clients.resource_servers import MOST_SCOPES, MOST_SERVERS
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.records.clients import Client
from poolhouse.records.oauth import ResourceScope
from poolhouse.records.pools import Pool
from tests.support.small_world import World

READ = ResourceScope(name="read", description="Read notes")
WRITE = ResourceScope(name="write", description="Write notes")
IDENTIFIER = "https://notes.example.com"


@pytest.fixture
def world() -> World:
    return World()


async def machine(world: World, pool: Pool, *scopes: str) -> Client:
    settings = ClientSettings(oauth_enabled=True, oauth_flows=("client_credentials",), oauth_scopes=scopes)
    return await world.clients.create(pool.id, "robot", settings, generates_secret=True)


async def test_a_resource_server_is_found_as_it_was_made(world: World) -> None:
    pool = await world.pool()

    made = await world.resource_servers.create(pool.id, IDENTIFIER, "notes", (READ, WRITE))

    assert made == await world.resource_servers.get(pool.id, IDENTIFIER)
    assert [made] == list((await world.resource_servers.page(pool.id, 10, None)).items)
    assert (f"{IDENTIFIER}/read", f"{IDENTIFIER}/write") == made.full_scopes


async def test_an_identifier_is_taken_once_in_a_pool_and_free_in_another(world: World) -> None:
    pool, other = await world.pool(), await world.pool()
    await world.resource_servers.create(pool.id, IDENTIFIER, "notes", ())

    with pytest.raises(errors.InvalidParameter, match=f"^{IDENTIFIER} already exists in user pool {pool.id}.$"):
        await world.resource_servers.create(pool.id, IDENTIFIER, "again", ())
    await world.resource_servers.create(other.id, IDENTIFIER, "notes", ())


async def test_an_update_replaces_name_and_scopes(world: World) -> None:
    pool = await world.pool()
    await world.resource_servers.create(pool.id, IDENTIFIER, "notes", (READ,))

    await world.resource_servers.update(pool.id, IDENTIFIER, "new", (WRITE,))

    found = await world.resource_servers.get(pool.id, IDENTIFIER)
    assert ("new", (WRITE,)) == (found.name, found.scopes)


async def test_an_unknown_one_is_not_found_by_its_name(world: World) -> None:
    pool = await world.pool()

    for asked in (
        world.resource_servers.get(pool.id, "x"),
        world.resource_servers.update(pool.id, "x", "x", ()),
        world.resource_servers.delete(pool.id, "x"),
    ):
        with pytest.raises(errors.NotFound, match=r"^Resource server x does not exist\.$"):
            await asked


async def test_nothing_is_made_in_a_pool_that_is_not_there(world: World) -> None:
    with pytest.raises(errors.PoolNotFound):
        await world.resource_servers.create("eu-west-1_none", "x", "x", ())


async def test_a_scope_is_said_once_and_there_is_a_limit_to_each(world: World) -> None:
    pool = await world.pool()
    many = tuple(ResourceScope(name=str(number), description="d") for number in range(MOST_SCOPES + 1))

    with pytest.raises(errors.InvalidParameter, match="The scope read is given twice"):
        await world.resource_servers.create(pool.id, "x", "x", (READ, READ))
    with pytest.raises(errors.InvalidParameter, match="at most 100 scopes"):
        await world.resource_servers.create(pool.id, "x", "x", many)
    for number in range(MOST_SERVERS):
        await world.resource_servers.create(pool.id, f"x{number}", "x", ())
    with pytest.raises(errors.LimitExceeded):
        await world.resource_servers.create(pool.id, "one-more", "x", ())


async def test_a_client_is_allowed_scopes_that_exist_and_no_others(world: World) -> None:
    pool, other = await world.pool(), await world.pool()
    await world.resource_servers.create(pool.id, "notes", "notes", (READ,))
    await world.resource_servers.create(other.id, "bills", "bills", (READ,))

    assert ("notes/read",) == (await machine(world, pool, "notes/read")).oauth_scopes
    for unknown in ("notes/write", "bills/read", "notes", "notes/", "read"):
        with pytest.raises(errors.ScopeNotFound):
            await machine(world, pool, unknown)


async def test_a_scope_that_has_gone_stays_with_the_client_and_is_worth_nothing(world: World) -> None:
    pool = await world.pool()
    await world.resource_servers.create(pool.id, "notes", "notes", (READ,))
    client = await machine(world, pool, "notes/read")
    assert {"notes/read"} == await world.server_records.scopes(pool.id)

    await world.resource_servers.delete(pool.id, "notes")

    assert ("notes/read",) == (await world.clients.get(client.id)).oauth_scopes
    assert set() == await world.server_records.scopes(pool.id)


async def test_what_is_done_to_a_resource_server_is_noted(world: World) -> None:
    pool = await world.pool()
    await world.resource_servers.create(pool.id, "notes", "notes", ())
    await world.resource_servers.update(pool.id, "notes", "notes", ())
    await world.resource_servers.delete(pool.id, "notes")

    assert ["resource_server.created", "resource_server.updated", "resource_server.deleted"] == world.trail.actions[-3:]
