"""What users are found by, and their names, while two versions write (decision 0008)."""

from __future__ import annotations

from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.ports.users import UserFilter
from poolhouse.records.names import Name
from poolhouse.store.port import Entry, Equals, Query, Store
from poolhouse.store.repositories import collections
from tests.contract.two_versions.newer import NEW_USERS, NewUser, found_by_locale, rewritten
from tests.support.house import House


async def test_who_was_found_by_what_the_newer_version_wrote_is_found_after_the_older_one_wrote(house: House) -> None:
    client = await house.client(await house.pool())
    user = await house.user(client)
    key = (user.pool_id, user.sub)
    pool = await house.services.pools.get(user.pool_id)
    attributes = {**user.attributes, "email": "new@example.com"}
    await rewritten(house, collections.USERS, key, NewUser, index={"email": "new@example.com"}, attributes=attributes)

    await house.services.users.update(pool, "jane", {"given_name": "Jane"}, {})

    for attribute, value in (("email", "new@example.com"), ("given_name", "Jane")):
        found = await house.services.users.page(pool, UserFilter(attribute, value, prefix=False), 10, None)
        assert [user.sub] == [one.sub for one in found.items]


async def test_an_index_of_the_newer_version_is_right_once_it_has_written_the_records_again(
    house: House, newer: Store
) -> None:
    client = await house.client(await house.pool())
    user = await house.user(client)
    pool = await house.services.pools.get(user.pool_id)
    entry = await newer.get(NEW_USERS, (user.pool_id, user.sub))
    assert entry is not None
    await newer.replace(NEW_USERS, found_by_locale(user, entry, "de"))

    # The older version goes on as before, whatever the index says meanwhile.
    await house.services.users.update(pool, "jane", {"locale": "fr"}, {})
    assert (await house.sign_in(client)).access
    entry = await newer.get(NEW_USERS, (user.pool_id, user.sub))
    assert entry is not None
    await newer.replace(NEW_USERS, found_by_locale(user, entry, "fr"))

    async def found(locale: str) -> list[str]:
        page = await newer.find(NEW_USERS, Query(prefix=(user.pool_id,), where=Equals("locale", locale)))
        return [one.key[1] for one in page.entries]

    assert ([], [user.sub]) == (await found("de"), await found("fr"))


async def test_a_name_that_the_newer_version_gave_is_given_back_by_the_older_one(house: House) -> None:
    """What a user is called stands in the record: who wrote the claims does not matter."""
    pool = await house.pool(foundation=PoolFoundation(alias_attributes=("email",)))
    client = await house.client(pool)
    user = await house.user(client)
    store, users = house.built.store, house.built.ports.users
    attributes = {**user.attributes, "email": "new@example.com"}
    claim = Entry(key=(pool.id, "email", "new@example.com"), value={"sub": user.sub, "since": 5.0})
    await store.insert(collections.NAMES, claim)
    await rewritten(house, collections.USERS, (pool.id, user.sub), NewUser, attributes=attributes)

    await house.services.users.update(pool, "jane", {"given_name": "Jane"}, {})
    by_name = await users.by_name(pool, Name("email", "new@example.com"))
    kept = await store.get(collections.NAMES, claim.key)
    await house.services.users.update(pool, "jane", {"email": "third@example.com", "email_verified": "true"}, {})

    assert by_name is not None
    assert user.sub == by_name.sub
    assert kept is not None
    assert claim.value == kept.value
    assert await store.get(collections.NAMES, claim.key) is None
    assert (await house.sign_in(client, "third@example.com")).access


async def test_a_kind_of_name_that_only_the_newer_version_knows_stays_its_own_business(house: House) -> None:
    """The older version leaves the claim alone; when the user is gone it is stale, and whoever wants it takes it."""
    client = await house.client(await house.pool())
    user = await house.user(client)
    pool = await house.services.pools.get(user.pool_id)
    store = house.built.store
    claim = Entry(key=(pool.id, "badge", "4711"), value={"sub": user.sub})
    await store.insert(collections.NAMES, claim)

    await house.services.users.update(pool, "jane", {"given_name": "Jane"}, {})
    kept = await store.get(collections.NAMES, claim.key)
    await house.services.users.delete(pool, "jane")

    assert kept is not None
    assert claim.value == kept.value
    assert await house.built.ports.users.get(pool.id, user.sub) is None
    await house.built.ports.pools.remove_some(pool.id, 1000)
    assert [] == list((await store.find(collections.NAMES, Query(prefix=(pool.id,)))).entries)
