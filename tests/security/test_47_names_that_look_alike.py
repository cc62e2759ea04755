"""Row 47: one canonical form decides whether two names are one; and no name reads like somebody else's of another
kind."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.flows.transfer.importing import Manner
from poolhouse.flows.transfer.running import Source, Told
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.kinds import hookimpl
from poolhouse.ports.users import UserFilter
from poolhouse.records.clients import Client
from poolhouse.records.names import LONGEST, canonical
from poolhouse.records.pools import Pool
from poolhouse.records.users import User
from tests.support.house import PASSWORD, House, opened_house

ALIKE = [
    ("jane", "JANE"),
    ("jane", "\uff4aane"),
    ("STRA\u1e9eE", "stra\u00dfe"),
    ("fish", "\ufb01sh"),
    ("caf\u00e9", "cafe\u0301"),
    ("k", "\u212a"),
    ("is", "i\u017f"),
    ("\u03c3", "\u03c2"),
    ("i\u0307", "\u0130"),
]
INVISIBLE = ["\u034f", "\ufe0f", "\U000e0100", "\u180b", "\u17b4", "\u3164", "\uffa0", "\u115f", "\u2800"]
INVISIBLE += ["\U0001d159", "\U00016fe4"]
"""What the pattern of user names lets through, and nobody sees."""
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


@pytest.mark.parametrize("foundation", [FOLDING, PoolFoundation()], ids=["folding", "not folding"])
@pytest.mark.parametrize("unseen", INVISIBLE, ids=ascii)
async def test_what_is_not_seen_makes_no_other_name(unseen: str, foundation: PoolFoundation, house: House) -> None:
    pool = await house.pool(foundation=foundation)
    client = await house.client(pool)
    await house.user(client, "admin", email="a@example.com")

    for name in (f"admin{unseen}", f"{unseen}admin", f"ad{unseen}min"):
        with pytest.raises(errors.UsernameTaken):
            await house.sign_up(client, name, email="b@example.com")
        assert "admin" == (await house.services.users.require(pool, name)).username


async def test_what_stands_unseen_between_a_letter_and_its_mark_makes_no_other_name(house: House) -> None:
    pool = await house.pool()
    client = await house.client(pool)
    await house.user(client, "caf\u00e9", email="a@example.com")

    with pytest.raises(errors.UsernameTaken):
        await house.sign_up(client, "cafe\u034f\u0301", email="b@example.com")


async def test_letters_that_only_fold_into_several_are_their_own(house: House) -> None:
    """ß and ss are spelled apart by the people who are called so."""
    pool = await house.pool(foundation=FOLDING)
    client = await house.client(pool)
    one = await house.user(client, "Stra\u00dfer", email="a@example.com")
    other = await house.user(client, "Strasser", email="b@example.com")

    assert one.sub != other.sub
    assert [one.sub, other.sub] == [
        (await house.services.users.require(pool, name)).sub for name in ("STRA\u1e9eER", "STRASSER")
    ]


NO_NAMES = [" ", "a b", "a\nb", "a\x00b", "ad\u200bmin", "\u202enimda", "\u3164", "a" * 129]


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
async def test_a_preferred_name_has_the_form_of_user_names(
    name: str, house: House, aliased: Pool, victim: Client
) -> None:
    tokens = await house.sign_in(victim, "mallory")

    with pytest.raises(errors.InvalidParameter):
        await house.services.profile.update(tokens.access, {"preferred_username": name}, {})
    with pytest.raises(errors.InvalidParameter):
        await house.services.users.update(aliased, "mallory", {"preferred_username": name}, {})


class OldDirectory:
    """Knows everybody, by a preferred name that hides something."""

    def __init__(self, preferred: str) -> None:
        self._attributes = {"email": "old@example.com", "preferred_username": preferred}

    @hookimpl
    def migrate_user(self, event: MigrateUser) -> MigratedUser:
        return MigratedUser(attributes=self._attributes, username=event.username)


UNSEEN = ["\x00", "\n", "\t", "\u2028", "\u200b", "\u202e", "\u2066", "\ufeff", *INVISIBLE]
PREFERRED_MISFIT = (
    "Attributes did not conform to the schema: preferred_username: The value has characters that cannot be seen.\n"
)


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
async def test_a_preferred_name_hides_nothing_also_where_nobody_signs_in_with_it(unseen: str) -> None:
    """By whatever way it comes: it stands beside what the user does, in others' sight."""
    named = {"preferred_username": f"ad{unseen}min"}
    old = OldDirectory(named["preferred_username"])
    async with opened_house(plugins=[("old-directory", old)]) as house:
        pool = await house.pool()
        client = await house.client(pool)
        await house.user(client)
        tokens = await house.sign_in(client, "jane")
        users = house.services.users
        ways: dict[str, Callable[[], Awaitable[object]]] = {
            "sign-up": lambda: house.sign_up(client, "john", email="john@example.com", **named),
            "by the user": lambda: house.services.profile.update(tokens.access, named, {}),
            "by an administrator": lambda: users.update(pool, "jane", named, {}),
            "invitation": lambda: users.invite(pool, Invitation(username="john", attributes=named, silent=True)),
        }

        for way in ways.values():
            with pytest.raises(errors.InvalidParameter) as refused:
                await way()
            assert PREFERRED_MISFIT == str(refused.value)
        complaints: list[str] = []
        line = json.dumps({"username": "john", "attributes": named}).encode() + b"\n"
        told = Told(wrong=lambda _, text: complaints.append(text))
        await house.services.imports.run(pool, Source(lines=[line]), Manner(), told)
        assert [PREFERRED_MISFIT.strip()] == [text.strip() for text in complaints]
        with pytest.raises(errors.PluginAnswerInvalid):
            await house.sign_in(client, "old")

        assert "preferred_username" not in (await users.require(pool, "jane")).attributes
        for name in ("john", "old"):
            with pytest.raises(errors.UserNotFound):
                await users.require(pool, name)


async def test_a_preferred_name_that_nobody_signs_in_with_may_have_spaces(house: House) -> None:
    client = await house.client(await house.pool())

    user = await house.user(client, email="jane@example.com", preferred_username="Dr. Jane van der Do\u00eb \u2665")

    assert "Dr. Jane van der Do\u00eb \u2665" == user.attributes["preferred_username"]


@pytest.mark.parametrize("name", ["", *INVISIBLE], ids=ascii)
async def test_a_name_that_cannot_be_seen_is_nobodys(name: str, house: House, aliased: Pool, victim: Client) -> None:
    with pytest.raises(errors.InvalidParameter):
        await house.services.users.invite(aliased, Invitation(username=name, password=PASSWORD, silent=True))
    with pytest.raises(errors.InvalidParameter):
        await house.sign_up(victim, name, email="x@example.com")


async def test_a_preferred_name_that_looks_like_a_user_name_is_taken(
    house: House, aliased: Pool, victim: Client
) -> None:
    tokens = await house.sign_in(victim, "mallory")

    with pytest.raises(errors.AliasTaken):
        await house.services.profile.update(tokens.access, {"preferred_username": "vic\u034ftim"}, {})


APART = [
    ("ada@stra\u00dfe.example", "ada@strasse.example"),
    ("nikos@\u03b2\u03cc\u03bb\u03bf\u03c2.example", "nikos@\u03b2\u03cc\u03bb\u03bf\u03c3.example"),
    ("stra\u00dfe@example.com", "strasse@example.com"),
    ("\u212aim@example.com", "kim@example.com"),
    ("\uff4aane@example.com", "jane@example.com"),
    ("mi\u017fs@example.com", "miss@example.com"),
    ("\u0130da@example.com", "i\u0307da@example.com"),
    ("\ufb01sh@example.com", "fish@example.com"),
]
TOGETHER = [
    ("ada@stra\u00dfe.example", "ada@xn--strae-oqa.example"),
    ("ada@Stra\u00dfe.Example", "ada@XN--STRAE-OQA.example"),
    ("\u00d6rjan@example.com", "\u00f6rjan@EXAMPLE.com"),
    ("ada@b\u00fccher.example", "ada@bu\u0308cher.example"),
]


@pytest.mark.parametrize("foundation", ["alias", "name"])
@pytest.mark.parametrize(("one", "other"), APART, ids=ascii)
async def test_addresses_that_two_people_can_own_are_two(one: str, other: str, foundation: str, house: House) -> None:
    pool, added = await _people(house, foundation, one, other)

    for address, user in zip((one, other), added, strict=True):
        assert address == user.attributes["email"]
        assert user.sub == (await house.services.users.require(pool, address)).sub


@pytest.mark.parametrize(("one", "other"), TOGETHER, ids=ascii)
async def test_two_spellings_of_one_mailbox_are_one_address(one: str, other: str, house: House) -> None:
    with pytest.raises((errors.AliasTaken, errors.UsernameTaken)):
        await _people(house, "alias", one, other)


async def test_addresses_that_two_people_can_own_are_listed_apart(house: House) -> None:
    pool, (_, plain) = await _people(house, "alias", "ada@stra\u00dfe.example", "ada@strasse.example")

    found = await house.services.users.page(pool, UserFilter("email", "ada@strasse.example"), 60, None)

    assert [plain.sub] == [user.sub for user in found.items]


async def _people(house: House, foundation: str, one: str, other: str) -> tuple[Pool, list[User]]:
    """Two users with these addresses, both verified, in a pool that folds."""
    if foundation == "name":
        pool = await house.pool(foundation=replace(FOLDING, username_attributes=("email",)))
    else:
        pool = await house.pool(foundation=replace(FOLDING, alias_attributes=("email",)))
    users = []
    for number, address in enumerate((one, other)):
        name = address if foundation == "name" else f"user{number}"
        given = {"email": address, "email_verified": "true"}
        invitation = Invitation(username=name, password=PASSWORD, attributes=given, silent=True)
        users.append(await house.services.users.invite(pool, invitation))
    return pool, users


@pytest.mark.parametrize(
    "domain", ["\u2603.example", "a\u00f6_b.example", "\u00f6" * 64 + ".example", "\u00f6..example"]
)
async def test_a_domain_that_cannot_be_encoded_is_refused_when_it_is_said(domain: str, house: House) -> None:
    client = await house.client(await house.pool())

    with pytest.raises(errors.InvalidParameter):
        await house.sign_up(client, "jane", email=f"jane@{domain}")


def test_the_canonical_form_is_its_own_canonical_form() -> None:
    for code in range(0x20, 0x2FFFF):
        if 0xD800 <= code < 0xE000:
            continue
        form = canonical("username", chr(code), case_sensitive=False)
        assert form == canonical("username", form, case_sensitive=False), hex(code)
        address = canonical("email", f"{chr(code)}@example.com", case_sensitive=False)
        assert address == canonical("email", address, case_sensitive=False), hex(code)


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
