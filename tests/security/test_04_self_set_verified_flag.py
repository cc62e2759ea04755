"""Row 4: that a contact is verified is the outcome of a verification, and never what a user says."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House
from tests.support.sign_in import SignedIn

FLAGS = ["email_verified", "phone_number_verified"]
NEW = "An0ther-Horse!"


async def flag(house: House, pool: Pool, username: str = "jane") -> str | None:
    user = await house.services.users.require(pool, username)
    return user.attributes.get("email_verified")


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", ["true", "TRUE", "false", ""])
async def test_nobody_signs_up_with_a_flag(name: str, value: str, house: House, client: Client) -> None:
    with pytest.raises(errors.NotAuthorized):
        await house.sign_up(client, email="jane@example.com", phone_number="+46701234567", **{name: value})


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", ["true", "false", ""])
async def test_no_user_writes_a_flag(name: str, value: str, house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)

    with pytest.raises(errors.NotAuthorized):
        await house.services.profile.update(tokens.access, {name: value, "nickname": "j"}, {})


async def test_no_user_deletes_a_flag(house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)

    with pytest.raises(errors.InvalidParameter):
        await house.services.profile.remove(tokens.access, ["email_verified"])


@pytest.mark.parametrize("name", FLAGS)
async def test_no_client_can_be_told_to_let_users_write_a_flag(name: str, house: House, pool: Pool) -> None:
    with pytest.raises(errors.InvalidParameter):
        await house.client(pool, write_attributes=("email", name))


@pytest.mark.parametrize("name", FLAGS)
async def test_a_flag_does_not_come_with_a_new_password(name: str, house: House, pool: Pool, client: Client) -> None:
    await house.services.users.invite(
        pool, Invitation(username="jane", attributes={"email": "jane@example.com"}, password=PASSWORD)
    )
    asking = await house.begin(client)

    with pytest.raises(errors.NotAuthorized):
        await house.answer(client, asking, NEW_PASSWORD=NEW, **{f"userAttributes.{name}": "true"})


async def test_an_address_given_with_a_new_password_is_not_verified(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.invite(pool, Invitation(username="jane", password=PASSWORD, silent=True))
    asking = await house.begin(client)

    reply = await house.answer(client, asking, NEW_PASSWORD=NEW, **{"userAttributes.email": "x@example.com"})

    assert isinstance(reply, SignedIn)
    assert await flag(house, pool) in (None, "false")


async def test_a_changed_address_is_not_verified_any_more(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)
    assert "true" == await flag(house, pool)

    await house.services.profile.update(tokens.access, {"email": "Jane@example.com"}, {})

    assert "false" == await flag(house, pool)


async def test_the_code_for_one_address_verifies_no_other(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)
    await house.services.profile.update(tokens.access, {"email": "mine@example.com"}, {})
    mine = house.last_code()
    await house.services.users.update(pool, "jane", {"email": "yours@example.com"}, {})

    with pytest.raises((errors.CodeExpired, errors.CodeMismatch)):
        await house.services.profile.verify(tokens.access, "email", mine)

    assert "false" == await flag(house, pool)


async def test_a_sign_up_code_verifies_and_confirms_nothing_after_the_address_was_changed(
    house: House, pool: Pool, client: Client
) -> None:
    await house.sign_up(client)
    code = house.last_code()
    await house.services.users.update(pool, "jane", {"email": "yours@example.com"}, {})

    with pytest.raises(errors.CodeExpired):
        await house.confirm(client, code=code)

    assert "false" == await flag(house, pool)


async def test_an_unverified_alias_signs_nobody_in(house: House) -> None:
    pool = await house.pool(foundation=PoolFoundation(alias_attributes=("email",)))
    client = await house.client(pool)
    await house.user(client, "victim", email="v@example.com")
    await house.user(client, "mallory", email="m@example.com")
    tokens = await house.sign_in(client, "mallory")

    await house.services.profile.update(tokens.access, {"email": "v@example.com"}, {})

    assert "victim" == (await house.services.users.require(pool, "v@example.com")).username
