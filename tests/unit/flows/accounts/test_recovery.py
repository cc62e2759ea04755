"""Forgotten passwords."""

from __future__ import annotations

import asyncio

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool, RecoveryOption
from tests.support.house import PASSWORD, House

NEW = "An0ther-Horse!"


async def start(house: House, client: Client, username: str = "jane") -> object:
    return await house.services.recovery.start(client, username, metadata={}, secret_hash=None)


async def finish(house: House, client: Client, code: str, username: str = "jane", password: str = NEW) -> None:
    await house.services.recovery.confirm(client, username, code, password, metadata={}, secret_hash=None)


async def test_a_code_to_a_verified_contact_gives_a_new_password(house: House, client: Client) -> None:
    await house.user(client)
    await start(house, client)

    await finish(house, client, house.last_code())

    assert (await house.sign_in(client, password=NEW)).access
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password=PASSWORD)


async def test_until_the_code_is_used_the_old_password_works(house: House, client: Client) -> None:
    await house.user(client)

    await start(house, client)

    assert (await house.sign_in(client)).access


async def test_nothing_is_sent_to_an_unverified_contact(house: House, client: Client) -> None:
    await house.sign_up(client)

    with pytest.raises(errors.InvalidParameter, match="no registered/verified email or phone_number"):
        await start(house, client)


async def test_a_user_name_alone_recovers_nothing(house: House, client: Client) -> None:
    """Security row 1."""
    await house.user(client)
    await start(house, client)
    right = house.last_code()

    for wrong in ("", "0", right[:-1], right + "0", right[::-1] + "x"):
        with pytest.raises((errors.CodeMismatch, errors.CodeExpired)):
            await finish(house, client, wrong)

    assert (await house.sign_in(client)).access


async def test_the_code_of_another_purpose_recovers_nothing(house: House, client: Client) -> None:
    await house.sign_up(client)
    sign_up_code = house.last_code()
    await house.confirm(client)
    await start(house, client)

    if sign_up_code != house.last_code():
        with pytest.raises(errors.CodeMismatch):
            await finish(house, client, sign_up_code)


async def test_the_code_of_another_user_recovers_nothing(house: House, client: Client) -> None:
    await house.user(client, "jane")
    await house.user(client, "john")
    await start(house, client, "john")
    johns = house.last_code()
    await start(house, client, "jane")

    if johns != house.last_code():
        with pytest.raises(errors.CodeMismatch):
            await finish(house, client, johns, "jane")


async def test_of_a_hundred_parallel_uses_of_one_code_one_sets_the_password(house: House, client: Client) -> None:
    await house.user(client)
    await start(house, client)
    code = house.last_code()
    house.clock.advance(1)

    results = await asyncio.gather(
        *(finish(house, client, code, password=f"{NEW}{n}") for n in range(100)), return_exceptions=True
    )

    assert results.count(None) == 1
    assert (await house.sign_in(client, password=f"{NEW}{results.index(None)}")).access


async def test_a_code_lives_for_an_hour(house: House, client: Client) -> None:
    await house.user(client)
    await start(house, client)

    house.clock.advance(3600)

    with pytest.raises(errors.CodeExpired):
        await finish(house, client, house.last_code())


async def test_recovery_ends_the_lockout(house: House, client: Client) -> None:
    await house.user(client)
    for _ in range(5):
        with pytest.raises(errors.WrongCredentials):
            await house.sign_in(client, password="Wr0ng-Horse!")
    await start(house, client)

    await finish(house, client, house.last_code())

    assert (await house.sign_in(client, password=NEW)).access


async def test_an_administrator_can_require_a_reset_which_kills_the_old_password(
    house: House, pool: Pool, client: Client
) -> None:
    await house.user(client)

    await house.services.recovery.require(pool, "jane", {})

    with pytest.raises(errors.PasswordResetRequired):
        await house.sign_in(client)
    await finish(house, client, house.last_code())
    assert (await house.sign_in(client, password=NEW)).access


async def test_an_invited_user_cannot_reset(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.invite(
        pool,
        Invitation(username="jane", attributes={"email": "jane@example.com", "email_verified": "true"}, silent=True),
    )

    with pytest.raises(errors.NotAuthorized, match="cannot be reset in the current state"):
        await start(house, client)


async def test_recovery_can_be_left_to_administrators(house: House) -> None:
    client = await house.client(await house.pool(recovery=(RecoveryOption(name="admin_only", priority=1),)))

    with pytest.raises(errors.NotAuthorized, match=r"Contact administrator to reset password\."):
        await start(house, client)


async def test_the_first_verified_contact_of_the_pools_order_gets_the_code(house: House) -> None:
    order = (
        RecoveryOption(name="verified_phone_number", priority=2),
        RecoveryOption(name="verified_email", priority=1),
    )
    pool = await house.pool(recovery=order, auto_verified=("email", "phone_number"))
    client = await house.client(pool)
    await house.services.users.invite(
        pool,
        Invitation(
            username="jane",
            silent=True,
            attributes={
                "email": "jane@example.com",
                "email_verified": "true",
                "phone_number": "+12065550100",
                "phone_number_verified": "true",
            },
        ),
    )
    await house.services.users.set_password(pool, "jane", PASSWORD, permanent=True)

    await start(house, client)

    assert house.messages[-1].to == "jane@example.com"


async def test_where_users_are_hidden_everybody_gets_the_same_answers(house: House) -> None:
    by_mail = (RecoveryOption(name="verified_email", priority=1),)
    pool = await house.pool(foundation=PoolFoundation(username_attributes=("email",)), recovery=by_mail)
    hiding = await house.client(pool, hides_users=True)
    await house.user(hiding, "jane@example.com", name="Jane")
    messages = len(house.messages)

    known = await start(house, hiding, "jane@example.com")
    unknown = await start(house, hiding, "jill@example.com")

    assert known == unknown
    assert len(house.messages) == messages + 1
    wrong = "000000" if house.last_code() != "000000" else "111111"
    for name in ("jane@example.com", "jill@example.com"):
        with pytest.raises(errors.CodeMismatch):
            await finish(house, hiding, wrong, name)
