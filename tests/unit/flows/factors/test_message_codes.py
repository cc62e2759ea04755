"""SMS_MFA and EMAIL_OTP after the password, SMS_OTP and EMAIL_OTP instead of it."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.factors.message_code import SENDS
from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.clients import Client
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Key, Stored
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.factors import EMAIL, SMS, TOTP, asked, enrolled, preferring, with_app, with_factors
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import Answer, Asking, Opening, Reply, SignedIn, initiate, respond

PHONE = "+14155550123"
FLOWS = ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")


@pytest.fixture
async def pool(house: House) -> Pool:
    pool = await house.pool(first_factors=("PASSWORD", "EMAIL_OTP", "SMS_OTP"))
    return await with_factors(house, pool, "OPTIONAL", SMS, TOTP, EMAIL)


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    client = await house.client(pool, flows=FLOWS)
    await house.user(client, email="jane@example.com", phone_number=PHONE)
    return client


async def prefers(house: House, client: Client, *factors: str, preferred: str | None = None) -> None:
    wishes = [Wish(factor, enabled=True, preferred=factor == preferred) for factor in factors]
    pool = await house.services.pools.get(client.pool_id)
    await house.services.preferences.set_for(pool, "jane", wishes)


MEANS = pytest.mark.parametrize(
    ("factor", "medium", "masked", "to"),
    [(SMS, "SMS", "+*******0123", PHONE), (EMAIL, "EMAIL", "j***@e***", "jane@example.com")],
)


# --- after the password ----------------------------------------------------------------------------------------------


@MEANS
async def test_a_code_goes_to_the_contact_and_signs_in(
    house: House, client: Client, factor: str, medium: str, masked: str, to: str
) -> None:
    await prefers(house, client, factor)
    before = len(house.messages)

    asking = asked(await house.begin(client))

    assert factor == asking.challenge
    assert {
        "USER_ID_FOR_SRP": "jane",
        "CODE_DELIVERY_DELIVERY_MEDIUM": medium,
        "CODE_DELIVERY_DESTINATION": masked,
    } == asking.public
    (message,) = house.messages[before:]
    code = house.last_code()
    assert (to, f"Your authentication code is {code}. ") == (message.to, message.body)
    assert isinstance(await house.answer(client, asking, **{f"{factor}_CODE": code}), SignedIn)


@MEANS
async def test_a_wrong_code_is_none_and_the_right_one_still_is(
    house: House, client: Client, factor: str, medium: str, masked: str, to: str
) -> None:
    await prefers(house, client, factor)
    asking = asked(await house.begin(client))
    code = house.last_code()

    for wrong in (f"{(int(code) + 1) % 10**6:06}", "1", "x" * 2000):
        with pytest.raises(errors.CodeMismatch, match=r"^Invalid code or auth state for the user\.$"):
            await house.answer(client, asking, **{f"{factor}_CODE": wrong})

    assert isinstance(await house.answer(client, asking, **{f"{factor}_CODE": code}), SignedIn)


@MEANS
async def test_a_code_is_good_once_in_whichever_session(
    house: House, client: Client, factor: str, medium: str, masked: str, to: str
) -> None:
    await prefers(house, client, factor)
    first, second = asked(await house.begin(client)), asked(await house.begin(client))
    code = house.last_code()

    results = await asyncio.gather(
        *(house.answer(client, asking, **{f"{factor}_CODE": code}) for asking in (first, second)),
        return_exceptions=True,
    )

    assert 1 == sum(isinstance(result, SignedIn) for result in results)
    assert 1 == sum(isinstance(result, errors.CodeExpired) for result in results)


class Meeting(MemoryStore):
    """Once it is armed, two who read a code have both read it before either goes on."""

    both: asyncio.Barrier | None = None

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        found = await super().get(collection, key)
        if self.both is not None and collection is collections.CODES:
            await self.both.wait()
        return found


async def test_of_two_who_bring_one_code_at_the_same_moment_one_comes_in() -> None:
    clock = FakeClock()
    store = Meeting(collections.ALL, clock)
    async with opened_house(store, clock) as house:
        pool = await with_factors(house, await house.pool(), "ON", EMAIL)
        client = await house.client(pool)
        await house.user(client)
        askings = [asked(await house.begin(client)) for _ in range(2)]
        store.both = asyncio.Barrier(2)

        results = await asyncio.gather(
            *(house.answer(client, asking, EMAIL_OTP_CODE=house.last_code()) for asking in askings),
            return_exceptions=True,
        )

    assert {"SignedIn", "CodeExpired"} == {type(result).__name__ for result in results}


async def test_a_code_is_good_for_as_long_as_its_session(house: House, client: Client) -> None:
    await prefers(house, client, SMS)
    asking = asked(await house.begin(client))
    code = house.last_code()
    house.clock.advance(180)

    with pytest.raises(errors.InvalidSession):
        await house.answer(client, asking, SMS_MFA_CODE=code)
    again = asked(await house.begin(client))
    new = house.last_code()
    if code != new:
        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, again, SMS_MFA_CODE=code)


async def test_a_telephone_that_was_never_verified_is_by_its_first_code(house: House, client: Client) -> None:
    await prefers(house, client, SMS)
    reply = await house.answer(client, await house.begin(client), SMS_MFA_CODE=house.last_code())

    assert isinstance(reply, SignedIn)
    user = (await house.bearer(reply.tokens)).user
    assert "true" == user.attributes["phone_number_verified"]


async def test_a_contact_that_is_anothers_name_stays_unverified_and_signs_in(house: House) -> None:
    pool = await house.pool(foundation=PoolFoundation(alias_attributes=("phone_number",)))
    pool = await with_factors(house, pool, "ON", SMS)
    client = await house.client(pool)
    john = await house.user(client, "john", email="john@example.com", phone_number=PHONE)
    await house.services.users.update(pool, "john", {"phone_number": PHONE, "phone_number_verified": "true"}, {})
    await house.user(client, email="jane@example.com", phone_number=PHONE)

    reply = await house.answer(client, await house.begin(client), SMS_MFA_CODE=house.last_code())

    assert isinstance(reply, SignedIn)
    assert "true" != (await house.bearer(reply.tokens)).user.attributes.get("phone_number_verified")
    assert (await house.services.users.require(pool, PHONE)).sub == john.sub


async def test_a_code_that_went_to_a_former_contact_is_none(house: House, client: Client, pool: Pool) -> None:
    await prefers(house, client, SMS)
    asking = asked(await house.begin(client))
    code = house.last_code()
    await house.services.users.update(pool, "jane", {"phone_number": "+14155550199"}, {})

    with pytest.raises(errors.CodeExpired):
        await house.answer(client, asking, SMS_MFA_CODE=code)


async def test_the_words_are_the_pools(house: House, client: Client, pool: Pool) -> None:
    words = MessageTemplate(sms="Klopf {####}", email="Post {####}", subject="Post")
    wanted = MfaSettings(mode="OPTIONAL", factors=(SMS, EMAIL), authentication=words)
    await house.services.pools.set_mfa(pool.id, wanted)

    await prefers(house, client, SMS)
    await house.begin(client)
    assert f"Klopf {house.last_code()}" == house.messages[-1].body
    await prefers(house, client, EMAIL, preferred=EMAIL)
    await house.begin(client)
    assert ("Post", f"Post {house.last_code()}") == (house.messages[-1].subject, house.messages[-1].body)


async def test_so_many_codes_go_out_in_an_hour_and_no_more(house: House, client: Client) -> None:
    await prefers(house, client, SMS)
    for _ in range(SENDS):
        await house.begin(client)

    with pytest.raises(errors.LimitExceeded):
        await house.begin(client)


# --- a choice --------------------------------------------------------------------------------------------------------


async def test_who_has_several_chooses_and_is_not_asked_to_choose_again(house: House, client: Client) -> None:
    app = await enrolled(house, await house.sign_in(client))
    await prefers(house, client, SMS, TOTP, EMAIL)
    asking = asked(await house.begin(client))
    assert "SELECT_MFA_TYPE" == asking.challenge
    assert '["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]' == asking.public["MFAS_CAN_CHOOSE"]
    assert "jane" == asking.public["USER_ID_FOR_SRP"]

    by_app = asked(await house.answer(client, asking, ANSWER=TOTP))

    assert TOTP == by_app.challenge
    assert isinstance(await house.answer(client, by_app, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


@pytest.mark.parametrize(("answer", "chosen"), [(SMS, SMS), (EMAIL, EMAIL), ("EMAIL_MFA", EMAIL)])
async def test_each_can_be_chosen(house: House, client: Client, answer: str, chosen: str) -> None:
    await prefers(house, client, SMS, EMAIL)

    asking = asked(await house.answer(client, await house.begin(client), ANSWER=answer))

    assert chosen == asking.challenge
    assert isinstance(await house.answer(client, asking, **{f"{chosen}_CODE": house.last_code()}), SignedIn)


async def test_nothing_else_can_be_chosen_and_the_slip_costs_nothing(house: House, client: Client) -> None:
    await prefers(house, client, SMS, EMAIL)
    asking = asked(await house.begin(client))

    for odd in (TOTP, "MFA_SETUP", "PASSWORD", "SELECT_MFA_TYPE", "x" * 500):
        with pytest.raises(errors.InvalidParameter):
            await house.answer(client, asking, ANSWER=odd)

    assert SMS == asked(await house.answer(client, asking, ANSWER=SMS)).challenge


async def test_the_preferred_one_is_asked_without_a_choice(house: House, client: Client) -> None:
    await prefers(house, client, SMS, EMAIL, preferred=EMAIL)

    assert EMAIL == asked(await house.begin(client)).challenge


async def test_what_was_chosen_and_switched_off_meanwhile_is_not_asked_for(
    house: House, client: Client, pool: Pool
) -> None:
    await prefers(house, client, SMS, EMAIL)
    asking = asked(await house.begin(client))
    await house.services.preferences.set_for(pool, "jane", [Wish(SMS)])

    with pytest.raises(errors.InvalidParameter):
        await house.answer(client, asking, ANSWER=SMS)
    assert EMAIL == asked(await house.answer(client, asking, ANSWER=EMAIL)).challenge


async def test_where_everybody_needs_one_a_contact_is_enough(house: House, client: Client, pool: Pool) -> None:
    await with_factors(house, pool, "ON", SMS, TOTP)

    assert SMS == asked(await house.begin(client)).challenge
    await with_factors(house, pool, "ON", SMS, EMAIL)
    assert "SELECT_MFA_TYPE" == asked(await house.begin(client)).challenge
    await house.services.users.remove(pool, "jane", ["phone_number"])
    assert EMAIL == asked(await house.begin(client)).challenge


async def test_a_contact_has_to_be_there_to_be_preferred(house: House, client: Client, pool: Pool) -> None:
    await house.services.users.remove(pool, "jane", ["phone_number"])

    with pytest.raises(errors.InvalidParameter, match="delivery config set to turn on SMS_MFA"):
        await prefers(house, client, SMS)


# --- instead of the password -----------------------------------------------------------------------------------------


async def choice(house: House, client: Client, username: str = "jane", **parameters: str) -> Asking:
    opening = Opening(flow="USER_AUTH", parameters={"USERNAME": username, **parameters})
    return asked(await initiate(house.services, client, opening))


FIRSTS = pytest.mark.parametrize("first", ["EMAIL_OTP", "SMS_OTP"])


@pytest.fixture
async def reachable(house: House, pool: Pool, client: Client) -> Client:
    """Jane's telephone is verified too."""
    await house.services.users.update(pool, "jane", {"phone_number": PHONE, "phone_number_verified": "true"}, {})
    return client


async def test_codes_are_offered_to_those_who_can_be_reached(house: House, client: Client, pool: Pool) -> None:
    assert ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP") == (await choice(house, client)).available
    await house.services.users.update(pool, "jane", {"phone_number": PHONE, "phone_number_verified": "true"}, {})
    assert ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP") == (await choice(house, client)).available
    await house.services.users.update(pool, "jane", {"email": "new@example.com"}, {})
    assert ("PASSWORD", "PASSWORD_SRP", "SMS_OTP") == (await choice(house, client)).available


@FIRSTS
async def test_a_code_is_enough(house: House, reachable: Client, first: str) -> None:
    preferred = await choice(house, reachable, PREFERRED_CHALLENGE=first)
    assert first == preferred.challenge
    assert "CODE_DELIVERY_DESTINATION" in preferred.public
    code = house.last_code()
    assert isinstance(await house.answer(reachable, preferred, **{f"{first}_CODE": code}), SignedIn)

    chosen = asked(await house.answer(reachable, await choice(house, reachable), ANSWER=first))
    code = house.last_code()
    with pytest.raises(errors.CodeMismatch):
        await house.answer(reachable, chosen, **{f"{first}_CODE": "x" + code})
    assert isinstance(await house.answer(reachable, chosen, **{f"{first}_CODE": code}), SignedIn)


@FIRSTS
async def test_a_code_alone_is_nothing_for_who_has_a_second_factor(house: House, reachable: Client, first: str) -> None:
    await with_app(house, reachable)

    asking = await choice(house, reachable, PREFERRED_CHALLENGE=first)

    assert ("SELECT_CHALLENGE", ("PASSWORD", "PASSWORD_SRP")) == (asking.challenge, asking.available)
    with pytest.raises(errors.InvalidParameter):
        await house.answer(reachable, asking, ANSWER=first)


@FIRSTS
async def test_a_code_alone_is_nothing_where_everybody_needs_two(
    house: House, reachable: Client, pool: Pool, first: str
) -> None:
    await with_factors(house, pool, "ON", SMS, EMAIL)

    asking = await choice(house, reachable, PREFERRED_CHALLENGE=first)

    assert ("SELECT_CHALLENGE", ("PASSWORD", "PASSWORD_SRP")) == (asking.challenge, asking.available)


@FIRSTS
@pytest.mark.parametrize("change", ["the pool", "the user"])
async def test_what_is_needed_by_the_time_of_the_answer_counts(
    house: House, reachable: Client, pool: Pool, first: str, change: str
) -> None:
    tokens = await house.sign_in(reachable)
    await enrolled(house, tokens)
    asking = await choice(house, reachable, PREFERRED_CHALLENGE=first)
    code = house.last_code()
    if change == "the pool":
        await with_factors(house, pool, "ON", SMS, EMAIL)
    else:
        await preferring(house, tokens, TOTP)

    with pytest.raises(errors.CodeMismatch):
        await house.answer(reachable, asking, **{f"{first}_CODE": code})


async def test_a_pool_that_allows_a_password_only_offers_no_code(house: House) -> None:
    client = await house.client(await house.pool(), flows=FLOWS)
    await house.user(client)

    asking = await choice(house, client, PREFERRED_CHALLENGE="EMAIL_OTP")

    assert ("SELECT_CHALLENGE", ("PASSWORD", "PASSWORD_SRP")) == (asking.challenge, asking.available)


async def test_a_pool_can_do_without_passwords(house: House) -> None:
    client = await house.client(await house.pool(first_factors=("EMAIL_OTP",)), flows=FLOWS)
    await house.user(client)

    asking = await choice(house, client)

    assert ("EMAIL_OTP",) == asking.available
    with pytest.raises(errors.InvalidParameter):
        await house.answer(client, asking, ANSWER="PASSWORD", PASSWORD=PASSWORD)


async def test_who_must_choose_a_password_does_so_after_the_code(house: House, reachable: Client, pool: Pool) -> None:
    await house.services.users.set_password(pool, "jane", PASSWORD, permanent=False)
    asking = await choice(house, reachable, PREFERRED_CHALLENGE="EMAIL_OTP")

    reply = await house.answer(reachable, asking, EMAIL_OTP_CODE=house.last_code())

    assert "NEW_PASSWORD_REQUIRED" == asked(reply).challenge


# --- who exists ------------------------------------------------------------------------------------------------------


@FIRSTS
@pytest.mark.parametrize("state", ["known", "unknown", "without a contact", "unverified", "disabled", "guarded"])
async def test_where_nobody_may_learn_who_exists_all_are_asked_the_same_and_few_get_a_code(
    house: House, pool: Pool, first: str, state: str
) -> None:
    hiding = await house.client(pool, flows=FLOWS, hides_users=True)
    user = await house.user(hiding, email="jane@example.com", phone_number=PHONE)
    user = await house.built.ports.users.save(
        pool, replace(user, attributes={**user.attributes, "phone_number_verified": "true"})
    )
    if state == "without a contact":
        await house.built.ports.users.save(pool, replace(user, attributes={}))
    elif state == "unverified":
        contacts = {"email": "jane@example.com", "phone_number": PHONE}
        await house.built.ports.users.save(pool, replace(user, attributes=contacts))
    elif state == "disabled":
        await house.services.users.disable(pool, "jane")
    elif state == "guarded":
        await with_app(house, hiding)
    name = "nobody" if state == "unknown" else "jane"
    before = len(house.messages)

    offered = await choice(house, hiding, name)
    asking = asked(await respond_as(house, hiding, name, offered, ANSWER=first))

    assert ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP") == offered.available
    assert first == asking.challenge
    assert {"USER_ID_FOR_SRP", "CODE_DELIVERY_DELIVERY_MEDIUM", "CODE_DELIVERY_DESTINATION"} == asking.public.keys()
    sent = house.messages[before:]
    assert (1 if state == "known" else 0) == len(sent)
    for guess in {"000000", "111111"} - {message.code for message in sent}:
        with pytest.raises(errors.CodeMismatch, match=r"^Invalid code or auth state for the user\.$"):
            await respond_as(house, hiding, name, asking, **{f"{first}_CODE": guess})


async def respond_as(house: House, client: Client, name: str, asking: Asking, **answers: str) -> Reply:
    given = {"USERNAME": name, **answers}
    return await respond(
        house.services, client, Answer(challenge=asking.challenge, handle=asking.handle, answers=given)
    )
