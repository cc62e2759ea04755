"""What anybody may ask of identities: guests, tokens of ours as logins, the classic flow, unlinking; what is kept."""

from __future__ import annotations

import logging

import pytest
from msgspec.structs import replace

from poolhouse.errors import (
    IdentityNotFound,
    IdentityPoolNotFound,
    InvalidParameter,
    LoginRefused,
    TooManyRequests,
)
from poolhouse.flows.identities.digests import login_digest
from poolhouse.hooks.dispatch import Implementation
from poolhouse.hooks.events.identities import IdentityCreated
from poolhouse.hooks.events.protection import OverLimit
from poolhouse.ports.origin import Origin, begin
from poolhouse.records.identities import IdentityPool, RoleMapping
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.counting import CountingStore
from tests.support.identity_world import (
    AMAZON,
    DEVELOPER,
    FACEBOOK,
    GOOGLE,
    IdentityWorld,
    logins,
    own_token,
)

NO_GUESTS = "Unauthenticated access is not supported for this identity pool."
SAML = "arn:aws:iam::123456789012:saml-provider/corp"


# --- guests ----------------------------------------------------------------------------------------------------------


async def test_a_guest_is_new_each_time(at: IdentityWorld, pool: IdentityPool) -> None:
    assert 3 == len({await at.guest(pool) for _ in range(3)})


async def test_an_id_is_of_the_region_of_its_pool_and_says_nothing(at: IdentityWorld, pool: IdentityPool) -> None:
    region, _, rest = (await at.get_id(pool, google="jane")).partition(":")

    assert ("eu-north-1", 36) == (region, len(rest))


async def test_without_guests_there_are_none(at: IdentityWorld) -> None:
    pool = await at.pool(allows_guests=False)

    with pytest.raises(LoginRefused) as refused:
        await at.guest(pool)

    assert str(refused.value) == NO_GUESTS
    assert [] == await at.listed(pool)


async def test_guests_of_before_get_nothing_once_there_are_to_be_none(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)
    await at.pools.save(replace(pool, allows_guests=False))

    with pytest.raises(LoginRefused) as refused:
        await at.resolve(guest)

    assert str(refused.value) == NO_GUESTS
    assert guest == await at.resolve(guest, google="jane")


async def test_a_pool_that_is_not_there_is_not_found(at: IdentityWorld) -> None:
    with pytest.raises(IdentityPoolNotFound) as refused:
        await at.identities.get_id("eu-north-1:0", {})

    assert "IdentityPool 'eu-north-1:0' not found." == str(refused.value)


async def test_the_id_of_a_guest_stands_in_no_trail_and_no_log(
    caplog: pytest.LogCaptureFixture, at: IdentityWorld, pool: IdentityPool
) -> None:
    caplog.set_level(logging.DEBUG)

    guest = await at.guest(pool)
    await at.resolve(guest)

    assert guest not in repr(at.trail.notes)
    assert guest not in caplog.text


async def test_identity_created_is_told_of_guests_and_of_users_once() -> None:
    told: list[IdentityCreated] = []
    at = IdentityWorld(implementations=[Implementation("identity_created", "test", told.append)])
    pool = await at.pool()

    guest, jane = await at.guest(pool), await at.get_id(pool, google="jane")
    await at.get_id(pool, google="jane")

    assert [(guest, ()), (jane, (GOOGLE,))] == [(event.identity_id, event.providers) for event in told]
    assert guest not in repr(told[0])


async def test_one_address_makes_so_many_guests_a_minute_and_others_are_not_in_its_way() -> None:
    at = IdentityWorld(guests=3)
    pool = await at.pool()
    begin(Origin(source="192.0.2.1"))
    for _ in range(3):
        await at.guest(pool)

    with pytest.raises(TooManyRequests):
        await at.guest(pool)
    assert 3 == len(await at.listed(pool))
    assert await at.get_id(pool, google="jane")
    begin(Origin(source="192.0.2.2"))
    assert await at.guest(pool)
    begin(Origin(source="192.0.2.1", actor="key:AKIA"))
    assert await at.guest(pool)
    begin(Origin(source="192.0.2.1"))
    at.clock.advance(20)
    assert await at.guest(pool)


async def test_a_plugin_may_let_more_guests_in() -> None:
    asked: list[OverLimit] = []

    def over_limit(event: OverLimit) -> bool:
        asked.append(event)
        return True

    at = IdentityWorld(implementations=[Implementation("over_limit", "test", over_limit)], guests=1)
    pool = await at.pool()
    begin(Origin(source="192.0.2.1"))

    assert 2 == len({await at.guest(pool) for _ in range(2)})
    assert [("guest", "source", pool.id)] == [(event.asked, event.scope, event.pool_id) for event in asked]


# --- tokens of our own -----------------------------------------------------------------------------------------------


async def test_a_token_of_ours_opens_the_identity_that_it_is_of(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane")
    ours = own_token(jane, pool.id, "authenticated", DEVELOPER)

    resolved = await at.identities.resolve(jane, ours)

    assert (jane, False) == (resolved.identity.id, resolved.is_guest)
    assert resolved.own is not None
    by_our_host = {"auth.example.com": next(iter(ours.values()))}
    assert jane == (await at.identities.resolve(jane, by_our_host)).identity.id
    assert jane == await at.identities.get_id(pool.id, ours)


async def test_a_token_of_ours_opens_no_other_identity_and_no_other_pool(at: IdentityWorld, pool: IdentityPool) -> None:
    jane, joe, guest = await at.vouch(pool, "jane"), await at.vouch(pool, "joe"), await at.guest(pool)
    other = await at.pool()
    theirs = await at.vouch(other, "jane")

    for identity, token in (
        (joe, own_token(jane, pool.id, "authenticated", DEVELOPER)),
        (guest, own_token(jane, pool.id, "authenticated", DEVELOPER)),
        (theirs, own_token(theirs, pool.id, "authenticated", DEVELOPER)),
        (theirs, own_token(jane, pool.id, "authenticated", DEVELOPER)),
    ):
        with pytest.raises(LoginRefused, match="Logins don't match"):
            await at.identities.resolve(identity, token)


async def test_the_token_of_a_guest_is_no_login(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)
    token = own_token(guest, pool.id, "unauthenticated")

    assert (await at.identities.resolve(guest, token)).is_guest
    await at.resolve(guest, google="jane")
    with pytest.raises(LoginRefused, match="is forbidden"):
        await at.identities.resolve(guest, token)


async def test_a_token_of_ours_is_worth_nothing_once_its_logins_are_unlinked(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    jane = await at.vouch(pool, "jane", google="jane")
    token = own_token(jane, pool.id, "authenticated", DEVELOPER)
    await at.developers.unlink(pool.id, jane, DEVELOPER, "jane")

    with pytest.raises(LoginRefused):
        await at.identities.resolve(jane, token)
    with pytest.raises(LoginRefused):
        await at.identities.get_id(pool.id, token)
    assert jane == await at.resolve(jane, google="jane")


async def test_a_token_of_ours_is_over_when_the_identity_is_revoked(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane")
    await at.records.save(replace(await at.record(jane), revoked_before=100.0))

    with pytest.raises(LoginRefused):
        await at.identities.resolve(jane, own_token(jane, pool.id, "authenticated", DEVELOPER, issued=99.0))
    assert await at.identities.resolve(jane, own_token(jane, pool.id, "authenticated", DEVELOPER, issued=100.0))


async def test_a_login_beside_a_token_of_ours_is_linked(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane")

    await at.identities.resolve(jane, {**own_token(jane, pool.id, "authenticated", DEVELOPER), **logins(google="jane")})

    assert jane == await at.get_id(pool, google="jane")


async def test_a_token_of_ours_for_a_child_opens_the_parent(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    other = await at.vouch(pool, "jane")
    await at.vouch(pool, "jane", None, google="jane")

    assert (
        jane == (await at.identities.resolve(other, own_token(other, pool.id, "authenticated", DEVELOPER))).identity.id
    )


# --- the classic flow ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allows", [True, None])
async def test_the_classic_flow_works_unless_it_is_off(at: IdentityWorld, allows: bool | None) -> None:
    pool = await at.pool(allows_classic=allows)
    guest = await at.guest(pool)

    assert guest == (await at.identities.resolve(guest, {}, is_classic=True)).identity.id


async def test_the_classic_flow_that_is_off_links_nothing(at: IdentityWorld) -> None:
    pool = await at.pool(allows_classic=False)
    guest = await at.guest(pool)

    with pytest.raises(InvalidParameter) as refused:
        await at.identities.resolve(guest, logins(google="jane"), is_classic=True)

    assert "Basic (classic) flow is not enabled, please use enhanced flow." == str(refused.value)
    assert () == await at.providers(guest)
    assert guest == await at.resolve(guest)


async def test_the_classic_flow_does_not_go_with_role_mappings(at: IdentityWorld) -> None:
    pool = await at.pool(mappings=(RoleMapping(provider=GOOGLE, kind="Token", ambiguous="Deny"),))
    guest = await at.guest(pool)

    with pytest.raises(InvalidParameter) as refused:
        await at.identities.resolve(guest, {}, is_classic=True)

    said = "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow."
    assert said == str(refused.value)


async def test_the_classic_flow_does_not_go_with_saml(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.identities.get_id(pool.id, {SAML: "good jane"})

    with pytest.raises(InvalidParameter, match="not supported with SAML"):
        await at.identities.resolve(jane, {SAML: "good jane"}, is_classic=True)
    assert await at.identities.resolve(jane, {SAML: "good jane"})


# --- unlinking -------------------------------------------------------------------------------------------------------


async def test_an_unlinked_login_is_new_next_time(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane", facebook="jane")

    await at.identities.unlink(jane, logins(google="jane"), [FACEBOOK])

    assert (GOOGLE,) == await at.providers(jane)
    assert jane != await at.get_id(pool, facebook="jane")
    assert jane == await at.get_id(pool, google="jane")


async def test_the_login_that_made_somebody_of_a_guest_is_new_too_once_it_is_unlinked(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    guest = await at.guest(pool)
    await at.resolve(guest, google="jane", facebook="jane")

    await at.identities.unlink(guest, logins(facebook="jane"), [GOOGLE])

    with pytest.raises(LoginRefused):
        await at.resolve(guest, google="jane")


async def test_without_its_last_login_an_identity_cannot_be_reached(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")

    await at.identities.unlink(jane, logins(google="jane"), [GOOGLE])

    for subjects in ({}, {"google": "jane"}):
        with pytest.raises(LoginRefused):
            await at.resolve(jane, **subjects)
    assert () == await at.providers(jane)


@pytest.mark.parametrize(
    ("proof", "removed"),
    [
        ({"facebook": "eve"}, [GOOGLE]),
        ({"google": "eve"}, [GOOGLE]),
        ({"google": "jane"}, [FACEBOOK]),
        ({"google": "jane"}, [GOOGLE, AMAZON]),
        ({}, [GOOGLE]),
    ],
    ids=["another's", "another's of the provider", "what is not linked", "one of two", "nothing"],
)
async def test_nothing_is_unlinked_by(
    at: IdentityWorld, pool: IdentityPool, proof: dict[str, str], removed: list[str]
) -> None:
    jane = await at.get_id(pool, google="jane")
    await at.get_id(pool, facebook="eve")

    with pytest.raises(LoginRefused):
        await at.identities.unlink(jane, logins(**proof), removed)

    assert (GOOGLE,) == await at.providers(jane)


async def test_the_developers_login_is_not_for_users_to_unlink(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.vouch(pool, "jane", google="jane")

    with pytest.raises(InvalidParameter, match="Please provide a valid public provider"):
        await at.identities.unlink(jane, logins(google="jane"), [DEVELOPER])

    assert jane == await at.vouch(pool, "jane")


async def test_a_login_is_unlinked_by_either_of_its_spellings(at: IdentityWorld, pool: IdentityPool) -> None:
    field, ours = "cognito-idp.eu-north-1.amazonaws.com/eu-north-1_abc", "auth.example.com/eu-north-1_abc"
    jane = await at.identities.get_id(pool.id, {field: "good jane"})

    await at.identities.unlink(jane, {ours: "good jane"}, [ours])

    assert () == await at.providers(jane)


async def test_a_deleted_identity_cannot_be_unlinked_from(at: IdentityWorld, pool: IdentityPool) -> None:
    jane = await at.get_id(pool, google="jane")
    await at.administration.delete([jane])

    with pytest.raises(IdentityNotFound):
        await at.identities.unlink(jane, logins(google="jane"), [GOOGLE])


# --- what it costs ---------------------------------------------------------------------------------------------------


async def test_who_is_known_costs_one_reading_and_a_resolving_two() -> None:
    clock = FakeClock(1_800_000_000.0)
    counting = CountingStore(MemoryStore(collections.ALL, clock))
    at = IdentityWorld(counting, clock)
    pool = await at.pool()
    jane = await at.get_id(pool, google="jane", facebook="jane")
    await at.identities.get_id(pool.id, {})
    counting.rounds.clear()

    await at.get_id(pool, google="jane")
    assert [["get logins"]] == counting.rounds
    counting.rounds.clear()

    await at.resolve(jane, google="jane", facebook="jane")
    assert [["get identities"], ["get logins", "get logins"]] == counting.rounds


# --- what is kept ----------------------------------------------------------------------------------------------------


async def test_the_store_holds_no_subject_address_or_token(at: IdentityWorld, pool: IdentityPool) -> None:
    """Every collection, byte by byte, after all that can be done with logins."""
    telling = ("subject-jane-4711", "jane@example.com", "token-jane-4712")
    given = {GOOGLE: f"good {telling[0]}", FACEBOOK: f"good {telling[1]}", AMAZON: f"good {telling[2]}"}
    guest = await at.guest(pool)
    await at.identities.resolve(guest, given)
    await at.identities.get_id(pool.id, given)
    await at.vouch(pool, "developer-jane-4713", guest)
    await at.identities.unlink(guest, given, [AMAZON])
    await at.identities.get_id(pool.id, {AMAZON: given[AMAZON]})
    with pytest.raises(LoginRefused):
        await at.identities.resolve(guest, {AMAZON: f"bad {telling[2]}"})

    held = b""
    for collection in collections.ALL:
        page = await at.store.find(collection, Query(limit=1000))
        assert page.next is None
        for entry in page.entries:
            held += "/".join(entry.key).encode() + entry.json

    assert guest.encode() in held
    assert [] == [each for each in (*telling, "developer-jane-4713", "good") if each.encode() in held]
    assert [] == [each for each in telling if each in repr(at.trail.notes)]


async def test_a_digest_needs_the_key_of_the_pool(at: IdentityWorld, pool: IdentityPool) -> None:
    other = await at.pool()
    secrets = at.vault

    digests = {
        login_digest(secrets, pool, GOOGLE, "jane"),
        login_digest(secrets, other, GOOGLE, "jane"),
        login_digest(secrets, pool, FACEBOOK, "jane"),
        login_digest(secrets, pool, GOOGLE, "joe"),
        login_digest(secrets, pool, GOOGLE + "j", "ane"),
    }

    assert 5 == len(digests)
    assert {64} == {len(each) for each in digests}
    with pytest.raises(ValueError, match="sealed"):
        login_digest(secrets, replace(pool, id=other.id), GOOGLE, "jane")
