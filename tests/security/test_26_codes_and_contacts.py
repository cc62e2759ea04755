"""Row 26: codes are counted by the contact they go to as well as by the user, and without a code there is nothing to
guess."""

from __future__ import annotations

import contextlib

import pytest

from poolhouse import errors
from poolhouse.flows.messages.codes import SENDS_TO_A_CONTACT, TRIES_AT_A_CONTACT
from poolhouse.records.clients import Client
from poolhouse.records.users import CONFIRMED
from tests.support.house import PASSWORD, House

VICTIM = "ada@example.com"
NEW = "An0ther-Horse!"


async def start(house: House, client: Client, name: str = "ada") -> None:
    await house.services.recovery.start(client, name, metadata={}, secret_hash=None)


async def finish(house: House, client: Client, code: str, name: str = "ada") -> None:
    await house.services.recovery.confirm(client, name, code, NEW, metadata={}, secret_hash=None)


def spelled(n: int) -> str:
    """The same letter box, spelled in another way."""
    return ("ada@example.com", "Ada@Example.com", f"ada+{n}@example.com", "ADA@EXAMPLE.COM")[n % 4]


async def test_forty_sign_ups_in_anothers_name_give_no_more_guesses_and_letters_than_a_contact_has(
    house: House, client: Client
) -> None:
    looked_at = 0
    for n in range(40):
        with contextlib.suppress(errors.LimitExceeded):
            await house.sign_up(client, f"mallory{n}", email=spelled(n))
        for guess in range(20):
            try:
                await house.confirm(client, f"mallory{n}", code=f"x{guess:05}")
            except errors.CodeMismatch:
                looked_at += 1
            except (errors.LimitExceeded, errors.CodeExpired):
                break

    assert len(house.messages) == SENDS_TO_A_CONTACT
    assert looked_at == TRIES_AT_A_CONTACT


async def test_letters_asked_for_by_whatever_way_count_for_the_contact(house: House, client: Client) -> None:
    for n in range(6):
        await house.user(client, f"user{n}", email=f"{n}@example.com")
        bearer = await house.sign_in(client, f"user{n}")
        before = len(house.messages)
        with contextlib.suppress(errors.LimitExceeded):
            await house.services.profile.update(bearer.access, {"email": VICTIM}, {})
        for _ in range(6):
            with contextlib.suppress(errors.LimitExceeded):
                await house.services.profile.send_code(bearer.access, "email", {})
        assert len(house.messages) - before <= 5

    assert sum(message.to == VICTIM for message in house.messages) == SENDS_TO_A_CONTACT


async def test_an_update_that_would_send_too_many_letters_changes_nothing(house: House, client: Client) -> None:
    for n in range(SENDS_TO_A_CONTACT):
        await house.sign_up(client, f"mallory{n}", email=VICTIM)
    await house.user(client, "bob")
    tokens = await house.sign_in(client, "bob")

    with pytest.raises(errors.LimitExceeded):
        await house.services.profile.update(tokens.access, {"email": VICTIM}, {})

    assert (await house.bearer(tokens)).user.attributes["email"] == "bob@example.com"


async def test_an_hour_later_the_contact_gets_letters_again(house: House, client: Client) -> None:
    for n in range(SENDS_TO_A_CONTACT):
        await house.sign_up(client, f"mallory{n}", email=VICTIM)
    with pytest.raises(errors.LimitExceeded):
        await house.sign_up(client, "late", email=VICTIM)

    house.clock.advance(3601)
    await house.sign_up(client, "later", email=VICTIM)

    assert house.messages[-1].username == "later"


@pytest.mark.parametrize("hidden", [True, False])
async def test_blind_guesses_before_a_code_was_asked_for_cost_the_owner_nothing(house: House, hidden: bool) -> None:
    client = await house.client(await house.pool(), hides_users=hidden)
    await house.user(client, "ada")
    for n in range(60):
        with pytest.raises((errors.CodeExpired, errors.CodeMismatch)):
            await finish(house, client, f"x{n:05}")

    await start(house, client)
    await finish(house, client, house.last_code())

    assert (await house.sign_in(client, "ada", NEW)).access


async def test_a_fresh_code_has_tries_of_its_own(house: House, client: Client) -> None:
    await house.user(client, "ada")
    await start(house, client)
    for n in range(10):
        with pytest.raises(errors.CodeMismatch):
            await finish(house, client, f"x{n:05}")
    with pytest.raises(errors.LimitExceeded):
        await finish(house, client, house.last_code())

    await start(house, client)
    await finish(house, client, house.last_code())

    assert (await house.sign_in(client, "ada", NEW)).access


async def test_guessing_at_a_code_that_was_used_is_neither_counted_nor_right(house: House, client: Client) -> None:
    await house.user(client, "ada")
    await start(house, client)
    used = house.last_code()
    await finish(house, client, used)
    for _ in range(60):
        with pytest.raises(errors.CodeExpired):
            await finish(house, client, used)

    await start(house, client)
    await finish(house, client, house.last_code())


async def test_a_code_whose_effect_is_stored_is_used_even_where_nobody_tidied_up(house: House, client: Client) -> None:
    """The process died between the write that has the effect and the removal of the code."""
    user = await house.user(client, "ada")
    await start(house, client)
    used = house.last_code()
    kept = await house.built.ports.codes.get(client.pool_id, user.sub, "forgot_password")
    assert kept is not None
    await finish(house, client, used)
    await house.built.ports.codes.put(kept)

    with pytest.raises(errors.CodeExpired):
        await finish(house, client, used)


async def test_a_reset_that_is_refused_for_its_letter_changed_nothing(house: House) -> None:
    pool = await house.pool()
    client = await house.client(pool)
    await house.user(client, "ada")
    for _ in range(10):
        await start(house, client)

    with pytest.raises(errors.LimitExceeded):
        await house.services.recovery.require(pool, "ada", {})

    bearer = await house.bearer(await house.sign_in(client, "ada", PASSWORD))
    assert bearer.user.status == CONFIRMED
