"""Domains of pools: what a name can be, whose it is, and what becomes of it where something dies on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from poolhouse import errors
from poolhouse.config.settings import Server
from poolhouse.flows.pools.domains import DomainAdministration, DomainSettings, Surroundings
from poolhouse.flows.pools.settings import PoolSettings
from poolhouse.records.domains import CUSTOM, PREFIX
from poolhouse.records.pools import Pool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.domains import UNDER_WAY
from poolhouse.testing.clock import FakeClock
from tests.support.crashing import Crash, CrashingStore
from tests.support.house import House, opened_house
from tests.support.small_world import World

ARN = "arn:aws:acm:us-east-1:000000000000:certificate/one"
PLAIN = DomainSettings()
OWN = DomainSettings(certificate=ARN)
HOST = "login.example.org"
TAKEN = r"^Domain already associated with another user pool\.$"


@pytest.fixture
def world() -> World:
    return World()


async def test_a_domain_is_found_as_it_was_made_and_leads_to_its_pool(world: World) -> None:
    pool = await world.pool()

    prefix = await world.domains.create(pool.id, "people", PLAIN)
    custom = await world.domains.create(pool.id, HOST, OWN)

    assert (PREFIX, CUSTOM) == (prefix.kind, custom.kind)
    assert [prefix, custom] == [await world.domains.find("people"), await world.domains.find(HOST)]
    assert {PREFIX: prefix, CUSTOM: custom} == await world.domains.of_pool(pool.id)
    assert [pool.id] * 2 == [await world.domains.pool_of(name) for name in ("people", HOST)]
    assert None is await world.domains.find("nobodys")
    assert None is await world.domains.pool_of("nobodys")


async def test_a_name_is_that_of_one_pool_and_a_pool_has_one_of_each_kind(world: World) -> None:
    pool, other = await world.pool(), await world.pool()
    for name, settings in (("people", PLAIN), (HOST, OWN)):
        await world.domains.create(pool.id, name, settings)
        with pytest.raises(errors.InvalidParameter, match=TAKEN):
            await world.domains.create(other.id, name, settings)

    for name, settings in (("another", PLAIN), ("another.example.org", OWN)):
        with pytest.raises(errors.InvalidParameter, match=r"^User pool already has a domain configured"):
            await world.domains.create(pool.id, name, settings)
        assert None is await world.domains.find(name)
        await world.domains.create(other.id, name, settings)


async def test_of_many_who_want_a_name_at_once_one_gets_it(world: World) -> None:
    pools = [await world.pool() for _ in range(10)]

    outcomes = await asyncio.gather(
        *(world.domains.create(pool.id, "people", PLAIN) for pool in pools), return_exceptions=True
    )

    made = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert 1 == len(made)
    assert made == [await world.domains.find("people")]
    assert 1 == len([pool for pool in pools if await world.domains.of_pool(pool.id)])


async def test_of_many_domains_that_a_pool_wants_at_once_one_is_made_and_the_other_names_stay_free(
    world: World,
) -> None:
    pool, other = await world.pool(), await world.pool()

    outcomes = await asyncio.gather(
        *(world.domains.create(pool.id, f"people{number}", PLAIN) for number in range(5)), return_exceptions=True
    )

    (made,) = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    free = next(f"people{number}" for number in range(5) if f"people{number}" != made.name)
    assert other.id == (await world.domains.create(other.id, free, PLAIN)).pool_id


@pytest.mark.parametrize("name", ["-a", "a-", "a.b", "A", "a_b", "", "a" * 64, "ä", "a\n"])
async def test_what_is_no_prefix_is_refused(world: World, name: str) -> None:
    pool = await world.pool()

    with pytest.raises(errors.InvalidParameter, match=r"^The prefix of a domain has 1 to 63"):
        await world.domains.create(pool.id, name, PLAIN)


@pytest.mark.parametrize(
    ("name", "word"), [("my-aws", "aws"), ("amazonia", "amazon"), ("cognito", "cognito"), ("laws", "aws")]
)
async def test_a_prefix_with_a_reserved_word_is_refused(world: World, name: str, word: str) -> None:
    pool = await world.pool()

    with pytest.raises(errors.InvalidParameter, match=f"^Domain cannot contain reserved word: {word}$"):
        await world.domains.create(pool.id, name, PLAIN)


@pytest.mark.parametrize(
    "name",
    ["login", "127.0.0.1", "login.example.org.", ".example.org", "a..b", "-a.b", "a.b-", "a.b:443", "a/b.c", "a.1"],
)
async def test_what_is_no_whole_host_name_is_no_custom_domain(world: World, name: str) -> None:
    pool = await world.pool()

    with pytest.raises(errors.InvalidParameter, match=r"^A custom domain is a whole host name"):
        await world.domains.create(pool.id, name, OWN)


@pytest.mark.parametrize("name", ["auth.example.com", "pools.example.com", "people.pools.example.com"])
async def test_the_servers_own_names_and_those_of_prefixes_are_nobodys_custom_domain(world: World, name: str) -> None:
    pool = await world.pool()
    ours = Surroundings(base_url="https://auth.example.com", suffix="pools.example.com")
    domains = DomainAdministration(world.pool_records, world.domain_records, world.clock, world.trail, ours)

    with pytest.raises(errors.InvalidParameter):
        await domains.create(pool.id, name, OWN)
    assert await domains.create(pool.id, "other.example.com", OWN)


async def test_a_deleted_name_is_free_at_once(world: World) -> None:
    pool, other = await world.pool(), await world.pool()
    await world.domains.create(pool.id, "people", PLAIN)
    assert pool.id == await world.domains.pool_of("people")

    await world.domains.delete(pool.id, "people")

    assert None is await world.domains.pool_of("people")
    await world.domains.create(other.id, "people", PLAIN)
    assert other.id == await world.domains.pool_of("people")


async def test_a_domain_of_another_pool_is_neither_changed_nor_deleted(world: World) -> None:
    pool, other = await world.pool(), await world.pool()
    await world.domains.create(pool.id, "people", PLAIN)

    for name in ("people", "nobodys"):
        for asked in (world.domains.delete(other.id, name), world.domains.update(other.id, name, PLAIN)):
            with pytest.raises(errors.InvalidParameter, match=r"^No such domain or user pool exists\.$"):
                await asked
    with pytest.raises(errors.PoolNotFound):
        await world.domains.delete("eu-west-1_none", "people")
    assert pool.id == await world.domains.pool_of("people")


async def test_an_update_changes_what_it_says_and_nothing_else(world: World) -> None:
    pool = await world.pool()
    await world.domains.create(pool.id, "people", PLAIN)
    made = await world.domains.create(pool.id, HOST, OWN)
    world.clock.at += 5

    paged = await world.domains.update(pool.id, HOST, DomainSettings(pages=2))
    renewed = await world.domains.update(pool.id, HOST, DomainSettings(certificate=f"{ARN}2"))

    assert (ARN, 2, made.created, made.modified + 5) == (paged.certificate, paged.pages, paged.created, paged.modified)
    assert (f"{ARN}2", 2) == (renewed.certificate, renewed.pages)
    with pytest.raises(errors.InvalidParameter, match=r"^The domain is not a custom domain"):
        await world.domains.update(pool.id, "people", OWN)


async def test_managed_login_is_not_in_the_lite_tier(world: World) -> None:
    lite, full = await world.pool(PoolSettings(tier="LITE")), await world.pool()
    await world.domains.create(lite.id, "lite", PLAIN)

    for asked in (
        world.domains.create(lite.id, "a.example.org", DomainSettings(certificate=ARN, pages=2)),
        world.domains.update(lite.id, "lite", DomainSettings(pages=2)),
    ):
        with pytest.raises(errors.NotInTier):
            await asked
    with pytest.raises(errors.InvalidParameter, match="ManagedLoginVersion is 1 or 2"):
        await world.domains.create(full.id, "full", DomainSettings(pages=3))
    assert 2 == (await world.domains.create(full.id, "full", DomainSettings(pages=2))).pages


async def test_a_pool_with_a_domain_is_not_deleted(world: World) -> None:
    pool = await world.pool()
    await world.domains.create(pool.id, "people", PLAIN)

    with pytest.raises(
        errors.InvalidParameter,
        match=r"^User pool cannot be deleted\. It has a domain configured that should be deleted first\.$",
    ):
        await world.pools.delete(pool.id)
    await world.domains.delete(pool.id, "people")
    await world.pools.delete(pool.id)

    with pytest.raises(errors.PoolNotFound):
        await world.domains.create(pool.id, "people", PLAIN)


async def test_a_domain_that_came_while_its_pool_went_goes_with_it_and_leaves_its_name(world: World) -> None:
    pool, other = await world.pool(), await world.pool()
    await world.pools.delete(pool.id)
    blank = await world.domains.create(other.id, "people", PLAIN)
    await world.domains.delete(other.id, "people")
    await world.domain_records.add(type(blank)(name="people", pool_id=pool.id, created=0.0, modified=0.0))

    await world.jobs.drain()
    world.clock.at += 120
    await world.jobs.drain()

    assert [] == list(await world.domain_records.of_pool(pool.id))
    assert other.id == (await world.domains.create(other.id, "people", PLAIN)).pool_id


async def test_the_pool_of_a_name_is_not_looked_up_again_for_a_moment_whether_there_is_one_or_not(
    world: World,
) -> None:
    pool = await world.pool()
    await world.domains.create(pool.id, "people", PLAIN)
    for name in ("people", "nobodys"):
        await world.domains.pool_of(name)
    reads = []
    get = world.store.get

    async def counted(collection: object, key: object) -> object:
        reads.append(key)
        return await get(collection, key)  # type: ignore[arg-type]

    world.domain_records._store.get = counted  # type: ignore[method-assign,assignment]
    for name in ("people", "nobodys") * 3:
        await world.domains.pool_of(name)
    none = list(reads)
    world.clock.at += 3
    await world.domains.pool_of("nobodys")

    assert [] == none
    assert [("nobodys",)] == reads


@pytest.mark.parametrize(
    ("suffix", "prefix"),
    [(None, "https://auth.example.com:8443/people"), ("pools.example.com", "https://people.pools.example.com:8443")],
)
async def test_where_a_pool_is_reached_is_told_by_settings_and_records(
    world: World, suffix: str | None, prefix: str
) -> None:
    pool = await world.pool()
    ours = Surroundings(base_url="https://auth.example.com:8443", suffix=suffix)
    domains = DomainAdministration(world.pool_records, world.domain_records, world.clock, world.trail, ours)

    bare = await domains.address_of(pool.id)
    await domains.create(pool.id, "people", PLAIN)
    prefixed = await domains.address_of(pool.id)
    await domains.create(pool.id, HOST, OWN)

    assert f"https://auth.example.com:8443/{pool.id}" == bare
    assert prefix == prefixed
    assert f"https://{HOST}:8443" == await domains.address_of(pool.id)


async def test_what_is_done_to_a_domain_is_noted_with_its_name(world: World) -> None:
    pool = await world.pool()
    await world.domains.create(pool.id, "people", PLAIN)
    await world.domains.update(pool.id, "people", DomainSettings(pages=2))
    await world.domains.delete(pool.id, "people")

    assert ["domain.created", "domain.updated", "domain.deleted"] == world.trail.actions[-3:]
    assert [{"domain": "people"}] * 3 == [about["facts"] for _, about in world.trail.notes[-3:]]


# --- death on the way ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def dying() -> AsyncIterator[tuple[House, CrashingStore, FakeClock, Pool, Pool]]:
    clock = FakeClock()
    store = CrashingStore(MemoryStore(collections.ALL, clock))
    async with opened_house(store, clock, server=Server(base_url="https://auth.example.com")) as house:
        yield house, store, clock, await house.pool(), await house.pool()


@pytest.mark.parametrize("writes", range(2))
async def test_a_domain_whose_making_was_cut_short_can_be_made_again_by_anybody(writes: int) -> None:
    async with dying() as (house, store, clock, pool, other):
        store.restart()
        store.crash_after(writes)
        with pytest.raises(Crash):
            await house.services.domains.create(pool.id, "people", PLAIN)
        store.restart()
        assert None is await house.services.domains.find("people")
        if writes:
            # Somebody may still be making it.
            with pytest.raises(errors.InvalidParameter, match=TAKEN):
                await house.services.domains.create(other.id, "people", PLAIN)
        clock.advance(UNDER_WAY)

        made = await house.services.domains.create(other.id, "people", PLAIN)

        assert made == await house.services.domains.find("people")


@pytest.mark.parametrize("writes", range(3))
async def test_a_domain_whose_removal_was_cut_short_can_be_removed_or_taken(writes: int) -> None:
    async with dying() as (house, store, clock, pool, other):
        domains = house.services.domains
        await domains.create(pool.id, "people", PLAIN)
        clock.advance(UNDER_WAY)
        store.restart()
        store.crash_after(writes)
        with pytest.raises(Crash):
            await domains.delete(pool.id, "people")
        store.restart()

        if writes < 2:
            # The pool's record, and then the domain itself.
            await domains.delete(pool.id, "people")
        assert None is await domains.find("people")
        made = await domains.create(other.id, "people", PLAIN)

        assert made == await domains.find("people")
        names = await store.find(collections.DOMAIN_NAMES, Query())
        assert [other.id] == [claim.value["pool_id"] for claim in names.entries]
