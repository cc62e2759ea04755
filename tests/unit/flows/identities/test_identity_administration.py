"""Identities as developers see them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from poolhouse.errors import IdentityNotFound, IdentityPoolNotFound, InvalidParameter
from poolhouse.hooks.dispatch import Implementation
from poolhouse.hooks.events.identities import IdentityDeleted
from poolhouse.records.identities import IdentityPool
from tests.support.identity_world import DEVELOPER, GOOGLE, IdentityWorld


async def test_an_identity_is_described_by_the_names_of_its_providers(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane", None, google="jane")
    await at.vouch(pool, "jane-2", jane)

    described = await at.administration.describe(jane)

    assert (jane, (GOOGLE, DEVELOPER)) == (described.identity.id, described.providers)


async def test_a_disabled_identity_is_described_and_listed_unless_it_is_hidden(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    guest, jane = await at.guest(pool), await at.get_id(pool, google="jane")
    await at.resolve(guest, google="jane")

    assert () == (await at.administration.describe(guest)).providers
    assert {guest, jane} == set(await at.listed(pool))
    assert [jane] == await at.listed(pool, hides_disabled=True)


async def test_identities_come_page_by_page_and_those_of_other_pools_do_not(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    other = await at.pool()
    mine = {await at.guest(pool) for _ in range(7)}
    await at.guest(other)
    first = await at.administration.page(pool.id, 5, None)
    second = await at.administration.page(pool.id, 5, first.cursor)

    assert [5, 2, None] == [len(first.items), len(second.items), second.cursor]
    assert mine == {each.identity.id for each in (*first.items, *second.items)}
    with pytest.raises(InvalidParameter):
        await at.administration.page(other.id, 5, first.cursor)
    with pytest.raises(IdentityPoolNotFound):
        await at.administration.page("eu-north-1:0", 5, None)


async def test_a_page_without_disabled_ones_is_full(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    for _ in range(8):
        await at.resolve(await at.guest(pool), google="jane")
    others = {await at.guest(pool) for _ in range(4)}
    found: list[str] = []
    cursor = None
    pages = 0
    while pages == 0 or cursor is not None:
        page = await at.administration.page(pool.id, 3, cursor, hides_disabled=True)
        found += [each.identity.id for each in page.items]
        assert len(page.items) == 3 or len(found) == 5
        cursor, pages = page.cursor, pages + 1

    assert {jane, *others} == set(found)
    assert 5 == len(found)


async def test_a_deleted_identity_is_gone_and_its_logins_are_free(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane", None, google="jane")

    assert [] == await at.administration.delete([jane, jane, "eu-north-1:0"])

    assert [] == await at.listed(pool)
    assert [] == await at.all_logins(pool)
    with pytest.raises(IdentityNotFound):
        await at.administration.describe(jane)
    assert await at.get_id(pool, google="jane") not in (jane, await at.vouch(pool, "jane"))


async def test_that_it_was_deleted_is_forgotten_after_a_day(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    await at.administration.delete([jane])

    assert await at.records.deleted(jane)
    at.clock.advance(86401)
    assert await at.records.deleted(jane) is None


async def test_identity_deleted_is_told_once() -> None:
    told: list[IdentityDeleted] = []
    at = IdentityWorld(implementations=[Implementation("identity_deleted", "test", told.append)])
    pool = await at.pool()
    jane = await at.get_id(pool, google="jane")

    for _ in range(2):
        await at.administration.delete([jane])

    assert [(pool.id, jane)] == [(event.pool_id, event.identity_id) for event in told]
    assert 1 == [action for action, _ in at.trail.notes].count("identity.deleted")


async def test_a_deleted_child_leaves_the_parent_its_logins(at: IdentityWorld, pool: IdentityPool) -> None:
    guest, jane = await at.guest(pool), await at.get_id(pool, google="jane")
    await at.resolve(guest, google="jane")

    await at.administration.delete([guest])

    assert jane == await at.resolve(jane, google="jane")


async def test_the_deletion_of_a_child_ends_the_merge_first(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    child = await at.get_id(pool, facebook="jane")
    await at.records.save(replace(await at.record(child), merging_into=jane))

    assert [] == await at.administration.delete([child])

    assert jane == await at.get_id(pool, facebook="jane")
    assert [jane] == await at.listed(pool)
