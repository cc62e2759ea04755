"""The code process by itself: how often, for how long, for what and for whom a code is good."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from dataclasses import replace as with_fields
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.messages.codes import (
    CONFIRM_SIGN_UP,
    FORGOT_PASSWORD,
    HOUR,
    SENDS_TO_A_CONTACT,
    TRIES_AT_A_CONTACT,
    VERIFY,
    VERIFY_EMAIL,
    VERIFY_PHONE,
    CodeProcess,
    Purpose,
)
from poolhouse.flows.messages.words import Messenger
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.hooks.events.messages import ComposeMessage
from poolhouse.records.messages import Delivery, Message
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.records.sign_in import Code
from poolhouse.records.users import User
from tests.support.house import House, opened_house

JANE = "jane@example.com"
PURPOSES = [CONFIRM_SIGN_UP, FORGOT_PASSWORD, VERIFY_EMAIL, VERIFY_PHONE]


async def root_of(pool_id: str) -> str:
    return pool_id


class World:
    def __init__(self, house: House, pool: Pool, user: User) -> None:
        self.house, self.pool, self.user = house, pool, user
        self.noted: list[tuple[str, dict[str, Any]]] = []
        ports = house.built.ports
        audit: Any = self
        world = with_fields(house.built.world, audit=audit)
        self.codes = CodeProcess(world, ports.codes, ports.counters, Messenger(world, ports.outbox, root_of))

    async def send(self, purpose: Purpose = FORGOT_PASSWORD, target: str = JANE, **more: Any) -> str:
        """The digits that went out."""
        await self.codes.send(
            self.pool, more.pop("user", self.user), purpose, attribute="email", target=target, source="s", **more
        )
        return self.house.last_code()

    async def check(self, given: str, purpose: Purpose = FORGOT_PASSWORD, **more: Any) -> Code:
        user = more.pop("user", self.user)
        subject = more.pop("subject", self.user.sub)
        return await self.codes.check(self.pool, subject, purpose, given, user, client_id="c", by=more.pop("by", None))

    async def kept(self, purpose: Purpose = FORGOT_PASSWORD, subject: str | None = None) -> Code | None:
        return await self.house.built.ports.codes.get(self.pool.id, subject or self.user.sub, purpose.name)

    async def note(self, action: str, **said: Any) -> None:
        self.noted.append((action, said))

    async def count(self, what: str, subject: str) -> int:
        return (await self.house.built.ports.counters.read(self.pool.id, what, subject)).count


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened_house() as house:
        pool = await house.pool()
        user = await house.user(await house.client(pool))
        house.clock.advance(2 * HOUR)
        yield World(house, pool, user)


def test_the_figures_are_those_of_the_contract() -> None:
    day = 24 * 3600
    assert [
        ("confirm_sign_up", day, 5, 15),
        ("forgot_password", 3600, 10, 10),
        ("verify_email", day, 5, 15),
        ("verify_phone_number", day, 5, 15),
    ] == [(one.name, one.life, one.sends, one.tries) for one in PURPOSES]
    assert {"email": VERIFY_EMAIL, "phone_number": VERIFY_PHONE} == VERIFY
    assert (20, 40) == (SENDS_TO_A_CONTACT, TRIES_AT_A_CONTACT)


async def test_a_code_is_six_digits_by_a_message_and_what_is_kept_has_none_of_them(world: World) -> None:
    now = world.house.clock.now()

    digits = await world.send()

    kept = await world.kept()
    assert kept is not None
    assert 6 == len(digits)
    assert digits.isdecimal()
    assert digits not in repr(kept)
    assert (now, now + FORGOT_PASSWORD.life) == (kept.created, kept.expires)
    assert ("email", JANE, FORGOT_PASSWORD.name) == (kept.attribute, kept.target, kept.purpose)
    message = world.house.messages[-1]
    assert (JANE, "forgot_password", "email", digits) == (message.to, message.purpose, message.channel, message.code)
    assert f"Your verification code is {digits}. " == message.body
    assert "Your verification code" == message.subject
    assert kept.id == message.id


async def test_who_asked_is_told_where_the_message_went(world: World) -> None:
    told = await world.codes.send(world.pool, world.user, FORGOT_PASSWORD, attribute="email", target=JANE, source="s")

    assert Delivery(destination="j***@e***", medium="EMAIL", attribute="email") == told


async def test_the_pools_own_words_are_used_where_it_has_some(world: World) -> None:
    world.pool = replace(world.pool, verification=MessageTemplate(email="Hello {####}", sms="S {####}", subject="Hi"))

    digits = await world.send()

    assert (f"Hello {digits}", "Hi") == (world.house.messages[-1].body, world.house.messages[-1].subject)


@pytest.mark.parametrize(("words", "text"), [("S {####}", "S {}"), (None, "Your verification code is {}. ")])
async def test_a_text_message_has_the_pools_words_or_the_usual_ones(world: World, words: str | None, text: str) -> None:
    world.pool = replace(world.pool, verification=MessageTemplate(sms=words, email="E {####}"))

    await world.codes.send(
        world.pool, world.user, VERIFY_PHONE, attribute="phone_number", target="+15550100011", source="s"
    )

    assert text.format(world.house.last_code()) == world.house.messages[-1].body


@pytest.mark.parametrize("around", ["{}", " {} ", "\t{}\n"])
async def test_the_code_that_was_sent_fits_also_with_space_around_it(world: World, around: str) -> None:
    digits = await world.send()

    assert await world.kept() == await world.check(around.format(digits))


@pytest.mark.parametrize("given", ["", " ", "000000", "\ud800", "x" * 5000, "{0}0", "0{0}"])
async def test_no_other_text_fits(world: World, given: str) -> None:
    digits = await world.send()

    with pytest.raises(errors.CodeMismatch):
        await world.check(given.format(digits) if given != "000000" or digits != given else "000001")


async def test_the_fresh_code_is_good_and_the_one_before_is_not(world: World) -> None:
    first, second = await world.send(), await world.send()

    if first != second:
        with pytest.raises(errors.CodeMismatch):
            await world.check(first)
    await world.check(second)


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda purpose: purpose.name)
async def test_a_code_is_good_for_its_purpose_its_life_and_its_tries(world: World, purpose: Purpose) -> None:
    digits = await world.send(purpose)
    for other in PURPOSES:
        if other != purpose:
            with pytest.raises(errors.CodeExpired):
                await world.check(digits, other)

    world.house.clock.advance(purpose.life - 1)
    for _ in range(purpose.tries - 1):
        with pytest.raises(errors.CodeMismatch):
            await world.check("x", purpose)
    await world.check(digits, purpose)
    with pytest.raises(errors.LimitExceeded):
        await world.check(digits, purpose)
    world.house.clock.advance(1)
    with pytest.raises(errors.CodeExpired):
        await world.check(digits, purpose)


async def test_a_code_belongs_to_a_user_and_a_pool(world: World) -> None:
    client = await world.house.client(world.pool)
    john = await world.house.user(client, "john")
    digits = await world.send()
    await world.codes.send(world.pool, john, FORGOT_PASSWORD, attribute="email", target="john@example.com", source="s")
    johns = world.house.last_code()

    if johns != digits:
        with pytest.raises(errors.CodeMismatch):
            await world.check(digits, subject=john.sub, user=john)
    await world.check(johns, subject=john.sub, user=john)


async def test_a_kept_digest_fits_no_other_place(world: World) -> None:
    """Who can write into the store, but has no key, moves somebody's code to another user, purpose or id in vain."""
    digits = await world.send()
    kept = await world.kept()
    assert kept is not None
    codes = world.house.built.ports.codes
    await codes.put(replace(kept, purpose=VERIFY_EMAIL.name))
    with pytest.raises(errors.CodeMismatch):
        await world.check(digits, VERIFY_EMAIL)
    await codes.put(replace(kept, user_sub="another"))
    with pytest.raises(errors.CodeMismatch):
        await world.check(digits, subject="another")
    await codes.put(replace(kept, id="another"))
    with pytest.raises(errors.CodeMismatch):
        await world.check(digits)
    await codes.put(replace(kept, pool_id="eu-north-1_there"))
    world.pool = replace(world.pool, id="eu-north-1_there")
    with pytest.raises(errors.CodeMismatch):
        await world.check(digits)


async def test_a_code_whose_effect_is_written_is_used(world: World) -> None:
    digits = await world.send()
    code = await world.check(digits)

    for spent, is_good in (
        ({FORGOT_PASSWORD.name: code.id}, False),
        ({VERIFY_EMAIL.name: code.id}, True),
        ({FORGOT_PASSWORD.name: "an earlier one"}, True),
    ):
        user = replace(world.user, spent=spent)
        if is_good:
            await world.check(digits, user=user)
        else:
            with pytest.raises(errors.CodeExpired):
                await world.check(digits, user=user)


async def test_a_code_is_good_while_the_contact_is_the_users_present_or_waiting_one(world: World) -> None:
    digits = await world.send()

    await world.check(digits)
    await world.check(digits, user=replace(world.user, attributes={}, pending={"email": JANE}))
    for moved in (
        replace(world.user, attributes={"email": "new@example.com"}),
        replace(world.user, attributes={"phone_number": JANE}),
        replace(world.user, attributes={}),
    ):
        with pytest.raises(errors.CodeExpired):
            await world.check(digits, user=moved)


async def test_after_its_use_nothing_remains(world: World) -> None:
    digits = await world.send()

    await world.codes.finish(await world.check(digits))

    assert await world.kept() is None
    with pytest.raises(errors.CodeExpired):
        await world.check(digits)


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda purpose: purpose.name)
async def test_a_user_is_sent_so_many_codes_within_an_hour(world: World, purpose: Purpose) -> None:
    sent = len(world.house.messages)
    for _ in range(purpose.sends):
        await world.send(purpose)
    kept = await world.kept(purpose)

    with pytest.raises(errors.LimitExceeded):
        await world.send(purpose)

    assert sent + purpose.sends == len(world.house.messages)
    assert kept == await world.kept(purpose)
    world.house.clock.advance(HOUR)
    await world.send(purpose)


async def test_a_send_that_was_counted_before_is_not_counted_again(world: World) -> None:
    for _ in range(FORGOT_PASSWORD.sends):
        await world.codes.count_send(world.pool, world.user.sub, FORGOT_PASSWORD, attribute="email", target=JANE)
    with pytest.raises(errors.LimitExceeded):
        await world.send()

    assert await world.send(counted=False)
    assert FORGOT_PASSWORD.sends == await world.count("sends:forgot_password", world.user.sub)


@pytest.mark.parametrize(
    ("attribute", "targets"),
    [
        ("email", ("Ada@Example.com", "ada@example.com", "ADA+x@EXAMPLE.COM", "ada+y+z@example.com")),
        ("phone_number", ("+15550100099",)),
    ],
)
async def test_a_contact_is_sent_so_many_letters_whoever_asks_and_for_whatever(
    world: World, attribute: str, targets: tuple[str, ...]
) -> None:
    for n in range(SENDS_TO_A_CONTACT - 1):
        await world.codes.count_send(
            world.pool,
            f"user{n}",
            PURPOSES[n % len(PURPOSES)],
            attribute=attribute,
            target=targets[n % len(targets)],
        )
    await world.codes.count_letter(world.pool, attribute=attribute, target=targets[0])

    with pytest.raises(errors.LimitExceeded):
        await world.codes.count_letter(world.pool, attribute=attribute, target=targets[-1])
    with pytest.raises(errors.LimitExceeded):
        await world.codes.count_send(world.pool, "new", VERIFY_EMAIL, attribute=attribute, target=targets[0])
    for other in ("ada@example.org", "bda@example.com", "+ada@example.com", "+15550100098"):
        await world.codes.count_letter(world.pool, attribute=attribute, target=other)
    other_pool = replace(world.pool, id="eu-north-1_there")
    await world.codes.count_letter(other_pool, attribute=attribute, target=targets[0])
    world.house.clock.advance(HOUR)
    await world.codes.count_letter(world.pool, attribute=attribute, target=targets[0])


async def test_what_is_sent_behind_a_plus_sign_counts_for_the_letter_box(world: World) -> None:
    for number in range(SENDS_TO_A_CONTACT):
        await world.send(target=f"jane+{number}@example.com", user=replace(world.user, sub=f"other-{number}"))

    with pytest.raises(errors.LimitExceeded):
        await world.send(target="jane+more@example.com", user=replace(world.user, sub="one-more"))


async def test_two_spellings_of_a_domain_are_one_letter_box(world: World) -> None:
    spellings = ("ada@b\u00fccher.example", "ADA@xn--bcher-kva.example")
    for number in range(SENDS_TO_A_CONTACT):
        await world.send(target=spellings[number % 2], user=replace(world.user, sub=f"other-{number}"))

    for number, spelling in enumerate(spellings):
        with pytest.raises(errors.LimitExceeded):
            await world.send(target=spelling, user=replace(world.user, sub=f"one-more-{number}"))


async def test_a_contact_that_cannot_be_encoded_is_counted_as_any_other(world: World) -> None:
    """Of a name that nobody has: no user has such a contact."""
    for _ in range(SENDS_TO_A_CONTACT):
        await world.codes.count_letter(world.pool, attribute="email", target="j\ud800@example.com")

    with pytest.raises(errors.LimitExceeded):
        await world.codes.count_letter(world.pool, attribute="email", target="j\ud800@example.com")


async def test_a_code_was_sent_while_it_is_alive_and_its_message_is_known(world: World) -> None:
    async def was_sent(purpose: Purpose = FORGOT_PASSWORD, **changes: str) -> bool:
        pool = replace(world.pool, id=changes.pop("pool_id", world.pool.id))
        return await world.codes.was_sent(pool, replace(world.user, **changes), purpose)

    assert not await was_sent()
    await world.send()
    assert await was_sent()
    assert not await was_sent(VERIFY_EMAIL)
    assert not await was_sent(sub="another")
    assert not await was_sent(pool_id="us-east-1_Another00")
    kept = await world.kept()
    assert kept is not None
    await world.house.built.ports.codes.put(replace(kept, id="of-no-message"))
    assert not await was_sent()
    await world.codes.finish(kept)
    assert not await was_sent()


async def test_numbers_with_a_plus_inside_are_not_one_letter_box(world: World) -> None:
    for n in range(SENDS_TO_A_CONTACT + 1):
        await world.codes.count_letter(world.pool, attribute="phone_number", target=f"+1555{n}")


async def test_guesses_count_for_the_contact_too_whoever_guesses(world: World) -> None:
    for n in range(4):
        user = replace(world.user, sub=f"user{n}")
        await world.send(user=user)
        for _ in range(10):
            with pytest.raises(errors.CodeMismatch):
                await world.check("x", subject=user.sub, user=user)
    user = replace(world.user, sub="another")
    digits = await world.send(user=user)

    with pytest.raises(errors.LimitExceeded):
        await world.check(digits, subject=user.sub, user=user)
    world.house.clock.advance(HOUR - 1)
    with pytest.raises(errors.LimitExceeded):
        await world.check(digits, subject=user.sub, user=user)


async def test_without_a_live_code_nothing_is_counted_that_anybody_looks_at(world: World) -> None:
    for _ in range(50):
        with pytest.raises(errors.CodeExpired):
            await world.check("000000")

    # As much is counted as for a live one: for the user, and for a contact.
    assert 50 == await world.count("tries:nothing", world.user.sub)
    assert 50 == await world.count("tries:nothing", world.codes._contact("email", world.user.sub))
    digits = await world.send()
    await world.check(digits)


async def test_for_a_name_that_nobody_has_a_code_is_kept_that_no_text_fits(world: World) -> None:
    sent = len(world.house.messages)

    await world.codes.pretend(
        world.pool, "nobody", FORGOT_PASSWORD, attribute="email", target="n@example.com", client_id="c", user=None
    )

    kept = await world.kept(subject="nobody")
    assert kept is not None
    assert (sent, FORGOT_PASSWORD.name) == (len(world.house.messages), kept.purpose)
    assert ("email", "n@example.com") == (kept.attribute, kept.target)
    for n in range(FORGOT_PASSWORD.tries):
        with pytest.raises(errors.CodeMismatch):
            await world.check(f"{n:06}", subject="nobody", user=None)
    with pytest.raises(errors.LimitExceeded):
        await world.check("000000", subject="nobody", user=None)


async def test_for_a_name_that_nobody_has_the_same_quota_holds(world: World) -> None:
    for _ in range(FORGOT_PASSWORD.sends):
        await world.codes.pretend(
            world.pool, "nobody", FORGOT_PASSWORD, attribute="email", target="n@example.com", client_id="c", user=None
        )

    with pytest.raises(errors.LimitExceeded):
        await world.codes.pretend(
            world.pool, "nobody", FORGOT_PASSWORD, attribute="email", target="n@example.com", client_id="c", user=None
        )


async def test_what_nobody_is_sent_counts_for_the_letter_box_as_what_somebody_is_sent(world: World) -> None:
    for n in range(SENDS_TO_A_CONTACT):
        await world.codes.pretend(
            world.pool,
            f"nobody{n}",
            FORGOT_PASSWORD,
            attribute="email",
            target=f"jane+{n}@example.com",
            client_id="c",
            user=None,
        )

    with pytest.raises(errors.LimitExceeded):
        await world.send()


class Told:
    """An outbox that tells what was put into it for somebody, and what for nobody."""

    def __init__(self) -> None:
        self.put_in: list[tuple[Message, float | None]] = []
        self.pretended: list[tuple[Message, float]] = []

    async def put(self, message: Message, *, life: float | None) -> None:
        self.put_in.append((message, life))

    async def pretend(self, message: Message, *, life: float) -> None:
        self.pretended.append((message, life))


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda purpose: purpose.name)
async def test_a_message_is_of_use_for_as_long_as_its_code_is_good(world: World, purpose: Purpose) -> None:
    outbox: Any = Told()
    ports = world.house.built.ports
    codes = CodeProcess(world.codes.world, ports.codes, ports.counters, Messenger(world.codes.world, outbox, root_of))

    await codes.send(world.pool, world.user, purpose, attribute="email", target=JANE, source="s")

    ((message, life),) = outbox.put_in
    assert (JANE, purpose.name, world.pool.id, "jane") == (
        message.to,
        message.purpose,
        message.pool_id,
        message.username,
    )
    assert purpose.life == life


@pytest.mark.parametrize("metadata", [{"a": "b"}, None])
async def test_whoever_chooses_the_words_is_told_why_and_for_whom(
    world: World, metadata: dict[str, str] | None
) -> None:
    seen: list[ComposeMessage] = []

    def compose(event: ComposeMessage) -> None:
        seen.append(event)

    flow_world = with_fields(world.codes.world, hooks=Hooks([Implementation("compose_message", "poet", compose)]))
    ports = world.house.built.ports
    codes = CodeProcess(flow_world, ports.codes, ports.counters, Messenger(flow_world, ports.outbox, root_of))

    await codes.send(
        world.pool,
        world.user,
        FORGOT_PASSWORD,
        attribute="email",
        target=JANE,
        source="CustomMessage_ForgotPassword",
        client_id="client-here",
        metadata=metadata,
    )

    (event,) = seen
    assert "CustomMessage_ForgotPassword" == event.source
    assert (world.pool.id, "client-here", "jane") == (event.pool_id, event.client_id, event.username)
    assert (metadata or {}) == event.client_metadata


@pytest.mark.parametrize(
    ("attribute", "target", "channel", "words"),
    [
        ("email", "n@example.com", "email", ("Hi", "E 000000")),
        ("phone_number", "+15550100011", "sms", ("", "S 000000")),
    ],
)
async def test_what_nobody_is_sent_is_made_of_the_pools_words(
    world: World, attribute: str, target: str, channel: str, words: tuple[str, str]
) -> None:
    pool = replace(world.pool, verification=MessageTemplate(email="E {####}", sms="S {####}", subject="Hi"))
    outbox: Any = Told()
    ports = world.house.built.ports
    flow_world = world.codes.world
    codes = CodeProcess(flow_world, ports.codes, ports.counters, Messenger(flow_world, outbox, root_of))

    await codes.pretend(pool, "x", FORGOT_PASSWORD, attribute=attribute, target=target, client_id="c", user=None)

    kept = await world.kept(subject="x")
    assert kept is not None
    ((message, life),) = outbox.pretended
    assert (kept.id, channel, target, pool.id) == (message.id, message.channel, message.to, message.pool_id)
    assert words == (message.subject, message.body)
    assert FORGOT_PASSWORD.life == life


async def test_even_the_right_digits_are_wrong_without_a_user(world: World) -> None:
    digits = await world.send()

    with pytest.raises(errors.CodeMismatch):
        await world.check(digits, user=None)


async def test_who_asked_for_a_code_stands_in_the_trail_whether_one_was_sent_or_not(world: World) -> None:
    await world.send(client_id="c", by="user:jane")
    for user in (world.user, None):
        await world.codes.pretend(
            world.pool, "x", VERIFY_EMAIL, attribute="email", target="n@example.com", client_id="c", user=user
        )

    common = {"pool_id": world.pool.id, "client_id": "c"}
    pretended = {"purpose": "verify_email", "sent": "no"}
    assert [
        (
            "code.requested",
            {
                **common,
                "subject": world.user.sub,
                "actor": "user:jane",
                "facts": {"purpose": "forgot_password", "attribute": "email"},
            },
        ),
        ("code.requested", {**common, "subject": world.user.sub, "facts": pretended}),
        ("code.requested", {**common, "subject": None, "facts": pretended}),
    ] == world.noted


async def test_a_code_that_was_refused_stands_in_the_trail_with_the_reason(world: World) -> None:
    with pytest.raises(errors.CodeExpired):
        await world.check("x", by="user:jane")
    await world.send()
    for _ in range(FORGOT_PASSWORD.tries):
        with pytest.raises(errors.CodeMismatch):
            await world.check("x", user=None)
    with pytest.raises(errors.LimitExceeded):
        await world.check("x")

    refused = [said for action, said in world.noted if action == "code.refused"]
    assert ["CodeExpired", *["CodeMismatch"] * FORGOT_PASSWORD.tries, "LimitExceeded"] == [
        said["facts"]["error"] for said in refused
    ]
    assert [world.user.sub, *[None] * FORGOT_PASSWORD.tries, world.user.sub] == [said["subject"] for said in refused]
    assert {(world.pool.id, "c", "forgot_password")} == {
        (said["pool_id"], said["client_id"], said["facts"]["purpose"]) for said in refused
    }
    assert "user:jane" == refused[0]["actor"]


async def test_a_code_and_the_count_of_a_contact_are_found_again_by_every_version(world: World) -> None:
    """Two versions run at the same moment: what one keeps, the other reads, each under a key of its own."""
    secrets = world.house.built.world.secrets
    digits = await world.send()
    kept = await world.kept()
    assert kept is not None

    said = "\x1f".join((world.pool.id, world.user.sub, "forgot_password", kept.id, digits))
    assert hmac.digest(secrets.derive("code-digest"), said.encode(), "sha256").hex() == kept.digest
    contact = hmac.digest(secrets.derive("contact"), JANE.encode(), "sha256").hex()[:32]
    assert 1 == await world.count("sends", contact)
    with pytest.raises(errors.CodeMismatch):
        await world.check("none")
    assert [1, 1] == [
        await world.count("tries", contact),
        await world.count("tries:forgot_password", kept.id),
    ]
