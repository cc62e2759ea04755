"""Who has just confirmed a sign-up signs in without a second proof: once, soon, and only there."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.sign_up import SignedUp, SignUpRequest
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.factors import with_factors
from tests.support.house import PASSWORD, House
from tests.support.sign_in import Asking, Opening, Reply, SignedIn, initiate

FLOWS = ("ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    return await house.client(pool, flows=FLOWS)


async def confirmed(house: House, client: Client, username: str = "jane", *, session: str | None = None) -> str | None:
    """What ConfirmSignUp gave for the session of the sign-up, or for another one."""
    signed_up = await house.sign_up(client, username, email=f"{username}@example.com")
    return await house.services.sign_up.confirm(
        client,
        username,
        house.last_code(),
        metadata={},
        secret_hash=None,
        session=session or signed_up.session,
    )


async def begin(
    house: House, client: Client, session: str | None, username: str = "jane", flow: str = "USER_AUTH"
) -> Reply:
    return await initiate(
        house.services, client, Opening(flow=flow, parameters={"USERNAME": username}, session=session)
    )


async def test_the_code_of_the_sign_up_is_the_first_proof(house: House, client: Client) -> None:
    session = await confirmed(house, client)

    signed_in = await begin(house, client, session)

    assert isinstance(signed_in, SignedIn)
    assert "CONFIRMED" == (await house.bearer(signed_in.tokens)).user.status


async def test_a_second_factor_that_is_due_is_asked_for(house: House, pool: Pool) -> None:
    client = await house.client(await with_factors(house, pool, mode="ON"), flows=FLOWS)
    session = await confirmed(house, client)

    asking = await begin(house, client, session)

    assert isinstance(asking, Asking)
    assert "MFA_SETUP" == asking.challenge


async def test_of_a_hundred_sign_ins_with_one_session_one_succeeds(house: House, client: Client) -> None:
    session = await confirmed(house, client)

    replies = await asyncio.gather(*(begin(house, client, session) for _ in range(100)), return_exceptions=True)

    assert 1 == sum(isinstance(reply, SignedIn) for reply in replies)
    assert 99 == sum(isinstance(reply, errors.InvalidSession) for reply in replies)


async def test_a_session_is_good_for_as_long_as_an_answer(house: House, client: Client) -> None:
    session = await confirmed(house, client)
    house.clock.advance(client.session_validity)

    with pytest.raises(errors.InvalidSession):
        await begin(house, client, session)


async def test_a_session_is_good_for_its_user_alone(house: House, client: Client) -> None:
    await house.user(client, "mallory")
    session = await confirmed(house, client)

    with pytest.raises(errors.InvalidSession):
        await begin(house, client, session, "mallory")


async def test_a_session_is_good_for_nobody_whose_name_is_unknown(house: House, pool: Pool) -> None:
    client = await house.client(pool, flows=FLOWS, hides_users=True)
    session = await confirmed(house, client)

    with pytest.raises(errors.InvalidSession):
        await begin(house, client, session, "nobody")


async def test_a_session_is_good_at_its_client_alone(house: House, pool: Pool, client: Client) -> None:
    session = await confirmed(house, client)

    with pytest.raises(errors.InvalidSession):
        await begin(house, await house.client(pool, flows=FLOWS), session)


async def test_a_session_is_good_no_more_when_the_password_has_changed(
    house: House, pool: Pool, client: Client
) -> None:
    session = await confirmed(house, client)
    await house.services.users.set_password(pool, "jane", f"{PASSWORD}!", permanent=True)

    with pytest.raises(errors.InvalidSession):
        await begin(house, client, session)


async def test_the_session_of_the_sign_up_itself_signs_nobody_in(house: House, client: Client) -> None:
    signed_up = await house.sign_up(client)
    await house.confirm(client)

    with pytest.raises(errors.InvalidSession):
        await begin(house, client, signed_up.session)


@pytest.mark.parametrize("session", [None, "A" * 43, "not a session of ours", str(uuid.UUID(int=7))])
async def test_a_user_is_confirmed_without_a_good_session_too_and_begins_as_everybody(
    house: House, client: Client, session: str | None
) -> None:
    signed_up = await house.sign_up(client)
    house.clock.advance(client.session_validity if session is None else 0)

    given = await house.services.sign_up.confirm(
        client, "jane", house.last_code(), metadata={}, secret_hash=None, session=session or signed_up.session
    )

    assert given is None
    assert "CONFIRMED" == (await house.bearer(await house.sign_in(client))).user.status


async def test_a_wrong_code_leaves_the_session_good(house: House, client: Client) -> None:
    signed_up = await house.sign_up(client)
    code = house.last_code()
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    with pytest.raises(errors.CodeMismatch):
        await house.services.sign_up.confirm(
            client, "jane", wrong, metadata={}, secret_hash=None, session=signed_up.session
        )

    session = await house.services.sign_up.confirm(
        client, "jane", code, metadata={}, secret_hash=None, session=signed_up.session
    )

    assert isinstance(await begin(house, client, session), SignedIn)


async def test_a_client_whose_users_cannot_sign_in_so_gets_no_session(house: House, pool: Pool) -> None:
    client = await house.client(pool, flows=("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"))

    assert (await house.sign_up(client)).session is None


async def test_a_disabled_user_is_not_signed_in(house: House, pool: Pool, client: Client) -> None:
    session = await confirmed(house, client)
    await house.services.users.disable(pool, "jane")

    with pytest.raises((errors.InvalidSession, errors.UserDisabled)):
        await begin(house, client, session)


async def signed_up_without_password(house: House, client: Client, username: str) -> SignedUp:
    request = SignUpRequest(username=username, password="", attributes={"email": f"{username}@example.com"})
    return await house.services.sign_up.sign_up(client, request)


@pytest.fixture
async def by_code(house: House) -> Client:
    """In its pool a code is enough."""
    pool = await house.pool(first_factors=("PASSWORD", "EMAIL_OTP"))
    return await house.client(pool, flows=FLOWS)


async def test_where_a_code_is_enough_a_sign_up_needs_no_password(house: House, by_code: Client) -> None:
    signed_up = await signed_up_without_password(house, by_code, "jane")
    session = await house.services.sign_up.confirm(
        by_code, "jane", house.last_code(), metadata={}, secret_hash=None, session=signed_up.session
    )

    assert signed_up.user.credential is None
    assert isinstance(await begin(house, by_code, session), SignedIn)


async def test_nobody_uses_the_session_of_another_who_has_no_password_either(house: House, by_code: Client) -> None:
    sessions = []
    for username in ("jane", "mallory"):
        signed_up = await signed_up_without_password(house, by_code, username)
        sessions.append(
            await house.services.sign_up.confirm(
                by_code, username, house.last_code(), metadata={}, secret_hash=None, session=signed_up.session
            )
        )

    with pytest.raises(errors.InvalidSession):
        await begin(house, by_code, sessions[1], "jane")


async def test_where_a_code_is_not_enough_a_sign_up_needs_a_password(house: House, client: Client) -> None:
    with pytest.raises(errors.PasswordPolicyViolation):
        await signed_up_without_password(house, client, "jane")


async def test_a_password_that_is_sent_obeys_the_policy_everywhere(house: House, by_code: Client) -> None:
    request = SignUpRequest(username="jane", password="short", attributes={"email": "jane@example.com"})
    with pytest.raises(errors.PasswordPolicyViolation):
        await house.services.sign_up.sign_up(by_code, request)


async def test_a_session_does_not_show_in_texts_of_values(house: House, client: Client) -> None:
    signed_up = await house.sign_up(client)

    assert signed_up.session is not None
    assert signed_up.session not in repr(signed_up)
