"""Which of two identities goes on, and that a merge is whole whoever ends it."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from poolhouse.errors import LoginRefused, LoginTaken, VersionConflict
from poolhouse.flows.identities.merging import rank, require_room
from poolhouse.hooks.dispatch import Implementation
from poolhouse.hooks.events.identities import IdentitiesMerged
from poolhouse.records.identities import Identity, IdentityPool, Login
from tests.support.identity_world import DEVELOPER, FACEBOOK, GOOGLE, IdentityWorld


def identity(name: str, **facts: object) -> Identity:
    known: dict[str, object] = {"created": 10.0, "modified": 10.0, "had_login": True, **facts}
    return Identity(id=name, pool_id="p", **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        (identity("b", created=20.0), identity("a", had_login=False)),
        (identity("b", created=10.0), identity("a", created=20.0)),
        (identity("a"), identity("b")),
        (identity("b", created=20.0, seniority=9.0), identity("a")),
    ],
    ids=["somebody before a guest", "the older", "the smaller id", "who was said to be"],
)
def test_the_parent_is(parent: Identity, child: Identity) -> None:
    assert [parent, child] == sorted([child, parent], key=rank)


def login(provider: str, digest: str, sealed: str | None = None) -> Login:
    return Login(pool_id="p", digest=digest, provider=provider, identity_id="i", linked=1.0, sealed_developer_id=sealed)


def test_a_developer_may_have_several_ids_for_one_identity() -> None:
    require_room([login(DEVELOPER, str(number), "sealed") for number in range(20)])

    with pytest.raises(LoginTaken, match="at most 20 logins"):
        require_room([login(DEVELOPER, str(number), "sealed") for number in range(21)])
    with pytest.raises(LoginTaken):
        require_room([login(GOOGLE, "1"), login(GOOGLE, "2")])


async def test_a_disabled_identity_with_a_login_of_the_parent_is_the_parent(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    guest, jane = await at.guest(pool), await at.get_id(pool, google="jane")
    await at.resolve(guest, google="jane")

    assert jane == await at.resolve(guest, google="jane")


async def test_a_disabled_identity_without_logins_is_forbidden(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)
    await at.get_id(pool, google="jane")
    await at.resolve(guest, google="jane")

    with pytest.raises(LoginRefused) as refused:
        await at.resolve(guest)

    assert f"Access to Identity '{guest}' is forbidden." == str(refused.value)


async def test_a_disabled_identity_with_somebody_elses_login_is_refused(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)
    await at.get_id(pool, google="jane")
    await at.resolve(guest, google="jane")
    await at.get_id(pool, facebook="eve")

    for subjects in ({"facebook": "eve"}, {"facebook": "nobody"}):
        with pytest.raises(LoginRefused, match="Logins don't match"):
            await at.resolve(guest, **subjects)


async def test_both_are_modified_when_they_merge(at: IdentityWorld, pool: IdentityPool) -> None:
    guest, jane = await at.guest(pool), await at.get_id(pool, google="jane")
    at.clock.advance(60)

    await at.resolve(guest, google="jane")

    assert {at.clock.now()} == {(await at.record(each)).modified for each in (guest, jane)}


async def test_a_chain_of_merges_ends_where_the_last_one_does(at: IdentityWorld, pool: IdentityPool) -> None:
    first = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    second = await at.get_id(pool, facebook="jane")
    at.clock.advance(1)
    third = await at.get_id(pool, amazon="jane")
    guest = await at.guest(pool)
    await at.resolve(guest, amazon="jane")
    await at.resolve(third, amazon="jane", facebook="jane")
    await at.resolve(second, facebook="jane", google="jane")

    for one in (guest, third, second, first):
        assert first == await at.resolve(one, google="jane")
    assert [first] == await at.listed(pool, hides_disabled=True)
    assert 4 == len(await at.listed(pool))


async def test_a_merge_that_was_only_marked_is_ended_by_who_comes_by(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    child = await at.get_id(pool, facebook="jane.f")
    await at.records.save(replace(await at.record(child), merging_into=jane))

    assert jane == await at.resolve(child, facebook="jane.f")
    assert (FACEBOOK, True) == ((await at.providers(jane))[1], (await at.record(child)).is_disabled)
    assert jane == await at.get_id(pool, facebook="jane.f")


async def test_a_merge_into_an_identity_that_is_deleted_meanwhile_is_undone(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    child = await at.get_id(pool, facebook="jane.f")
    await at.records.save(replace(await at.record(child), merging_into=jane))
    assert not await at.administration.delete([jane])

    assert child == await at.resolve(child, facebook="jane.f")
    assert (await at.record(child)).merging_into is None


async def test_what_became_a_part_of_a_deleted_identity_is_gone_too(at: IdentityWorld, pool: IdentityPool) -> None:
    guest, jane = await at.guest(pool), await at.get_id(pool, google="jane")
    await at.resolve(guest, google="jane")
    await at.administration.delete([jane])

    with pytest.raises(Exception, match=f"Identity '{guest}' not found."):
        await at.resolve(guest, google="jane")
    assert await at.get_id(pool, google="jane") not in (guest, jane)


async def test_a_login_that_came_to_the_child_finds_its_way(at: IdentityWorld, pool: IdentityPool) -> None:
    guest, jane = await at.guest(pool), await at.get_id(pool, google="jane")
    await at.resolve(guest, google="jane")
    other = await at.get_id(pool, facebook="jane.f")
    (stray,) = [login for login in await at.all_logins(pool) if login.identity_id == other]
    await at.logins.save(replace(stray, identity_id=guest))

    assert jane == await at.resolve(guest, facebook="jane.f")
    assert jane == await at.get_id(pool, facebook="jane.f")
    assert (GOOGLE, FACEBOOK) == await at.providers(jane)


async def test_who_read_the_child_too_early_has_to_look_again(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.record(await at.get_id(pool, google="jane"))
    guest = await at.record(await at.guest(pool))
    await at.records.save(replace(guest, modified=1.0))

    with pytest.raises(VersionConflict):
        await at.merging.merge(guest, jane)


async def test_identities_merged_is_told_once_for_each_merge(pool: IdentityPool) -> None:
    told: list[IdentitiesMerged] = []
    at = IdentityWorld(implementations=[Implementation("identities_merged", "test", told.append)])
    pool = await at.pool()
    guest, jane = await at.guest(pool), await at.get_id(pool, google="jane")

    for _ in range(3):
        await at.resolve(guest, google="jane")

    assert [(pool.id, jane, guest)] == [(event.pool_id, event.identity_id, event.child_id) for event in told]
    ((_, about),) = [(action, about) for action, about in at.trail.notes if action == "identity.merged"]
    assert (jane, {"child": guest}) == (about["subject"], about["facts"])


async def test_whatever_the_order_of_merges_all_are_one_in_the_end(at: IdentityWorld) -> None:
    """Pairs in any order, each end of which is asked for by its own login."""
    names = ("google", "facebook", "amazon")
    for order in itertools.permutations(itertools.combinations(names, 2)):
        pool = await at.pool()
        ids = {}
        for name in names:
            at.clock.advance(1)
            ids[name] = await at.get_id(pool, **{name: "jane"})
        for one, other in order[:2]:
            await at.resolve(ids[other], **{one: "jane", other: "jane"})

        assert {ids["google"]} == {await at.get_id(pool, **{name: "jane"}) for name in names}
        assert [ids["google"]] == await at.listed(pool, hides_disabled=True)
