"""Names that were kept under what was canonical once (decision 0011): nobody is lost, and no name is given away."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from poolhouse.store.repositories import collections
from tests.support.house import PASSWORD, House, opened_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house() as house:
        yield house


@pytest.fixture
async def pool(house: House) -> Pool:
    return await house.pool(
        foundation=PoolFoundation(alias_attributes=("email",), case_sensitive=False, case_stated=True)
    )


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    return await house.client(pool)


async def kept_as_before(house: House, pool: Pool, kind: str, value: str) -> None:
    """Takes the claim away that only this version writes."""
    assert await house.built.store.delete(collections.NAMES, (pool.id, kind, value)) is not None


async def subs(house: House, pool: Pool, *names: str) -> list[str]:
    return [(await house.services.users.require(pool, name)).sub for name in names]


async def with_email(house: House, pool: Pool, name: str, email: str, *, force: bool = False) -> User:
    given = {"email": email, "email_verified": "true"}
    invitation = Invitation(username=name, password=PASSWORD, attributes=given, silent=True, force_alias=force)
    return await house.services.users.invite(pool, invitation)


async def test_a_user_is_found_by_a_name_that_was_kept_before(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client, "straße")
    await kept_as_before(house, pool, "username", "straße")

    assert [user.sub] * 2 == await subs(house, pool, "straße", "STRAẞE")
    with pytest.raises(errors.UserNotFound):
        await subs(house, pool, "strasse")
    with pytest.raises(errors.UsernameTaken):
        await house.sign_up(client, "Straße", email="b@example.com")


async def test_who_takes_the_place_of_a_former_name_takes_nobodys_account(
    house: House, pool: Pool, client: Client
) -> None:
    older = await house.user(client, "straße")
    await kept_as_before(house, pool, "username", "straße")

    newer = await house.user(client, "strasse", email="b@example.com")

    assert [older.sub, newer.sub] == await subs(house, pool, "straße", "strasse")
    assert (await house.sign_in(client, "straße")).access


async def test_two_that_were_told_apart_before_are_still_told_apart(house: House, pool: Pool, client: Client) -> None:
    hidden = await house.user(client, "ad\u034fmin", email="a@example.com")
    await kept_as_before(house, pool, "username", "admin")
    plain = await house.user(client, "admin", email="b@example.com")

    assert [hidden.sub, plain.sub] == await subs(house, pool, "ad\u034fmin", "admin")

    await house.services.users.update(pool, "ad\u034fmin", {"name": "Hidden"}, {})
    await house.services.users.set_password(pool, "ad\u034fmin", "An0ther-Horse!", permanent=True)
    await house.services.users.delete(pool, "ad\u034fmin")

    assert [plain.sub] * 2 == await subs(house, pool, "ad\u034fmin", "admin")


async def test_a_name_of_today_is_found_by_the_version_before(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client, "ad\u034fmin")

    claim = await house.built.store.get(collections.NAMES, (pool.id, "username", "ad\u034fmin"))

    assert claim is not None
    assert user.sub == claim.value["sub"]


async def test_an_address_that_was_kept_before_can_be_moved_and_is_held_by_one(house: House, pool: Pool) -> None:
    older = await with_email(house, pool, "older", "ada@straße.example")
    await kept_as_before(house, pool, "email", "ada@xn--strae-oqa.example")
    with pytest.raises(errors.AliasTaken):
        await with_email(house, pool, "newer", "ada@straße.example")
    assert [older.sub] == await subs(house, pool, "ada@straße.example")

    newer = await with_email(house, pool, "newer", "ada@straße.example", force=True)

    assert [newer.sub] * 2 == await subs(house, pool, "ada@straße.example", "ada@xn--strae-oqa.example")
    assert "false" == (await house.services.users.require(pool, "older")).attributes["email_verified"]


async def test_domains_had_case_once(house: House) -> None:
    pool = await house.pool(foundation=PoolFoundation(alias_attributes=("email",)))
    older = await with_email(house, pool, "older", "ada@Example.com")
    await kept_as_before(house, pool, "email", "ada@example.com")

    assert [older.sub] == await subs(house, pool, "ada@Example.com")


async def test_a_name_that_is_given_up_is_free_at_both_places(house: House, pool: Pool) -> None:
    await with_email(house, pool, "older", "ada@straße.example")
    await house.services.users.update(pool, "older", {"email": "new@example.com"}, {})

    newer = await with_email(house, pool, "newer", "ada@straße.example")

    assert [newer.sub] == await subs(house, pool, "ada@straße.example")
