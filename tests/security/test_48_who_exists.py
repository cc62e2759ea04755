"""Row 48: where a client may not learn who exists, unknown names get the same answers for the same work.

Counted are the slow arithmetic, the seals and the verbs of the store, not seconds: a count does not flicker."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.errors import Refused
from poolhouse.flows.directory.definitions import Declaration
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.hooks.answers.sign_in import ChallengeDecision
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.events.sign_in import DefineChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool, RecoveryOption
from poolhouse.records.users import RESET_REQUIRED
from tests.security.measured import measured_house
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import Asking
from tests.support.srp_client import SrpClient

WRONG = "Wr0ng-Horse!"
Call = Callable[[House, Client, str], Awaitable[object]]


async def by_password(house: House, client: Client, name: str) -> object:
    return await house.begin(client, name, WRONG)


async def by_administrator(house: House, client: Client, name: str) -> object:
    return await house.begin(client, name, WRONG, flow="ADMIN_USER_PASSWORD_AUTH")


async def by_srp(house: House, client: Client, name: str) -> object:
    srp = SrpClient(house, client)
    return await srp.answer(await srp.begin(name), WRONG)


async def by_custom(house: House, client: Client, name: str) -> object:
    return await house.begin(client, name, flow="CUSTOM_AUTH")


async def confirm(house: House, client: Client, name: str) -> object:
    await house.confirm(client, name, code="000000")
    return None


async def resend(house: House, client: Client, name: str) -> object:
    return await house.services.sign_up.resend(client, name, metadata={}, secret_hash=None)


async def forgot(house: House, client: Client, name: str) -> object:
    return await house.services.recovery.start(client, name, metadata={}, secret_hash=None)


async def set_new(house: House, client: Client, name: str) -> object:
    await house.services.recovery.confirm(client, name, "000000", "An0ther-Horse!", metadata={}, secret_hash=None)
    return None


async def forgot_and_set_new(house: House, client: Client, name: str) -> object:
    await forgot(house, client, name)
    return await set_new(house, client, name)


CALLS: dict[str, Call] = {
    call.__name__.replace("_", " "): call
    for call in (
        by_password,
        by_administrator,
        by_srp,
        by_custom,
        confirm,
        resend,
        forgot,
        set_new,
        forgot_and_set_new,
    )
}


async def told(house: House, client: Client, call: str, name: str) -> tuple[str, str]:
    """What the caller can see of the answer, but for the (masked) address."""
    try:
        result = await CALLS[call](house, client, name)
    except errors.PoolhouseError as error:
        return type(error).__name__, str(error)
    return type(result).__name__, ""


async def plain(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)


async def unconfirmed(house: House, pool: Pool, client: Client) -> None:
    await house.sign_up(client)


async def disabled(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    await house.services.users.disable(pool, "jane")


async def without_password(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client)
    await house.built.ports.users.save(pool, replace(user, credential=None, status=RESET_REQUIRED))


async def without_contact(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client)
    await house.built.ports.users.save(pool, replace(user, attributes={}))


async def to_be_reset(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client)
    await house.built.ports.users.save(pool, replace(user, status=RESET_REQUIRED))


async def invited(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    await house.services.users.set_password(pool, "jane", PASSWORD, permanent=False)


STATES: dict[str, Callable[[House, Pool, Client], Awaitable[None]]] = {
    state.__name__.replace("_", " "): state
    for state in (plain, unconfirmed, disabled, without_password, without_contact, to_be_reset, invited)
}


@pytest.mark.parametrize("verifies", [("email",), ()], ids=["verifying", "not verifying"])
@pytest.mark.parametrize("call", CALLS)
async def test_nobody_is_told_whether_there_is_such_a_user(call: str, verifies: tuple[str, ...]) -> None:
    answers = {}
    for state, prepare in STATES.items():
        if not verifies and state != "unconfirmed":
            continue  # nobody is confirmed by a code there
        async with opened_house() as house:
            pool = await house.pool(auto_verified=verifies)
            hiding = await house.client(pool, hides_users=True)
            await prepare(house, pool, hiding)
            answers[state] = [await told(house, hiding, call, "jane") for _ in range(7)]
            answers["unknown"] = [await told(house, hiding, call, "john") for _ in range(7)]

    assert dict.fromkeys(answers, answers["unknown"]) == answers


NAMED = {
    "by name": (PoolFoundation(), "jane", "john"),
    "by address": (PoolFoundation(username_attributes=("email",)), "jane@example.com", "john@example.com"),
    "by alias": (PoolFoundation(alias_attributes=("email",)), "jane@example.com", "john@example.com"),
}


@pytest.mark.parametrize("named", NAMED)
@pytest.mark.parametrize("state", ["plain", "disabled", "unconfirmed"])
@pytest.mark.parametrize("call", CALLS)
async def test_an_unknown_name_costs_the_same_reads_writes_seals_and_hashes(call: str, state: str, named: str) -> None:
    foundation, jane, john = NAMED[named]
    username = jane if foundation.username_attributes else "jane"
    costs: dict[str, Counter[str]] = {}
    for name in (jane, john):
        async with measured_house() as (house, work):
            pool = await house.pool(foundation=foundation)
            hiding = await house.client(pool, hides_users=True)
            await house.sign_up(hiding, username, email="jane@example.com")
            if state != "unconfirmed":
                await house.confirm(hiding, username)
            if state == "disabled":
                await house.services.users.disable(pool, username)
            work.clear()
            await told(house, hiding, call, name)
            work["put"] = work.pop("insert", 0) + work.pop("replace", 0)
            costs[name] = work

    assert costs[jane] == costs[john]
    assert costs[jane]["get"] > 1


async def test_nobodys_password_is_hashed_as_somebodys_is() -> None:
    """Measured is the work that the thread does, not how long it took: a busy machine changes nothing."""
    spent: dict[str, float] = {}

    class Here:
        """Slow arithmetic is done at once, in this thread, and its work is measured."""

        pending, threads = 0, 1

        async def run(self, function: Callable[..., Any], /, *given: Any) -> Any:
            started = time.thread_time()
            try:
                return function(*given)
            finally:
                spent["last"] = time.thread_time() - started

    async with opened_house() as house:
        world = house.built.world
        workers: Any = Here()
        passwords = PasswordHashes(workers, world.secrets, world.chance, Argon2Costs(memory_kib=16 * 1024, passes=3))
    stored = await passwords.hash(PASSWORD)
    works: dict[str, float] = {}
    for name, encoded in {"somebody": stored, "nobody": None, "unreadable": "$what$is$this"}.items():
        assert not await passwords.verify(WRONG, encoded)
        works[name] = spent["last"]

    assert min(works.values()) > max(works.values()) / 3


async def shown(house: House, client: Client, call: str, name: str) -> tuple[str, str]:
    """Medium and destination that a caller is told."""
    told = await CALLS[call](house, client, name)
    assert isinstance(told, Delivery)
    return told.medium, told.destination


BY_ADDRESS = PoolFoundation(username_attributes=("email",))
TELEPHONE_FIRST = (
    RecoveryOption(name="verified_phone_number", priority=1),
    RecoveryOption(name="verified_email", priority=2),
)
MAIL_FIRST = (
    RecoveryOption(name="verified_email", priority=1),
    RecoveryOption(name="verified_phone_number", priority=2),
)


@pytest.mark.parametrize("call", ["forgot", "resend"])
async def test_of_unknown_names_some_seem_to_have_a_telephone_and_some_not_always_the_same(call: str) -> None:
    async with opened_house() as house:
        pool = await house.pool(
            auto_verified=("email", "phone_number"), foundation=BY_ADDRESS, recovery=TELEPHONE_FIRST
        )
        hiding = await house.client(pool, hides_users=True)
        await house.user(hiding, "jane@example.com", name="Jane", phone_number="+15550100011")
        jane = await shown(house, hiding, call, "jane@example.com")
        names = [f"nobody{n}@example.com" for n in range(20)]

        first, second = [[await shown(house, hiding, call, name) for name in names] for _ in range(2)]

    assert jane == ("SMS", "+*******0011")
    assert first == second
    assert {medium for medium, _ in first} == {"SMS", "EMAIL"}
    for medium, destination in first:
        assert re.fullmatch(r"\+\*{7}[0-9]{4}" if medium == "SMS" else r"n\*{3}@e\*{3}", destination)


@pytest.mark.parametrize(
    ("call", "kind", "name", "medium"),
    [
        ("forgot", "email", "nobody{}@example.com", "EMAIL"),
        ("forgot", "phone_number", "+155501001{:02}", "SMS"),
        ("resend", "phone_number", "+155501001{:02}", "SMS"),
    ],
)
async def test_a_name_that_is_a_contact_seems_to_be_asked_for_there_as_every_known_one_is(
    call: str, kind: str, name: str, medium: str
) -> None:
    recovery = MAIL_FIRST if kind == "email" else TELEPHONE_FIRST
    async with opened_house() as house:
        pool = await house.pool(
            auto_verified=("email", "phone_number"),
            foundation=PoolFoundation(username_attributes=(kind,)),
            recovery=recovery,
        )
        hiding = await house.client(pool, hides_users=True)

        seen = [await shown(house, hiding, call, name.format(n)) for n in range(20)]

    assert {medium} == {told for told, _ in seen}
    if kind == "email":
        assert {"n***@e***"} == {destination for _, destination in seen}
    else:
        assert [f"+*******01{n:02}" for n in range(20)] == [destination for _, destination in seen]


async def test_unknown_names_do_not_share_the_count_of_a_contact(house: House) -> None:
    """As known ones do not: a hundred names that look alike can each be asked for."""
    hiding = await house.client(await house.pool(), hides_users=True)

    for n in range(100):
        assert await shown(house, hiding, "forgot", f"nobody{n}")


async def test_where_everybody_has_a_telephone_unknown_names_seem_to_have_one_too() -> None:
    required = Declaration(name="phone_number", required=True)
    async with opened_house() as house:
        foundation = PoolFoundation(username_attributes=("email",), declarations=(required,))
        pool = await house.pool(
            auto_verified=("email", "phone_number"), foundation=foundation, recovery=TELEPHONE_FIRST
        )
        hiding = await house.client(pool, hides_users=True)

        seen = [await shown(house, hiding, "forgot", f"nobody{n}@example.com") for n in range(20)]

    assert {medium for medium, _ in seen} == {"SMS"}


@pytest.mark.parametrize("call", ["forgot", "resend"])
async def test_what_is_shown_of_a_contact_does_not_change_with_the_state_of_the_user(call: str) -> None:
    async with opened_house() as house:
        pool = await house.pool(
            auto_verified=("email", "phone_number"), foundation=BY_ADDRESS, recovery=TELEPHONE_FIRST
        )
        hiding = await house.client(pool, hides_users=True)
        name = "jane@example.com"
        signed_up = await house.sign_up(hiding, name, name="Jane", phone_number="+15550100011")
        seen = [await shown(house, hiding, call, name)]
        await house.services.sign_up.confirm_by_admin(pool, name, {})
        seen.append(await shown(house, hiding, call, name))
        await house.services.users.update(pool, name, {"phone_number_verified": "true"}, {})
        seen.append(await shown(house, hiding, call, name))
        await house.services.users.disable(pool, name)
        seen.append(await shown(house, hiding, call, name))

    assert signed_up.user
    assert seen == [("SMS", "+*******0011")] * 4


class Stranger:
    """A plugin that refuses names it does not know, instead of saying that they are not its own."""

    @hookimpl
    def migrate_user(self, event: MigrateUser) -> Any:
        raise Refused(f"{event.username} is not in the old directory")


@pytest.mark.parametrize("call", ["by password", "forgot"])
async def test_a_plugins_refusal_of_an_unknown_name_is_not_told(call: str) -> None:
    async with opened_house(plugins=[("stranger", Stranger())]) as house:
        hiding = await house.client(await house.pool(), hides_users=True)
        await house.user(hiding)

        known, unknown = [await told(house, hiding, call, name) for name in ("jane", "john")]

    assert known[1] == unknown[1]
    assert "directory" not in unknown[1]
    if call == "forgot":
        assert known == unknown


async def test_an_unknown_names_challenge_looks_like_a_real_one(house: House) -> None:
    """In pools whose users are named by ids, as they are where e-mail addresses are hidden at all."""
    pool = await house.pool(foundation=PoolFoundation(username_attributes=("email",)))
    hiding = await house.client(pool, hides_users=True)
    await house.user(hiding, "jane@example.com", name="Jane")
    asked = {}
    for name in ("jane@example.com", "john@example.com"):
        one, other = [await SrpClient(house, hiding).begin(name) for _ in range(2)]
        assert isinstance(one, Asking)
        assert isinstance(other, Asking)
        asked[name] = one
        assert (one.public["SALT"], one.public["USERNAME"]) == (other.public["SALT"], other.public["USERNAME"])
        assert one.public["SRP_B"] != other.public["SRP_B"]

    real, made_up = asked.values()
    assert (real.challenge, list(real.public)) == (made_up.challenge, list(made_up.public))
    for name in ("SALT", "SECRET_BLOCK", "USERNAME", "USER_ID_FOR_SRP"):
        assert len(real.public[name]) == len(made_up.public[name])
    assert abs(len(real.public["SRP_B"]) - len(made_up.public["SRP_B"])) <= 4


async def test_made_up_values_belong_to_a_pool_and_cannot_be_computed_outside(house: House) -> None:
    salts = []
    for _ in range(2):
        hiding = await house.client(await house.pool(), hides_users=True)
        salts.append((await SrpClient(house, hiding).begin("john")).public["SALT"])

    assert 2 == len(set(salts))


async def test_administrators_are_told_the_truth(house: House, pool: Pool) -> None:
    await house.client(pool, hides_users=True)

    with pytest.raises(errors.UserNotFound):
        await house.services.users.require(pool, "john")


class Generous:
    """A plugin that lets everybody in, also those who do not exist."""

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        return ChallengeDecision(issue_tokens=True)


async def test_whatever_a_plugin_says_nobody_is_told_as_a_wrong_password_is() -> None:
    async with opened_house(plugins=[("generous", Generous())]) as house:
        hiding = await house.client(await house.pool(), hides_users=True)
        await house.user(hiding)

        unknown, wrong = (
            await told(house, hiding, "by custom", "john"),
            await told(house, hiding, "by password", "jane"),
        )

    assert wrong == unknown
