from __future__ import annotations

import pytest

from poolhouse.errors import GroupNotFound, GroupTaken, InvalidParameter, PoolNotFound
from poolhouse.flows.directory.groups import MOST_GROUPS_OF_A_USER, GroupSettings
from poolhouse.records.groups import Group
from poolhouse.records.pools import Pool
from tests.support.small_world import NOON, World

ROLE = "arn:aws:iam::123456789012:role/staff"


@pytest.fixture
async def pool(world: World) -> Pool:
    return await world.pool()


async def test_a_group_is_kept_as_it_was_described(world: World, pool: Pool) -> None:
    made = await world.groups.create(
        pool.id, "staff", GroupSettings(description="All of us", role_arn=ROLE, precedence=0)
    )

    expected = Group(
        id=made.id,
        pool_id=pool.id,
        name="staff",
        created=NOON,
        modified=NOON,
        description="All of us",
        role_arn=ROLE,
        precedence=0,
        version=made.version,
    )
    assert expected == made == await world.groups.get(pool.id, "staff")


async def test_a_group_name_is_used_once_in_a_pool(world: World, pool: Pool) -> None:
    other = await world.pool()
    await world.groups.create(pool.id, "staff", GroupSettings())

    with pytest.raises(GroupTaken):
        await world.groups.create(pool.id, "staff", GroupSettings())

    assert await world.groups.create(other.id, "staff", GroupSettings())


async def test_an_update_changes_only_what_it_says(world: World, pool: Pool) -> None:
    await world.groups.create(pool.id, "staff", GroupSettings(description="All", role_arn=ROLE, precedence=5))
    world.clock.at += 60

    first = await world.groups.update(pool.id, "staff", GroupSettings(precedence=0))
    second = await world.groups.update(pool.id, "staff", GroupSettings(description="Some"))

    assert ("All", ROLE, 0, NOON + 60) == (first.description, first.role_arn, first.precedence, first.modified)
    assert ("Some", ROLE, 0) == (second.description, second.role_arn, second.precedence)


@pytest.mark.parametrize("precedence", [-1, 2**31])
async def test_a_precedence_has_bounds(world: World, pool: Pool, precedence: int) -> None:
    await world.groups.create(pool.id, "staff", GroupSettings())

    with pytest.raises(InvalidParameter):
        await world.groups.create(pool.id, "other", GroupSettings(precedence=precedence))
    with pytest.raises(InvalidParameter):
        await world.groups.update(pool.id, "staff", GroupSettings(precedence=precedence))


async def test_membership_is_given_and_taken_as_often_as_one_likes(world: World, pool: Pool) -> None:
    user = await world.user(pool)
    await world.groups.create(pool.id, "staff", GroupSettings())

    await world.groups.join(user, "staff")
    await world.groups.join(user, "staff")
    joined = await world.groups.of_user(user, 10, None)
    members = await world.groups.members(pool.id, "staff", 10, None)
    await world.groups.leave(user, "staff")
    await world.groups.leave(user, "staff")
    left = await world.groups.of_user(user, 10, None)

    assert ["staff"] == [group.name for group in joined.items]
    assert [user.sub] == [member.sub for member in members.items]
    assert [] == list(left.items)
    assert 1 == world.trail.actions.count("group.joined")


async def test_a_user_can_be_in_a_hundred_groups_and_no_more(world: World, pool: Pool) -> None:
    user = await world.user(pool)
    for number in range(MOST_GROUPS_OF_A_USER + 1):
        await world.groups.create(pool.id, f"g{number}", GroupSettings())
    for number in range(MOST_GROUPS_OF_A_USER):
        await world.groups.join(user, f"g{number}")

    with pytest.raises(InvalidParameter):
        await world.groups.join(user, f"g{MOST_GROUPS_OF_A_USER}")
    await world.groups.join(user, "g0")

    assert MOST_GROUPS_OF_A_USER == len(await world.memberships.of_user(user))


async def test_a_deleted_group_has_no_members_even_when_it_is_made_again(world: World, pool: Pool) -> None:
    user = await world.user(pool)
    await world.groups.create(pool.id, "staff", GroupSettings())
    await world.groups.join(user, "staff")

    await world.groups.delete(pool.id, "staff")
    world.clock.at += 1
    await world.groups.create(pool.id, "staff", GroupSettings())

    assert [] == list((await world.groups.of_user(user, 10, None)).items)
    assert [] == list((await world.groups.members(pool.id, "staff", 10, None)).items)


async def test_a_group_of_another_pool_is_not_found(world: World, pool: Pool) -> None:
    other = await world.pool()
    user = await world.user(pool)
    await world.groups.create(other.id, "staff", GroupSettings())

    for attempt in (
        world.groups.get(pool.id, "staff"),
        world.groups.update(pool.id, "staff", GroupSettings()),
        world.groups.delete(pool.id, "staff"),
        world.groups.join(user, "staff"),
        world.groups.leave(user, "staff"),
        world.groups.members(pool.id, "staff", 10, None),
    ):
        with pytest.raises(GroupNotFound) as refused:
            await attempt

        assert "Group not found." == str(refused.value)


async def test_a_pool_that_is_not_there_has_no_groups(world: World) -> None:
    for attempt in (
        world.groups.create("eu-west-1_absent", "staff", GroupSettings()),
        world.groups.get("eu-west-1_absent", "staff"),
        world.groups.page("eu-west-1_absent", 10, None),
    ):
        with pytest.raises(PoolNotFound):
            await attempt


async def test_groups_are_listed_in_pages(world: World, pool: Pool) -> None:
    for number in range(3):
        await world.groups.create(pool.id, f"g{number}", GroupSettings())

    first = await world.groups.page(pool.id, 2, None)
    second = await world.groups.page(pool.id, 2, first.cursor)

    assert ["g0", "g1", "g2"] == [group.name for group in (*first.items, *second.items)]
    assert second.cursor is None


async def test_every_change_of_a_group_is_in_the_trail(world: World, pool: Pool) -> None:
    user = await world.user(pool)
    await world.groups.create(pool.id, "staff", GroupSettings())
    await world.groups.update(pool.id, "staff", GroupSettings(precedence=1))
    await world.groups.join(user, "staff")
    await world.groups.leave(user, "staff")
    await world.groups.delete(pool.id, "staff")

    assert [
        "group.created",
        "group.updated",
        "group.joined",
        "group.left",
        "group.deleted",
    ] == world.trail.actions[1:]
    assert [user.sub, user.sub] == [about["subject"] for _, about in world.trail.notes if "subject" in about]
