"""Row 15: whoever had taken an account over has tokens too. A recovery and an administrator's reset end them, for
good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from poolhouse import errors
from poolhouse.config.settings import Tokens
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import House, opened_house

NEW = "An0ther-Horse!"
Reset = Callable[[House, Pool, Client], Awaitable[None]]


async def recover(house: House, pool: Pool, client: Client) -> None:
    await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
    await house.services.recovery.confirm(client, "jane", house.last_code(), NEW, metadata={}, secret_hash=None)


async def require_reset(house: House, pool: Pool, client: Client) -> None:
    await house.services.recovery.require(pool, "jane", {})


async def require_reset_and_recover(house: House, pool: Pool, client: Client) -> None:
    await house.services.recovery.require(pool, "jane", {})
    await house.services.recovery.confirm(client, "jane", house.last_code(), NEW, metadata={}, secret_hash=None)


async def set_for_good(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.set_password(pool, "jane", NEW, permanent=True)


async def set_temporary(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.set_password(pool, "jane", NEW, permanent=False)


async def set_temporary_and_choose(house: House, pool: Pool, client: Client) -> None:
    await set_temporary(house, pool, client)
    asking = await house.begin(client, "jane", NEW)
    await house.answer(client, asking, "jane", NEW_PASSWORD="Third-H0rse!")


async def invite_again(house: House, pool: Pool, client: Client) -> None:
    await set_temporary(house, pool, client)
    await house.services.users.invite_again(pool, Invitation(username="jane"))


RESETS: dict[str, Reset] = {
    reset.__name__.replace("_", " "): reset
    for reset in (
        recover,
        require_reset,
        require_reset_and_recover,
        set_for_good,
        set_temporary,
        set_temporary_and_choose,
        invite_again,
    )
}
USABLE_AFTER = {"recover", "require reset and recover", "set for good", "set temporary and choose"}


async def works(house: House, client: Client, tokens: TokenSet) -> tuple[bool, bool]:
    """Whether the access and the refresh token are good."""
    good = []
    for use in (house.bearer(tokens), house.refresh(client, tokens.refresh)):
        try:
            await use
        except errors.PoolhouseError:
            good.append(False)
        else:
            good.append(True)
    return good[0], good[1]


@pytest.mark.parametrize("reset", RESETS)
async def test_what_was_given_before_a_reset_is_good_no_more(reset: str, house: House) -> None:
    pool = await house.pool()
    client = await house.client(pool)
    await house.user(client)
    tokens = await house.sign_in(client)

    await RESETS[reset](house, pool, client)

    assert await works(house, client, tokens) == (False, False)


@pytest.mark.parametrize("reset", sorted(USABLE_AFTER))
async def test_it_lives_on_where_the_operator_says_so(reset: str) -> None:
    async with opened_house(tokens=Tokens(reset_ends_sessions=False)) as house:
        pool = await house.pool()
        client = await house.client(pool)
        await house.user(client)
        tokens = await house.sign_in(client)

        await RESETS[reset](house, pool, client)

        assert await works(house, client, tokens) == (True, True)
