"""What somebody else does between two steps: one at a time, at the very place where it matters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from poolhouse.errors import IdentityNotFound, LoginRefused, LoginTaken
from poolhouse.records.identities import IdentityPool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Entry, Stored
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.identity_world import FACEBOOK, GOOGLE, IdentityWorld, Interleaved, logins


class Meddled(Interleaved):
    """Before the next insertion into (or change of) a collection something else happens, once."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(MemoryStore(collections.ALL, clock))
        self._meddling: dict[tuple[str, str], Callable[[], Awaitable[object]]] = {}

    def before(self, verb: str, collection: Collection, do: Callable[[], Awaitable[object]]) -> None:
        self._meddling[verb, collection.name] = do

    async def _meddle(self, verb: str, collection: Collection) -> None:
        do = self._meddling.pop((verb, collection.name), None)
        if do is not None:
            await do()

    async def insert(self, collection: Collection, entry: Entry) -> Stored:
        await self._meddle("insert", collection)
        return await super().insert(collection, entry)

    async def replace(self, collection: Collection, entry: Entry) -> Stored:
        await self._meddle("replace", collection)
        return await super().replace(collection, entry)


@pytest.fixture
def store() -> Meddled:
    return Meddled(FakeClock(1_800_000_000.0))


@pytest.fixture
def at(store: Meddled) -> IdentityWorld:
    return IdentityWorld(store)


async def test_who_was_slower_takes_the_own_identity_back(
    at: IdentityWorld, pool: IdentityPool, store: Meddled
) -> None:
    won: list[str] = []

    async def faster() -> None:
        won.append(await at.get_id(pool, google="jane"))

    store.before("insert", collections.LOGINS, faster)

    assert [await at.get_id(pool, google="jane")] == won
    assert won == await at.listed(pool)
    assert ["identity.created"] == at.trail.actions


async def test_a_guest_whose_login_is_found_elsewhere_meanwhile_becomes_that(
    at: IdentityWorld, pool: IdentityPool, store: Meddled
) -> None:
    guest = await at.guest(pool)
    won: list[str] = []

    async def faster() -> None:
        won.append(await at.get_id(pool, google="jane"))

    store.before("insert", collections.LOGINS, faster)

    resolved = await at.resolve(guest, google="jane")

    # Both had a login by then: the older one is the parent.
    assert {resolved} == {guest, *won} - set(await at.listed(pool)) | set(await at.listed(pool, hides_disabled=True))
    assert resolved == await at.get_id(pool, google="jane")


async def test_who_links_to_an_identity_that_is_deleted_meanwhile_is_told_and_the_login_is_free(
    at: IdentityWorld, pool: IdentityPool, store: Meddled
) -> None:
    guest = await at.guest(pool)
    store.before("insert", collections.LOGINS, lambda: at.administration.delete([guest]))

    with pytest.raises(IdentityNotFound) as refused:
        await at.resolve(guest, google="jane")

    assert f"Identity '{guest}' not found." == str(refused.value)
    assert [] == await at.all_logins(pool)


async def test_who_links_to_an_identity_that_is_merged_meanwhile_is_linked_to_the_parent(
    at: IdentityWorld, pool: IdentityPool, store: Meddled
) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    other = await at.get_id(pool, facebook="jane")
    store.before("insert", collections.LOGINS, lambda: at.resolve(other, google="jane", facebook="jane"))

    resolved = await at.resolve(other, facebook="jane", amazon="jane")

    assert [jane] * 2 == [resolved, await at.get_id(pool, amazon="jane")]
    assert {jane} == {login.identity_id for login in await at.all_logins(pool)}


async def test_of_two_logins_of_a_provider_linked_at_once_the_second_is_taken_back(
    at: IdentityWorld, pool: IdentityPool, store: Meddled
) -> None:
    jane = await at.get_id(pool, facebook="jane")
    store.before("insert", collections.LOGINS, lambda: at.resolve(jane, facebook="jane", google="jane"))

    with pytest.raises(LoginTaken):
        await at.resolve(jane, facebook="jane", google="jane-at-work", amazon="jane")

    assert (GOOGLE, FACEBOOK) == await at.providers(jane)
    assert jane == await at.get_id(pool, google="jane")
    assert [None, None] == [
        *await at.linking.found(pool, at.linking.claims(pool, await at.proofs.prove(pool, logins(amazon="jane")))),
        *await at.linking.found(
            pool, at.linking.claims(pool, await at.proofs.prove(pool, logins(google="jane-at-work")))
        ),
    ]


async def test_a_guest_whom_somebody_else_becomes_meanwhile_is_not_opened(
    at: IdentityWorld, pool: IdentityPool, store: Meddled
) -> None:
    guest = await at.guest(pool)
    store.before("replace", collections.IDENTITIES, lambda: at.resolve(guest, facebook="eve"))

    with pytest.raises(LoginRefused):
        await at.resolve(guest, google="jane")

    assert (FACEBOOK,) == await at.providers(guest)


async def test_a_parent_that_is_merged_meanwhile_passes_its_child_on(
    at: IdentityWorld, pool: IdentityPool, store: Meddled
) -> None:
    first = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    second = await at.get_id(pool, facebook="jane")
    at.clock.advance(1)
    third = await at.get_id(pool, amazon="jane")
    store.before("replace", collections.IDENTITIES, lambda: at.resolve(second, google="jane", facebook="jane"))

    await at.resolve(third, amazon="jane", facebook="jane")

    assert {first} == {await at.resolve(each, google="jane") for each in (first, second, third)}
    assert {first} == {login.identity_id for login in await at.all_logins(pool)}


async def test_a_login_that_moves_while_it_is_unlinked_is_unlinked(
    at: IdentityWorld, pool: IdentityPool, store: Meddled
) -> None:
    jane = await at.get_id(pool, google="jane")
    at.clock.advance(1)
    other = await at.get_id(pool, facebook="jane", amazon="jane")
    store.before("replace", collections.IDENTITIES, lambda: at.resolve(other, google="jane", facebook="jane"))

    await at.identities.unlink(other, logins(facebook="jane"), ["www.amazon.com"])

    assert (GOOGLE, FACEBOOK) == await at.providers(jane)
    assert jane != await at.get_id(pool, amazon="jane")


# --- what is written -------------------------------------------------------------------------------------------------


async def test_a_guest_remembers_by_whom_it_was_claimed_and_somebody_does_not(
    at: IdentityWorld, pool: IdentityPool
) -> None:
    guest, jane = await at.guest(pool), await at.get_id(pool, amazon="joe")
    await at.resolve(guest, google="jane")
    claimed = (await at.record(guest)).claimed_by
    at.clock.advance(60)

    await at.resolve(guest, google="jane", facebook="jane")
    await at.resolve(jane, amazon="joe", google="joe")

    (google,) = at.linking.claims(pool, await at.proofs.prove(pool, logins(google="jane")))
    record = await at.record(guest)
    assert [(google.digest,)] * 2 == [claimed, record.claimed_by]
    assert at.clock.now() == record.modified != record.created
    assert () == (await at.record(jane)).claimed_by


async def test_what_is_linked_is_noted_with_its_providers_and_by_whom(at: IdentityWorld, pool: IdentityPool) -> None:
    guest = await at.guest(pool)
    await at.resolve(guest, google="jane", facebook="jane")

    notes: list[Any] = [about for action, about in at.trail.notes if action == "identity.linked"]

    providers = {"providers": f"{GOOGLE} {FACEBOOK}"}
    assert [(pool.id, guest, f"identity:{guest}", providers)] == [
        (each["pool_id"], each["subject"], each["actor"], each["facts"]) for each in notes
    ]
    assert {at.clock.now()} == {login.linked for login in await at.all_logins(pool)}
