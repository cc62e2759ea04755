from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.errors import ConcurrentModification, InvalidParameter, PoolNotFound
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.directory.definitions import Declaration
from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings
from poolhouse.records.pools import MessageTemplate, PasswordPolicy, RecoveryOption
from tests.support.small_world import NOON, REGION, World


async def test_a_new_pool_has_an_id_of_its_region_and_signing_keys(world: World) -> None:
    pool = await world.pool()

    assert re.fullmatch(rf"{REGION}_[0-9A-Za-z]{{9}}", pool.id)
    assert [pool.id] == world.keys.made_for
    assert pool == await world.pools.get(pool.id)
    assert (NOON, NOON, "people") == (pool.created, pool.modified, pool.name)


async def test_a_new_pool_asks_for_every_class_of_characters_and_keeps_case(world: World) -> None:
    pool = await world.pool()

    assert PasswordPolicy(minimum_length=8, temporary_days=7) == pool.password_policy
    assert (True, "ESSENTIALS", False) == (pool.case_sensitive, pool.tier, pool.deletion_protected)
    assert 20 == len(pool.schema)


@pytest.mark.parametrize("region", ["", "eu_west", "../etc", "EU", "a" * 33, "eu west", "eu-", "é"])
async def test_a_region_that_could_not_stand_in_an_issuer_is_refused(world: World, region: str) -> None:
    with pytest.raises(InvalidParameter):
        await world.pools.create(region, "people", PoolSettings(), PoolFoundation())

    assert [] == world.keys.made_for


async def test_sign_in_names_are_either_attributes_or_aliases(world: World) -> None:
    with pytest.raises(InvalidParameter):
        await world.pool(username_attributes=("email",), alias_attributes=("phone_number",))


async def test_a_preferred_user_name_is_required_or_an_alias(world: World) -> None:
    required = (Declaration(name="preferred_username", required=True),)

    with pytest.raises(InvalidParameter):
        await world.pool(declarations=required, alias_attributes=("preferred_username",))

    assert await world.pool(declarations=required)
    assert await world.pool(alias_attributes=("preferred_username",))


async def test_an_update_resets_what_it_does_not_say_but_name_tier_and_tags(world: World) -> None:
    pool = await world.pool(
        PoolSettings(
            tier="PLUS",
            password_policy=PasswordPolicy(minimum_length=12),
            auto_verified=("email",),
            admin_create_only=True,
            verification=MessageTemplate(subject="Hello"),
            deletion_protected=True,
            tags={"team": "a"},
            kept={"x": 1},
        )
    )
    world.clock.at += 60

    updated = await world.pools.update(pool.id, PoolSettings(auto_verified=("phone_number",)))

    blank = await world.pool()
    expected = replace(
        blank,
        id=pool.id,
        created=NOON,
        modified=NOON + 60,
        tier="PLUS",
        tags={"team": "a"},
        auto_verified=("phone_number",),
        version=updated.version,
    )
    assert expected == updated
    assert updated == await world.pools.get(pool.id)


async def test_an_update_leaves_what_was_said_once(world: World) -> None:
    pool = await world.pool(
        declarations=(Declaration(name="shoe", type="String"),),
        username_attributes=("email",),
        case_sensitive=False,
        case_stated=True,
    )

    updated = await world.pools.update(pool.id, PoolSettings(name="renamed"))

    assert "renamed" == updated.name
    for name in ("schema", "username_attributes", "alias_attributes", "case_sensitive", "case_stated", "created"):
        assert getattr(pool, name) == getattr(updated, name)


async def test_of_two_changes_on_one_reading_only_one_is_made(world: World) -> None:
    pool = await world.pool()
    stale = replace(pool, name="stale")
    await world.pools.update(pool.id, PoolSettings(name="first"))

    with pytest.raises(ConcurrentModification):
        await world.pool_records.save(stale)

    assert "first" == (await world.pools.get(pool.id)).name


@pytest.mark.parametrize(
    "settings",
    [
        {"verify_before_update": ("email",)},
        {"verify_before_update": ("email", "phone_number"), "auto_verified": ("email",)},
        {"recovery": ()},
        {
            "recovery": (
                RecoveryOption(name="admin_only", priority=1),
                RecoveryOption(name="verified_email", priority=2),
            )
        },
        {"recovery": (RecoveryOption(name="verified_email", priority=1),) * 2},
        {
            "recovery": (
                RecoveryOption(name="verified_email", priority=1),
                RecoveryOption(name="verified_phone_number", priority=1),
            )
        },
        {"tags": {f"t{number}": "" for number in range(51)}},
        {"tags": {"AWS:team": "a"}},
    ],
)
async def test_settings_that_contradict_themselves_change_nothing(world: World, settings: dict[str, Any]) -> None:
    pool = await world.pool()

    with pytest.raises(InvalidParameter):
        await world.pools.update(pool.id, PoolSettings(**settings))
    with pytest.raises(InvalidParameter):
        await world.pool(PoolSettings(**settings))

    assert pool == await world.pools.get(pool.id)


async def test_custom_attributes_are_added_to_a_pool_that_is_in_use(world: World) -> None:
    pool = await world.pool()

    changed = await world.pools.add_attributes(pool.id, (Declaration(name="shoe", type="String"),))

    assert "custom:shoe" == changed.schema[-1].name
    assert changed == await world.pools.get(pool.id)


async def test_tags_are_added_and_removed_by_key(world: World) -> None:
    pool = await world.pool(PoolSettings(tags={"team": "a", "env": "dev"}))

    tagged = await world.pools.tag(pool.id, {"team": "b", "cost": "1"})
    untagged = await world.pools.untag(pool.id, ["env", "unknown"])

    assert {"team": "b", "env": "dev", "cost": "1"} == tagged.tags
    assert {"team": "b", "cost": "1"} == untagged.tags
    with pytest.raises(InvalidParameter):
        await world.pools.tag(pool.id, {f"t{number}": "" for number in range(49)})


async def test_a_protected_pool_stays(world: World) -> None:
    pool = await world.pool(PoolSettings(deletion_protected=True))

    with pytest.raises(InvalidParameter) as refused:
        await world.pools.delete(pool.id)

    assert "deletion protection is activated" in str(refused.value)
    assert pool == await world.pools.get(pool.id)


async def test_a_deleted_pool_takes_its_clients_with_it_and_no_others(world: World) -> None:
    pool, other = await world.pool(), await world.pool()
    mine = [await world.clients.create(pool.id, f"app{number}", ClientSettings()) for number in range(70)]
    theirs = await world.clients.create(other.id, "app", ClientSettings())

    await world.pools.delete(pool.id)
    await world.jobs.drain()

    with pytest.raises(PoolNotFound):
        await world.pools.get(pool.id)
    for client in (mine[0], mine[-1]):
        assert await world.store.get(_client_pools(), (client.id,)) is None
    assert theirs == await world.clients.describe(other.id, theirs.id)


async def test_a_pool_that_is_not_there_can_be_neither_changed_nor_deleted(world: World) -> None:
    absent = f"{REGION}_nothinghe"

    for change in (
        world.pools.update(absent, PoolSettings()),
        world.pools.delete(absent),
        world.pools.add_attributes(absent, ()),
        world.pools.tag(absent, {}),
        world.pools.untag(absent, []),
    ):
        with pytest.raises(PoolNotFound) as refused:
            await change

        assert f"User pool {absent} does not exist." == str(refused.value)


async def test_pools_are_listed_by_region_in_pages(world: World) -> None:
    ids = {(await world.pool()).id for _ in range(5)}
    await world.pools.create("us-east-1", "elsewhere", PoolSettings(), PoolFoundation())

    first = await world.pools.page(REGION, 3, None)
    second = await world.pools.page(REGION, 3, first.cursor)

    assert (3, 2, None) == (len(first.items), len(second.items), second.cursor)
    assert ids == {pool.id for pool in (*first.items, *second.items)}


async def test_every_change_of_a_pool_is_in_the_trail(world: World) -> None:
    pool = await world.pool()
    await world.pools.update(pool.id, PoolSettings())
    await world.pools.add_attributes(pool.id, (Declaration(name="shoe", type="String"),))
    await world.pools.tag(pool.id, {"a": "b"})
    await world.pools.untag(pool.id, ["a"])
    await world.pools.delete(pool.id)

    assert [
        "pool.created",
        "pool.updated",
        "pool.attributes_added",
        "pool.tagged",
        "pool.untagged",
        "pool.deleted",
    ] == world.trail.actions
    assert {pool.id} == {about["pool_id"] for _, about in world.trail.notes}


async def test_attributes_added_at_the_same_moment_are_all_there_or_refused(world: World) -> None:
    pool = await world.pool()

    results = await asyncio.gather(
        *(
            world.pools.add_attributes(pool.id, (Declaration(name=f"a{number}", type="String"),))
            for number in range(10)
        ),
        return_exceptions=True,
    )

    made = [result for result in results if not isinstance(result, BaseException)]
    assert all(isinstance(result, ConcurrentModification) for result in results if isinstance(result, BaseException))
    assert 20 + len(made) == len((await world.pools.get(pool.id)).schema)


def _client_pools() -> Any:
    from poolhouse.store.repositories.collections import CLIENT_POOLS

    return CLIENT_POOLS
