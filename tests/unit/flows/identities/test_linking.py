"""Whose logins are: every row of the table of linking and merging."""

from __future__ import annotations

import pytest

from poolhouse.errors import IdentityNotFound, LoginRefused, LoginTaken
from poolhouse.records.identities import IdentityPool
from tests.support.identity_world import AMAZON, FACEBOOK, GOOGLE, IdentityWorld, logins

NO_MATCH = "Logins don't match. Please include at least one valid login for this identity or identity pool."


# --- an identity that is given ---------------------------------------------------------------------------------------


async def test_a_guest_with_new_logins_keeps_the_id_and_is_somebody(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)

    resolved = await at.resolve(guest, google="jane", facebook="jane.f")

    assert guest == resolved
    assert (GOOGLE, FACEBOOK) == await at.providers(guest)
    assert {guest} == {await at.get_id(pool, google="jane"), await at.get_id(pool, facebook="jane.f")}


async def test_who_was_a_guest_once_serves_guests_no_more(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)
    assert guest == await at.resolve(guest)
    await at.resolve(guest, google="jane")

    with pytest.raises(LoginRefused) as refused:
        await at.resolve(guest)

    assert f"Access to Identity '{guest}' is forbidden." == str(refused.value)


async def test_a_new_login_beside_one_of_the_identity_is_linked(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")

    resolved = await at.resolve(jane, google="jane", facebook="jane.f")

    assert jane == resolved
    assert jane == await at.get_id(pool, facebook="jane.f")


async def test_new_logins_alone_do_not_open_an_identity_that_has_others(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")

    with pytest.raises(LoginRefused) as refused:
        await at.resolve(jane, facebook="eve")

    assert str(refused.value) == NO_MATCH
    assert (GOOGLE,) == await at.providers(jane)
    assert await at.get_id(pool, facebook="eve") != jane


async def test_a_guest_with_the_login_of_somebody_becomes_a_part_of_them(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)
    at.clock.advance(60)
    jane = await at.get_id(pool, google="jane")

    resolved = await at.resolve(guest, google="jane")

    assert jane == resolved
    child = await at.record(guest)
    assert (jane, True) == (child.merging_into, child.is_disabled)


async def test_an_identity_with_own_and_anothers_login_is_merged_with_it(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(60)
    other = await at.get_id(pool, facebook="jane.f")

    resolved = await at.resolve(other, facebook="jane.f", google="jane")

    assert jane == resolved
    assert (GOOGLE, FACEBOOK) == await at.providers(jane)
    assert [jane, jane] == [await at.get_id(pool, google="jane"), await at.get_id(pool, facebook="jane.f")]


async def test_the_logins_of_somebody_else_do_not_open_an_identity(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    eve = await at.get_id(pool, facebook="eve")

    with pytest.raises(LoginRefused) as refused:
        await at.resolve(jane, facebook="eve")

    assert str(refused.value) == NO_MATCH
    assert [jane, eve] == [await at.resolve(jane, google="jane"), await at.resolve(eve, facebook="eve")]


async def test_a_second_login_of_a_provider_is_a_conflict(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane", facebook="jane.f")

    with pytest.raises(LoginTaken):
        await at.resolve(jane, facebook="jane.f", google="jane-at-work")

    assert await at.get_id(pool, google="jane-at-work") != jane


async def test_two_identities_with_a_provider_in_common_are_not_merged(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane", facebook="jane.f")
    other = await at.get_id(pool, google="jane-at-work", amazon="jane.a")

    with pytest.raises(LoginTaken):
        await at.resolve(jane, facebook="jane.f", amazon="jane.a")

    assert [jane, other] == [await at.get_id(pool, google="jane"), await at.get_id(pool, amazon="jane.a")]
    assert not (await at.record(jane)).merging_into
    assert not (await at.record(other)).merging_into


async def test_more_than_twenty_logins_are_not_linked(at: IdentityWorld, pool: IdentityPool) -> None:
    full = await at.identities.get_id(pool.id, {f"p{number}.example.com": "good jane" for number in range(10)})
    await at.identities.resolve(full, {f"p{number}.example.com": "good jane" for number in (0, *range(10, 19))})
    await at.identities.resolve(full, {f"p{number}.example.com": "good jane" for number in (0, 19)})

    with pytest.raises(LoginTaken):
        await at.identities.resolve(full, {"p0.example.com": "good jane", "p20.example.com": "good jane"})

    assert 20 == len(await at.all_logins(pool))


async def test_two_identities_with_more_than_twenty_logins_are_not_merged(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    names = [f"p{number}.example.com" for number in range(22)]
    halves = names[:11], names[11:]
    ids = []
    for half in halves:
        ids.append(await at.identities.get_id(pool.id, dict.fromkeys(half[:10], "good jane")))
        await at.identities.resolve(ids[-1], dict.fromkeys((half[0], half[10]), "good jane"))

    with pytest.raises(LoginTaken):
        await at.identities.resolve(ids[0], {halves[0][0]: "good jane", halves[1][0]: "good jane"})

    assert [11, 11] == [len(await at.providers(each)) for each in ids]


async def test_a_login_that_is_not_good_fails_the_whole_call(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")

    with pytest.raises(LoginRefused):
        await at.identities.resolve(jane, {GOOGLE: "good jane", FACEBOOK: "bad jane"})
    with pytest.raises(LoginRefused):
        await at.identities.get_id(pool.id, {GOOGLE: "good jane", FACEBOOK: "bad jane"})

    assert 1 == len(await at.all_logins(pool))


# --- GetId -----------------------------------------------------------------------------------------------------------


async def test_the_same_login_is_the_same_identity_for_ever(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")

    assert [jane] * 3 == [await at.get_id(pool, google="jane") for _ in range(3)]
    assert jane != await at.get_id(pool, google="joe")
    assert jane != await at.get_id(pool, facebook="jane")


async def test_several_new_logins_are_one_new_identity(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane", facebook="jane.f", amazon="jane.a")

    assert (GOOGLE, FACEBOOK, AMAZON) == await at.providers(jane)
    assert [jane] == await at.listed(pool)


async def test_several_logins_with_one_owner_are_theirs(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")

    assert jane == await at.get_id(pool, facebook="jane.f", google="jane")
    assert jane == await at.get_id(pool, facebook="jane.f")


async def test_several_logins_with_two_owners_merge_them(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    other = await at.get_id(pool, facebook="jane.f")

    assert jane == await at.get_id(pool, facebook="jane.f", google="jane", amazon="jane.a")
    assert (await at.record(other)).is_disabled
    assert jane == await at.get_id(pool, amazon="jane.a")


async def test_three_owners_become_one(at: IdentityWorld, pool: IdentityPool) -> None:
    first = await at.get_id(pool, google="jane")
    for subject in ("facebook", "amazon"):
        at.clock.advance(1)
        await at.get_id(pool, **{subject: "jane"})

    assert first == await at.get_id(pool, google="jane", facebook="jane", amazon="jane")
    assert [first] == await at.listed(pool, hides_disabled=True)


async def test_a_person_of_two_pools_is_two_unrelated_identities(at: IdentityWorld, pool: IdentityPool) -> None:
    other = await at.pool()

    ids = {await at.get_id(pool, google="jane"), await at.get_id(other, google="jane")}

    assert 2 == len(ids)
    (one,), (two,) = await at.all_logins(pool), await at.all_logins(other)
    assert one.digest != two.digest


async def test_two_spellings_of_one_login_are_one(at: IdentityWorld, pool: IdentityPool) -> None:
    field, ours = "cognito-idp.eu-north-1.amazonaws.com/eu-north-1_abc", "auth.example.com/eu-north-1_abc"

    one = await at.identities.get_id(pool.id, {field: "good jane"})

    assert one == await at.identities.get_id(pool.id, {ours: "good jane"})
    assert one == await at.identities.get_id(pool.id, {field: "good jane", ours: "good jane"})
    assert (field,) == await at.providers(one)


async def test_two_users_of_one_provider_in_one_call_are_a_conflict_and_nobody_is_made(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    field, ours = "cognito-idp.eu-north-1.amazonaws.com/eu-north-1_abc", "auth.example.com/eu-north-1_abc"

    with pytest.raises(LoginTaken):
        await at.identities.get_id(pool.id, {field: "good jane", ours: "good joe"})

    assert [] == await at.listed(pool)


# --- what is gone ----------------------------------------------------------------------------------------------------


async def test_an_identity_that_is_not_there_is_not_found(at: IdentityWorld, pool: IdentityPool) -> None:
    with pytest.raises(IdentityNotFound) as refused:
        await at.identities.resolve("eu-north-1:0", logins(google="jane"))

    assert "Identity 'eu-north-1:0' not found." == str(refused.value)


async def test_a_login_that_came_to_a_deleted_identity_is_free_after_the_next_call(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    jane = await at.get_id(pool, google="jane")
    (login,) = await at.all_logins(pool)
    assert not await at.administration.delete([jane])
    # As by a process that had read the identity before, and died behind this write.
    await at.logins.add(login)
    assert jane == await at.get_id(pool, google="jane")

    with pytest.raises(IdentityNotFound):
        await at.resolve(jane, google="jane")

    new = await at.get_id(pool, google="jane")
    assert new != jane
    assert new == await at.resolve(new, google="jane")
