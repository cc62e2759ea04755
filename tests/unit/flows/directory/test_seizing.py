"""An alias is taken from its holder by a call that succeeds, and by no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.errors import VersionConflict
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Entry
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.house import PASSWORD, House, opened_house

MINE = {"email": "ada@example.com", "email_verified": "true"}


class Meddling(MemoryStore):
    """Somebody is faster at the write of one user's record: ``sub``, or the next who is made where it is "new"."""

    sub: str | None = None

    async def insert(self, collection: Collection, entry: Entry) -> Entry:
        if collection is collections.USERS and self.sub == "new":
            self.sub = None
            await super().insert(collection, Entry(key=entry.key, value={"gone": True}))
        return await super().insert(collection, entry)

    async def replace(self, collection: Collection, entry: Entry) -> Entry:
        if collection is collections.USERS and self.sub == entry.key[1]:
            self.sub = None
            present = await self.get(collection, entry.key)
            assert present is not None
            again = Entry(present.key, present.json, present.version, present.expires, entry.index)
            await super().replace(collection, again)
            raise VersionConflict
        return await super().replace(collection, entry)


class Elsewhere:
    """Knows everybody, and says that the alias is theirs."""

    def __init__(self) -> None:
        self.says: dict[str, Any] = {}

    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        return MigratedUser(attributes=self.says, force_alias=True)


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def store() -> Meddling:
    return Meddling(collections.ALL, FakeClock())


@pytest.fixture
async def house(store: Meddling, elsewhere: Elsewhere) -> AsyncIterator[House]:
    async with opened_house(store=store, plugins=[("elsewhere", elsewhere)]) as house:
        yield house


@pytest.fixture
async def pool(house: House) -> Pool:
    """In it Ada has her address, and Bob his preferred name."""
    pool = await house.pool(foundation=PoolFoundation(alias_attributes=("email", "phone_number", "preferred_username")))
    await invite(house, pool, "ada", **MINE)
    await invite(house, pool, "bob", preferred_username="bobby")
    return pool


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    return await house.client(pool)


async def invite(house: House, pool: Pool, name: str, *, force: bool = False, **attributes: str) -> None:
    invitation = Invitation(username=name, password=PASSWORD, attributes=attributes, silent=True, force_alias=force)
    await house.services.users.invite(pool, invitation)


async def require_adas(house: House, pool: Pool) -> None:
    ada = await house.services.users.require(pool, "ada@example.com")
    assert ("ada", "true") == (ada.username, ada.attributes["email_verified"])


async def test_an_administrators_user_with_a_taken_preferred_name_costs_nobody_an_alias(
    house: House, pool: Pool
) -> None:
    with pytest.raises(errors.AliasTaken):
        await invite(house, pool, "eve", force=True, preferred_username="bobby", **MINE)

    await require_adas(house, pool)
    await invite(house, pool, "eve", force=True, **MINE)
    assert "eve" == (await house.services.users.require(pool, "ada@example.com")).username


async def test_a_user_from_elsewhere_with_a_taken_name_costs_nobody_an_alias(
    house: House, pool: Pool, client: Client, elsewhere: Elsewhere
) -> None:
    elsewhere.says = {**MINE, "preferred_username": "bobby"}

    with pytest.raises(errors.UserNotFound):
        await house.sign_in(client, "eve")

    await require_adas(house, pool)


async def test_a_user_who_was_made_by_somebody_else_in_this_moment_costs_nobody_an_alias(
    house: House, pool: Pool, store: Meddling
) -> None:
    store.sub = "new"

    with pytest.raises(errors.UsernameTaken):
        await invite(house, pool, "eve", force=True, **MINE)

    await require_adas(house, pool)


async def test_a_confirmation_that_was_overtaken_costs_nobody_an_alias(
    house: House, pool: Pool, client: Client, store: Meddling
) -> None:
    signed_up = await house.sign_up(client, "eve", email="ada@example.com")
    code = house.last_code()
    store.sub = signed_up.user.sub

    with pytest.raises(errors.CodeExpired):
        await house.services.sign_up.confirm(client, "eve", code, force_alias=True, metadata={}, secret_hash=None)

    await require_adas(house, pool)
    await house.services.sign_up.confirm(client, "eve", code, force_alias=True, metadata={}, secret_hash=None)
    assert "eve" == (await house.services.users.require(pool, "ada@example.com")).username


@pytest.mark.parametrize("values", [{**MINE, "preferred_username": "bobby"}, {"preferred_username": "eva", **MINE}])
async def test_an_update_that_is_refused_leaves_every_name_where_it_was(
    values: dict[str, str], house: House, pool: Pool
) -> None:
    await invite(house, pool, "eve")

    with pytest.raises(errors.AliasTaken):
        await house.services.users.update(pool, "eve", values, {})

    await require_adas(house, pool)
    assert "bob" == (await house.services.users.require(pool, "bobby")).username
    with pytest.raises(errors.UserNotFound):
        await house.services.users.require(pool, "eva")
