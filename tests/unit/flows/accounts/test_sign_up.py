"""Sign-up, its confirmation, and the code once more."""

from __future__ import annotations

import asyncio

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.hooks.answers.accounts import SignUpDecision
from poolhouse.hooks.events.accounts import PostConfirmation, PreSignUp
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House, opened_house


async def test_a_new_user_is_unconfirmed_and_gets_a_code(house: House, client: Client) -> None:
    signed_up = await house.sign_up(client)

    assert signed_up.user.status == "UNCONFIRMED"
    assert signed_up.delivery is not None
    assert signed_up.delivery.destination == "j***@e***"
    assert house.messages[-1].to == "jane@example.com"


async def test_the_code_confirms_the_user_and_verifies_the_contact(house: House, client: Client) -> None:
    await house.sign_up(client)

    await house.confirm(client)

    user = (await house.bearer(await house.sign_in(client))).user
    assert user.status == "CONFIRMED"
    assert user.attributes["email_verified"] == "true"


async def test_of_two_hundred_parallel_sign_ups_of_one_name_one_makes_the_user(house: House, client: Client) -> None:
    results = await asyncio.gather(*(house.sign_up(client) for _ in range(200)), return_exceptions=True)

    made = [result for result in results if not isinstance(result, BaseException)]
    assert len(made) == 1
    refused = (errors.UsernameTaken, errors.TooManyRequests)
    assert all(isinstance(result, refused) for result in results if isinstance(result, BaseException))
    page = await house.built.ports.users.page(client.pool_id, None, 60, None)
    assert len(page.items) == 1


async def test_of_a_hundred_parallel_uses_of_one_code_one_succeeds(house: House, client: Client) -> None:
    await house.sign_up(client)
    code = house.last_code()

    results = await asyncio.gather(*(house.confirm(client, code=code) for _ in range(100)), return_exceptions=True)

    assert results.count(None) == 1


async def test_a_spent_code_is_refused(house: House, client: Client) -> None:
    await house.user(client)

    with pytest.raises(errors.NotAuthorized, match="Current status is CONFIRMED"):
        await house.confirm(client)


async def test_a_wrong_code_is_told_and_the_right_one_still_works(house: House, client: Client) -> None:
    await house.sign_up(client)
    wrong = "000000" if house.last_code() != "000000" else "111111"

    with pytest.raises(errors.CodeMismatch):
        await house.confirm(client, code=wrong)

    await house.confirm(client)


async def test_codes_can_be_guessed_fifteen_times_an_hour_and_no_more(house: House, client: Client) -> None:
    await house.sign_up(client)
    code = house.last_code()
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(15):
        with pytest.raises(errors.CodeMismatch):
            await house.confirm(client, code=wrong)

    with pytest.raises(errors.LimitExceeded):
        await house.confirm(client, code=code)

    house.clock.advance(3601)
    await house.confirm(client, code=code)


async def test_a_code_lives_for_a_day(house: House, client: Client) -> None:
    await house.sign_up(client)

    house.clock.advance(24 * 3600)

    with pytest.raises(errors.CodeExpired):
        await house.confirm(client)


async def test_a_new_code_replaces_the_one_before(house: House, client: Client) -> None:
    await house.sign_up(client)
    first = house.last_code()
    await house.services.sign_up.resend(client, "jane", metadata={}, secret_hash=None)
    second = house.last_code()

    if first != second:
        with pytest.raises(errors.CodeMismatch):
            await house.confirm(client, code=first)

    await house.confirm(client, code=second)


async def test_five_codes_an_hour_can_be_asked_for(house: House, client: Client) -> None:
    await house.sign_up(client)
    for _ in range(5):
        await house.services.sign_up.resend(client, "jane", metadata={}, secret_hash=None)

    with pytest.raises(errors.LimitExceeded):
        await house.services.sign_up.resend(client, "jane", metadata={}, secret_hash=None)


async def test_a_password_that_breaks_the_policy_is_refused_with_the_rule(house: House, client: Client) -> None:
    with pytest.raises(errors.PasswordPolicyViolation, match="Password must have numeric characters"):
        await house.services.sign_up.sign_up(client, SignUpRequest(username="jane", password="No-Digits!"))


async def test_sign_up_can_be_left_to_administrators(house: House) -> None:
    client = await house.client(await house.pool(admin_create_only=True))

    with pytest.raises(errors.NotAuthorized, match="SignUp is not permitted for this user pool"):
        await house.sign_up(client)


async def test_verified_flags_cannot_be_given_at_sign_up(house: House, client: Client) -> None:
    with pytest.raises(errors.NotAuthorized, match="unauthorized attribute"):
        await house.sign_up(client, email="jane@example.com", email_verified="true")


@pytest.mark.parametrize("other", ["JANE", "Jane", "\uff4aane"])
async def test_names_that_differ_in_case_or_width_are_one_name(house: House, other: str) -> None:
    client = await house.client(await house.pool(foundation=PoolFoundation(case_sensitive=False)))
    await house.sign_up(client, "jane")

    with pytest.raises(errors.UsernameTaken):
        await house.sign_up(client, other, email="other@example.com")


async def test_case_counts_where_the_pool_says_so(house: House, client: Client) -> None:
    await house.sign_up(client, "jane")

    other = await house.sign_up(client, "JANE", email="other@example.com")

    assert other.user.username == "JANE"


# --- e-mail or phone as the user name --------------------------------------------------------------------------------


@pytest.fixture
async def by_email(house: House) -> Client:
    return await house.client(await house.pool(foundation=PoolFoundation(username_attributes=("email",))))


async def test_with_email_as_user_name_the_internal_name_is_the_id(house: House, by_email: Client) -> None:
    signed_up = await house.sign_up(by_email, "jane@example.com", name="Jane")

    assert signed_up.user.username == signed_up.user.sub
    assert signed_up.user.attributes["email"] == "jane@example.com"


async def test_with_email_as_user_name_the_address_signs_in(house: House, by_email: Client) -> None:
    await house.sign_up(by_email, "jane@example.com", name="Jane")
    await house.confirm(by_email, "jane@example.com")

    tokens = await house.sign_in(by_email, "jane@example.com")

    assert tokens.access


async def test_with_email_as_user_name_an_address_belongs_to_one_user_at_once(house: House, by_email: Client) -> None:
    await house.sign_up(by_email, "jane@example.com", name="Jane")

    with pytest.raises(errors.UsernameTaken, match="An account with the given email already exists"):
        await house.sign_up(by_email, "jane@example.com", name="Other")


async def test_with_email_as_user_name_another_form_is_refused(house: House, by_email: Client) -> None:
    with pytest.raises(errors.InvalidParameter, match="Username should be an email"):
        await house.sign_up(by_email, "jane", name="Jane")


# --- aliases ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def with_alias(house: House) -> Client:
    return await house.client(await house.pool(foundation=PoolFoundation(alias_attributes=("email",))))


async def test_an_alias_works_only_once_it_is_verified(house: House, with_alias: Client) -> None:
    await house.sign_up(with_alias, "jane", email="jane@example.com")
    with pytest.raises(errors.UserNotFound):
        await house.sign_in(with_alias, "jane@example.com")

    await house.confirm(with_alias)

    assert (await house.sign_in(with_alias, "jane@example.com")).access


async def test_an_alias_that_somebody_holds_surfaces_after_the_code(house: House, with_alias: Client) -> None:
    await house.user(with_alias, "jane", email="shared@example.com")
    await house.sign_up(with_alias, "john", email="shared@example.com")

    with pytest.raises(errors.AliasTaken, match="An account with the email already exists"):
        await house.confirm(with_alias, "john")


async def test_an_alias_can_be_moved_by_force_and_its_holder_becomes_unverified(
    house: House, with_alias: Client
) -> None:
    jane = await house.user(with_alias, "jane", email="shared@example.com")
    await house.sign_up(with_alias, "john", email="shared@example.com")

    await house.services.sign_up.confirm(
        with_alias, "john", house.last_code(), force_alias=True, metadata={}, secret_hash=None
    )

    before = await house.built.ports.users.get(jane.pool_id, jane.sub)
    assert before is not None
    assert before.attributes["email_verified"] == "false"
    bearer = await house.bearer(await house.sign_in(with_alias, "shared@example.com"))
    assert bearer.user.username == "john"


async def test_a_user_name_that_looks_like_an_alias_is_refused(house: House, with_alias: Client) -> None:
    with pytest.raises(errors.InvalidParameter, match="Username cannot be of email format"):
        await house.sign_up(with_alias, "someone@example.com", name="Someone")


async def test_nobody_can_sign_up_with_the_preferred_name_of_another(house: House) -> None:
    pool = await house.pool(foundation=PoolFoundation(alias_attributes=("preferred_username",)))
    client = await house.client(pool)
    await house.user(client, "jane", email="jane@example.com")
    tokens = await house.sign_in(client)
    await house.services.profile.update(tokens.access, {"preferred_username": "queen"}, {})

    with pytest.raises(errors.UsernameTaken):
        await house.sign_up(client, "queen")

    assert (await house.sign_in(client, "queen")).access


# --- what may not be learned -----------------------------------------------------------------------------------------


async def test_a_hiding_client_gives_one_answer_for_codes_of_unknown_and_confirmed_users(
    house: House, pool: Pool
) -> None:
    hiding = await house.client(pool, hides_users=True)
    await house.user(hiding, "jane")

    for name in ("jane", "nobody"):
        with pytest.raises(errors.CodeMismatch):
            await house.confirm(hiding, name, "123456")


async def test_a_hiding_client_sends_no_code_to_unknown_users_and_does_not_say_so(house: House, pool: Pool) -> None:
    hiding = await house.client(pool, hides_users=True)

    delivery = await house.services.sign_up.resend(hiding, "nobody@example.com", metadata={}, secret_hash=None)

    assert delivery.destination == "n***@e***"
    assert house.messages == []


# --- plugins ---------------------------------------------------------------------------------------------------------


class Doorman:
    def __init__(self) -> None:
        self.confirmed: list[PostConfirmation] = []

    @hookimpl
    def pre_sign_up(self, event: PreSignUp) -> SignUpDecision | None:
        if event.validation_data.get("word") == "please":
            return SignUpDecision(confirm=True, verify_email=True)
        if event.validation_data.get("word") == "no":
            raise errors.Refused("not today")
        return None

    @hookimpl
    async def post_confirmation(self, event: PostConfirmation) -> None:
        self.confirmed.append(event)


async def test_a_plugin_can_confirm_a_user_at_sign_up() -> None:
    doorman = Doorman()
    async with opened_house(plugins=[("doorman", doorman)]) as house:
        client = await house.client(await house.pool())
        request = SignUpRequest(
            username="jane",
            password=PASSWORD,
            attributes={"email": "jane@example.com"},
            validation_data={"word": "please"},
        )

        signed_up = await house.services.sign_up.sign_up(client, request)

        assert signed_up.user.status == "CONFIRMED"
        assert signed_up.user.attributes["email_verified"] == "true"
        assert house.messages == []
        assert [event.username for event in doorman.confirmed] == ["jane"]


async def test_a_plugin_that_refuses_leaves_no_user_behind() -> None:
    async with opened_house(plugins=[("doorman", Doorman())]) as house:
        client = await house.client(await house.pool())
        request = SignUpRequest(username="jane", password=PASSWORD, validation_data={"word": "no"})

        with pytest.raises(errors.Refused, match="not today"):
            await house.services.sign_up.sign_up(client, request)

        page = await house.built.ports.users.page(client.pool_id, None, 60, None)
        assert list(page.items) == []
