"""Row 47: one canonical form decides whether two names are one; and no name reads like somebody else's of another
kind."""

from __future__ import annotations

import time

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.clients import Client
from poolhouse.records.names import LONGEST, canonical
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House

ALIKE = [
    ("jane", "JANE"),
    ("jane", "\uff4aane"),
    ("stra\u00dfe", "STRASSE"),
    ("fish", "\ufb01sh"),
    ("caf\u00e9", "cafe\u0301"),
    ("k", "\u212a"),
    ("is", "i\u017f"),
    ("\u03c3", "\u03c2"),
    ("i\u0307", "\u0130"),
]
FOLDING = PoolFoundation(case_sensitive=False, case_stated=True)


@pytest.mark.parametrize(("one", "other"), ALIKE)
async def test_names_that_look_alike_are_one_name(one: str, other: str, house: House) -> None:
    pool = await house.pool(foundation=FOLDING)
    client = await house.client(pool)
    await house.user(client, one, email="a@example.com")

    with pytest.raises(errors.UsernameTaken):
        await house.sign_up(client, other, email="b@example.com")

    assert one == (await house.services.users.require(pool, other)).username
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, other, password="Wr0ng-Horse!")


def test_the_canonical_form_is_its_own_canonical_form() -> None:
    for code in range(0x20, 0x2FFFF):
        if 0xD800 <= code < 0xE000:
            continue
        form = canonical("username", chr(code), case_sensitive=False)
        assert form == canonical("username", form, case_sensitive=False), hex(code)


async def test_an_address_in_other_letters_is_the_same_address(house: House) -> None:
    """The take-over by case: Jane@example.com must not be another account than jane@example.com."""
    pool = await house.pool(
        foundation=PoolFoundation(username_attributes=("email",), case_sensitive=False, case_stated=True)
    )
    client = await house.client(pool)
    signed_up = await house.services.sign_up.sign_up(
        client, SignUpRequest(username="jane@example.com", password=PASSWORD)
    )

    for spelling in ("JANE@EXAMPLE.COM", "Jane@Example.com"):
        with pytest.raises(errors.UsernameTaken):
            await house.services.sign_up.sign_up(client, SignUpRequest(username=spelling, password=PASSWORD))
        assert signed_up.user.sub == (await house.services.users.require(pool, spelling)).sub


@pytest.fixture
async def aliased(house: House) -> Pool:
    foundation = PoolFoundation(alias_attributes=("email", "phone_number", "preferred_username"))
    return await house.pool(foundation=foundation)


@pytest.fixture
async def victim(house: House, aliased: Pool) -> Client:
    """A client of a pool in which the victim can sign in by e-mail, and mallory can too."""
    client = await house.client(aliased)
    await house.user(client, "victim", email="victim@example.com")
    await house.user(client, "mallory", email="mallory@example.com")
    return client


FULL_WIDTH = ["victim\uff20example.com", "victim\ufe6bexample.com", "\uff0b46701234567"]


@pytest.mark.parametrize("name", ["victim@example.com", "+46701234567", *FULL_WIDTH])
async def test_no_user_name_is_somebodys_address_in_disguise(
    name: str, house: House, aliased: Pool, victim: Client
) -> None:
    with pytest.raises(errors.InvalidParameter, match="format"):
        await house.sign_up(victim, name, email="x@example.com")
    with pytest.raises(errors.InvalidParameter, match="format"):
        await house.services.users.invite(aliased, Invitation(username=name, password=PASSWORD, silent=True))

    assert "victim" == (await house.services.users.require(aliased, "victim@example.com")).username


@pytest.mark.parametrize("name", ["victim@example.com", "+46701234567", *FULL_WIDTH])
async def test_no_preferred_name_is_somebodys_address_in_disguise(
    name: str, house: House, aliased: Pool, victim: Client
) -> None:
    tokens = await house.sign_in(victim, "mallory")

    with pytest.raises(errors.InvalidParameter):
        await house.services.profile.update(tokens.access, {"preferred_username": name}, {})

    assert "victim" == (await house.services.users.require(aliased, "victim@example.com")).username


@pytest.mark.parametrize("name", ["victim", "VICTIM"])
async def test_no_preferred_name_is_somebodys_user_name(name: str, house: House) -> None:
    foundation = PoolFoundation(alias_attributes=("preferred_username",), case_sensitive=False, case_stated=True)
    client = await house.client(await house.pool(foundation=foundation))
    await house.user(client, "victim")
    await house.user(client, "mallory")
    tokens = await house.sign_in(client, "mallory")

    with pytest.raises(errors.AliasTaken):
        await house.services.profile.update(tokens.access, {"preferred_username": name}, {})


async def test_a_user_name_that_is_somebodys_id_means_that_somebody(house: House, pool: Pool, client: Client) -> None:
    """Ids are no secrets. Who calls themselves by another's id must not be taken for them."""
    victim = await house.user(client, "victim")
    await house.sign_up(client, victim.sub, email="mallory@example.com")

    assert "victim" == (await house.services.users.require(pool, victim.sub)).username


async def test_an_administrators_force_moves_an_alias_and_no_sign_in_name(house: House) -> None:
    pool = await house.pool(foundation=PoolFoundation(username_attributes=("email",)))
    client = await house.client(pool)
    signed_up = await house.services.sign_up.sign_up(
        client, SignUpRequest(username="jane@example.com", password=PASSWORD)
    )

    with pytest.raises(errors.UsernameTaken):
        await house.services.users.invite(
            pool, Invitation(username="jane@example.com", password=PASSWORD, silent=True, force_alias=True)
        )

    assert signed_up.user.sub == (await house.services.users.require(pool, "jane@example.com")).sub


async def test_a_monstrous_name_is_refused_before_it_is_normalised(house: House, pool: Pool) -> None:
    """Putting marks into order takes the square of their number: 60 KB would hold up everybody for seconds."""
    client = await house.client(pool, hides_users=True)
    name = "a" + "\u0301" * 14_000 + "\u0316" * 14_000

    started = time.process_time()
    for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "CUSTOM_AUTH"):
        with pytest.raises(errors.InvalidParameter, match="too long"):
            await house.begin(client, name, flow=flow, SRP_A="02")

    assert 0.5 > time.process_time() - started
    assert 256 == LONGEST
