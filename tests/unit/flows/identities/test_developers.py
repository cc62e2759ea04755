"""A developer's own users: every row of the table, looking up, merging, unlinking."""

from __future__ import annotations

import pytest

from poolhouse.errors import (
    DeveloperUserNotFound,
    DeveloperUserTaken,
    IdentityNotFound,
    IdentityPoolNotFound,
    InvalidParameter,
    LoginRefused,
    LoginTaken,
)
from poolhouse.records.identities import IdentityPool
from tests.support.identity_world import DEVELOPER, GOOGLE, IdentityWorld, logins, own_token

# --- the table -------------------------------------------------------------------------------------------------------


async def test_an_unknown_user_is_a_new_identity_of_the_pool(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane")

    assert pool.id == (await at.record(jane)).pool_id
    assert (DEVELOPER,) == await at.providers(jane)


async def test_a_known_user_is_the_same_identity(at: IdentityWorld, pool: IdentityPool) -> None:
    assert await at.vouch(pool, "jane") == await at.vouch(pool, "jane")
    assert await at.vouch(pool, "jane") != await at.vouch(pool, "joe")


async def test_an_unknown_user_is_linked_to_the_guest_that_is_given(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)

    assert guest == await at.vouch(pool, "jane", guest)
    assert guest == await at.vouch(pool, "jane")
    with pytest.raises(LoginRefused):
        await at.resolve(guest)


async def test_an_unknown_user_is_linked_to_somebody_who_is_given(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")

    assert [jane, jane] == [await at.vouch(pool, "jane", jane), await at.vouch(pool, "jane-2", jane)]


async def test_a_known_user_with_the_own_identity_is_that(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane")

    assert jane == await at.vouch(pool, "jane", jane)


async def test_a_known_user_with_another_identity_is_refused(at: IdentityWorld, pool: IdentityPool) -> None:
    jane, guest, joe = await at.vouch(pool, "jane"), await at.guest(pool), await at.vouch(pool, "joe")

    for other in (guest, joe):
        with pytest.raises(DeveloperUserTaken):
            await at.vouch(pool, "jane", other)

    assert [jane, guest] == [await at.vouch(pool, "jane"), await at.resolve(guest)]


async def test_an_identity_of_another_pool_is_not_found(at: IdentityWorld, pool: IdentityPool) -> None:
    other = await at.pool()
    theirs = await at.guest(other)

    with pytest.raises(IdentityNotFound):
        await at.vouch(pool, "jane", theirs)
    with pytest.raises(IdentityNotFound):
        await at.vouch(pool, "jane", "eu-north-1:0")


async def test_a_public_login_of_somebody_else_merges_them(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    known, guest = await at.vouch(pool, "jane-1"), await at.guest(pool)

    assert jane == await at.vouch(pool, "jane-1", None, google="jane")
    assert jane == await at.vouch(pool, "jane-2", None, google="jane")
    assert jane == await at.vouch(pool, "jane-3", guest, google="jane")
    assert [True, True] == [(await at.record(each)).is_disabled for each in (known, guest)]


async def test_a_public_login_beside_it_is_linked_and_has_to_be_good(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane", None, google="jane")

    assert jane == await at.get_id(pool, google="jane")
    with pytest.raises(LoginRefused):
        await at.developers.vouch(pool.id, None, {DEVELOPER: "jim", GOOGLE: "bad jim"})
    with pytest.raises(DeveloperUserNotFound):
        await at.developers.lookup(pool.id, None, "jim", 10, None)


async def test_what_is_vouched_for_says_which_user_it_is(at: IdentityWorld, pool: IdentityPool) -> None:
    resolved = await at.developers.vouch(pool.id, None, {DEVELOPER: "jane", **logins(google="g")})

    assert [(DEVELOPER, f"{DEVELOPER}:{pool.id}:jane"), (GOOGLE,)] == [each.amr for each in resolved.proven]


@pytest.mark.parametrize(
    "given",
    [{}, {GOOGLE: "good jane"}, {"login.elsewhere.example": "jane"}, {DEVELOPER: ""}, {DEVELOPER: "x" * 1025}],
    ids=["none", "public ones only", "another's", "empty", "too long"],
)
async def test_the_developers_login_has_to_be_there(
    at: IdentityWorld, pool: IdentityPool, given: dict[str, str]
) -> None:
    with pytest.raises((InvalidParameter, LoginRefused)):
        await at.developers.vouch(pool.id, None, given)

    assert [] == await at.listed(pool)


async def test_a_token_of_ours_is_nothing_that_a_developer_vouches_for(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane")

    with pytest.raises(InvalidParameter):
        await at.developers.vouch(
            pool.id, None, {DEVELOPER: "joe", **own_token(jane, pool.id, "authenticated", DEVELOPER)}
        )


async def test_a_pool_without_a_developer_provider_has_no_such_users(at: IdentityWorld) -> None:
    pool = await at.pool(developer_provider=None)

    with pytest.raises(InvalidParameter):
        await at.vouch(pool, "jane")
    with pytest.raises(InvalidParameter):
        await at.developers.merge(pool.id, DEVELOPER, "jane", "joe")
    with pytest.raises(DeveloperUserNotFound):
        await at.developers.lookup(pool.id, None, "jane", 10, None)


# --- looking up ------------------------------------------------------------------------------------------------------


async def test_an_identity_is_found_by_the_user_and_the_user_by_the_identity(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    jane = await at.vouch(pool, "jänë", None, google="jane")
    await at.vouch(pool, "jane-2", jane)

    by_user = await at.developers.lookup(pool.id, None, "jänë", 10, None)
    by_identity = await at.developers.lookup(pool.id, jane, None, 10, None)
    both = await at.developers.lookup(pool.id, jane, "jane-2", 10, None)

    assert [(jane, ["jänë"]), (jane, ["jane-2"])] == [(x.identity_id, [*x.developer_ids]) for x in (by_user, both)]
    assert {"jänë", "jane-2"} == set(by_identity.developer_ids)


async def test_users_of_an_identity_come_page_by_page(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane-0")
    for number in range(1, 7):
        await at.vouch(pool, f"jane-{number}", jane)
    found: list[str] = []
    sizes, cursor = [], None
    while True:
        page = await at.developers.lookup(pool.id, jane, None, 3, cursor)
        found += page.developer_ids
        sizes.append(len(page.developer_ids))
        cursor = page.cursor
        if cursor is None:
            break

    assert [3, 3, 1] == sizes
    assert [f"jane-{number}" for number in range(7)] == sorted(found)


async def test_a_cursor_of_another_identity_is_refused(at: IdentityWorld, pool: IdentityPool) -> None:
    jane, joe = await at.vouch(pool, "jane"), await at.vouch(pool, "joe")
    await at.vouch(pool, "jane-2", jane)
    cursor = (await at.developers.lookup(pool.id, jane, None, 1, None)).cursor

    for identity, bad in ((joe, cursor), (jane, "x"), (jane, "")):
        with pytest.raises(InvalidParameter):
            await at.developers.lookup(pool.id, identity, None, 1, bad)


async def test_what_does_not_belong_together_is_a_conflict(at: IdentityWorld, pool: IdentityPool) -> None:
    jane, joe = await at.vouch(pool, "jane"), await at.vouch(pool, "joe")

    with pytest.raises(LoginTaken):
        await at.developers.lookup(pool.id, jane, "joe", 10, None)
    assert joe == (await at.developers.lookup(pool.id, joe, "joe", 10, None)).identity_id


async def test_what_is_not_there_is_not_found(at: IdentityWorld, pool: IdentityPool) -> None:
    other = await at.pool()
    theirs = await at.vouch(other, "jane")

    with pytest.raises(DeveloperUserNotFound):
        await at.developers.lookup(pool.id, None, "jane", 10, None)
    with pytest.raises(IdentityNotFound):
        await at.developers.lookup(pool.id, theirs, None, 10, None)
    with pytest.raises(IdentityPoolNotFound):
        await at.developers.lookup("eu-north-1:0", theirs, None, 10, None)
    with pytest.raises(InvalidParameter):
        await at.developers.lookup(pool.id, None, None, 10, None)


async def test_the_user_of_a_deleted_identity_is_unknown(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane")
    await at.administration.delete([jane])

    with pytest.raises(DeveloperUserNotFound):
        await at.developers.lookup(pool.id, None, "jane", 10, None)
    assert jane != await at.vouch(pool, "jane")


# --- merging ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["older", "younger"])
async def test_the_destination_is_the_parent_whichever_is_older(
    at: IdentityWorld, pool: IdentityPool, source: str
) -> None:
    ids = {"older": await at.vouch(pool, "older", None, google="jane")}
    at.clock.advance(1)
    ids["younger"] = await at.vouch(pool, "younger")
    destination = "younger" if source == "older" else "older"

    merged = await at.developers.merge(pool.id, DEVELOPER, source, destination)

    assert ids[destination] == merged
    assert [merged] * 3 == [
        await at.vouch(pool, "older"),
        await at.vouch(pool, "younger"),
        await at.get_id(pool, google="jane"),
    ]
    assert (await at.record(ids[source])).is_disabled


async def test_who_was_the_destination_stays_the_older_one_in_what_follows(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    for user in ("first", "second", "third"):
        await at.vouch(pool, user)
        at.clock.advance(1)
    third = await at.vouch(pool, "third")
    await at.developers.merge(pool.id, DEVELOPER, "first", "third")

    assert third == await at.developers.merge(pool.id, DEVELOPER, "second", "first")
    assert [third] == await at.listed(pool, hides_disabled=True)


async def test_two_users_of_one_identity_are_merged_already(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane")
    await at.vouch(pool, "jane-2", jane)

    assert jane == await at.developers.merge(pool.id, DEVELOPER, "jane", "jane-2")
    assert jane == await at.developers.merge(pool.id, DEVELOPER, "jane", "jane")


async def test_users_with_a_public_provider_in_common_are_not_merged(at: IdentityWorld, pool: IdentityPool) -> None:
    one, two = await at.vouch(pool, "one", None, google="one"), await at.vouch(pool, "two", None, google="two")

    with pytest.raises(LoginTaken):
        await at.developers.merge(pool.id, DEVELOPER, "one", "two")

    assert [one, two] == [await at.vouch(pool, "one"), await at.vouch(pool, "two")]


async def test_users_with_more_than_twenty_logins_together_are_not_merged(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    for side, count in (("a", 11), ("b", 10)):
        first = await at.vouch(pool, f"{side}0")
        for number in range(1, count):
            await at.vouch(pool, f"{side}{number}", first)

    with pytest.raises(LoginTaken):
        await at.developers.merge(pool.id, DEVELOPER, "a0", "b0")


async def test_only_known_users_of_the_pools_own_provider_are_merged(at: IdentityWorld, pool: IdentityPool) -> None:
    await at.vouch(pool, "jane")

    for source, destination in (("jane", "nobody"), ("nobody", "jane")):
        with pytest.raises(DeveloperUserNotFound):
            await at.developers.merge(pool.id, DEVELOPER, source, destination)
    with pytest.raises(InvalidParameter):
        await at.developers.merge(pool.id, GOOGLE, "jane", "jane")


# --- unlinking -------------------------------------------------------------------------------------------------------


async def test_an_unlinked_user_is_new_next_time(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane", None, google="jane")

    await at.developers.unlink(pool.id, jane, DEVELOPER, "jane")

    assert (GOOGLE,) == await at.providers(jane)
    assert jane != await at.vouch(pool, "jane")


async def test_a_user_of_another_identity_is_not_unlinked(at: IdentityWorld, pool: IdentityPool) -> None:
    jane, joe = await at.vouch(pool, "jane"), await at.vouch(pool, "joe")

    with pytest.raises(LoginTaken):
        await at.developers.unlink(pool.id, jane, DEVELOPER, "joe")
    with pytest.raises(DeveloperUserNotFound):
        await at.developers.unlink(pool.id, jane, DEVELOPER, "nobody")
    with pytest.raises(InvalidParameter):
        await at.developers.unlink(pool.id, jane, GOOGLE, "jane")

    assert [jane, joe] == [await at.vouch(pool, "jane"), await at.vouch(pool, "joe")]
