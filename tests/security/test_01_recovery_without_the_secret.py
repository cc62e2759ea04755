"""Row 1: a password is recovered by the secret that was mailed for that step, to that user, in that flow; by nothing
else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from poolhouse import errors
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House

NEW = "An0ther-Horse!"


async def start(house: House, client: Client, username: str = "jane") -> str:
    await house.services.recovery.start(client, username, metadata={}, secret_hash=None)
    return house.last_code()


async def finish(house: House, client: Client, code: str, username: str = "jane") -> None:
    await house.services.recovery.confirm(client, username, code, NEW, metadata={}, secret_hash=None)


async def nothing_asked(house: House, client: Client) -> str:
    return "000000"


async def an_empty_code(house: House, client: Client) -> str:
    await start(house, client)
    return ""


async def the_code_of_a_sign_up(house: House, client: Client) -> str:
    code = next(message.code for message in house.messages if message.purpose == "confirm_sign_up")
    await start(house, client)
    return code or ""


async def the_code_for_an_address(house: House, client: Client) -> str:
    tokens = await house.sign_in(client)
    await start(house, client)
    await house.services.profile.send_code(tokens.access, "email", {})
    return house.last_code()


async def the_code_of_somebody_else(house: House, client: Client) -> str:
    await house.user(client, "john")
    await start(house, client)
    return await start(house, client, "john")


async def the_code_of_a_namesake(house: House, client: Client) -> str:
    """Another pool, the same name."""
    other = await house.client(await house.pool())
    await house.user(other)
    await start(house, client)
    return await start(house, other)


async def a_replaced_code(house: House, client: Client) -> str:
    code = await start(house, client)
    await start(house, client)
    return code


async def an_old_code(house: House, client: Client) -> str:
    code = await start(house, client)
    house.clock.advance(3600)
    return code


async def the_code_at_an_address_left_behind(house: House, client: Client) -> str:
    """Whoever reads the mail there is not the user any more."""
    code = await start(house, client)
    tokens = await house.sign_in(client)
    await house.services.profile.update(tokens.access, {"email": "new@example.com"}, {})
    await house.services.profile.verify(tokens.access, "email", house.last_code())
    return code


WRONG: dict[str, Callable[[House, Client], Awaitable[str]]] = {
    given.__name__.replace("_", " "): given
    for given in (
        nothing_asked,
        an_empty_code,
        the_code_of_a_sign_up,
        the_code_for_an_address,
        the_code_of_somebody_else,
        the_code_of_a_namesake,
        a_replaced_code,
        an_old_code,
        the_code_at_an_address_left_behind,
    )
}


@pytest.mark.parametrize("hides", [False, True], ids=["open", "hiding"])
@pytest.mark.parametrize("what", WRONG)
async def test_nothing_but_the_mailed_code_changes_the_password(what: str, hides: bool, house: House) -> None:
    client = await house.client(await house.pool(), hides_users=hides)
    await house.user(client)
    code = await WRONG[what](house, client)

    with pytest.raises((errors.CodeMismatch, errors.CodeExpired)):
        await finish(house, client, code)

    assert (await house.sign_in(client)).access
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password=NEW)


async def test_the_mailed_code_changes_it_once(house: House, client: Client) -> None:
    await house.user(client)
    code = await start(house, client)

    results = await asyncio.gather(*(finish(house, client, code) for _ in range(8)), return_exceptions=True)

    assert 1 == results.count(None)
    assert (await house.sign_in(client, password=NEW)).access
    with pytest.raises(errors.CodeExpired):
        await finish(house, client, code)


async def test_asking_for_a_code_again_and_again_gives_nothing(house: House, client: Client) -> None:
    await house.user(client)

    for _ in range(10):
        await start(house, client)
    with pytest.raises(errors.LimitExceeded):
        await start(house, client)

    assert (await house.sign_in(client)).access


async def test_of_many_guesses_at_once_ten_are_looked_at(house: House, client: Client) -> None:
    await house.user(client)
    code = await start(house, client)
    guesses = [f"{number:06}" for number in range(100) if f"{number:06}" != code]

    results = await asyncio.gather(*(finish(house, client, guess) for guess in guesses), return_exceptions=True)

    assert 10 == sum(isinstance(result, errors.CodeMismatch) for result in results)
    with pytest.raises(errors.LimitExceeded):
        await finish(house, client, code)


async def test_an_unverified_address_is_never_sent_a_code(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    await house.services.users.update(pool, "jane", {"email_verified": "false"}, {})
    sent = len(house.messages)

    with pytest.raises(errors.InvalidParameter, match="no registered/verified email or phone_number"):
        await start(house, client)

    assert sent == len(house.messages)


async def test_a_disabled_user_recovers_nothing(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    code = await start(house, client)
    await house.services.users.disable(pool, "jane")

    with pytest.raises(errors.UserDisabled):
        await finish(house, client, code)

    await house.services.users.enable(pool, "jane")
    assert (await house.sign_in(client, password=PASSWORD)).access
