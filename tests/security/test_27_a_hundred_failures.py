"""Row 27: a hundred failures in a row and no more, over whatever time (NIST SP 800-63B-4, section 3.2.2), with a way
back for the owner."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.protection.lockout import FREE_FAILURES, LONGEST_LOCK, MOST_FAILURES
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House

WRONG = "Wr0ng-Horse!"
NEW = "An0ther-Horse!"


async def guess(house: House, client: Client, times: int, name: str = "jane") -> None:
    """As fast as the locks let one, with a pause that ends each series of locks."""
    for n in range(times):
        if n % FREE_FAILURES == 0:
            house.clock.advance(LONGEST_LOCK + 60)
        with pytest.raises(errors.WrongCredentials):
            await house.begin(client, name, WRONG)
    house.clock.advance(LONGEST_LOCK + 60)


@pytest.mark.parametrize("name", ["jane", "nobody"])
async def test_patience_buys_a_hundred_guesses_in_all(name: str, house: House) -> None:
    client = await house.client(await house.pool(), hides_users=True)
    await house.user(client)
    await guess(house, client, MOST_FAILURES, name)

    for _ in range(3):
        house.clock.advance(30 * 86400)
        with pytest.raises(errors.AttemptsExceeded):
            await house.begin(client, name, PASSWORD)


async def test_one_success_before_the_hundredth_failure_begins_anew(house: House, client: Client) -> None:
    await house.user(client)
    await guess(house, client, MOST_FAILURES - 1)
    await house.sign_in(client)

    await guess(house, client, MOST_FAILURES - 1)

    assert (await house.sign_in(client)).access


async def test_a_recovery_is_the_owners_way_back(house: House, client: Client) -> None:
    await house.user(client)
    await guess(house, client, MOST_FAILURES)

    await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
    await house.services.recovery.confirm(client, "jane", house.last_code(), NEW, metadata={}, secret_hash=None)

    assert (await house.sign_in(client, "jane", NEW)).access


async def test_a_password_set_by_an_administrator_is_another(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    await guess(house, client, MOST_FAILURES)

    await house.services.users.set_password(pool, "jane", NEW, permanent=True)

    assert (await house.sign_in(client, "jane", NEW)).access


async def test_after_a_pause_the_locks_begin_at_the_shortest_again(house: House, client: Client) -> None:
    await house.user(client)
    await guess(house, client, 3 * FREE_FAILURES)
    for _ in range(FREE_FAILURES):
        with pytest.raises(errors.WrongCredentials):
            await house.begin(client, "jane", WRONG)
    with pytest.raises(errors.AttemptsExceeded):
        await house.begin(client, "jane", PASSWORD)

    house.clock.advance(1.1)

    assert (await house.sign_in(client)).access
