"""Row 48: of a name that nobody has, the medium, the form and the text that are told are those of somebody who has such
a name in such a pool, whatever the pool is like and whatever state that somebody is in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import product

import pytest

from poolhouse.flows.accounts.sign_up import SignedUp
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.clients import Client
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import Pool, RecoveryOption
from tests.support.house import House
from tests.support.sign_in import Asking
from tests.support.srp_client import SrpClient

ADDRESS, NUMBER = "{}{:02}@example.com", "+155501{}{:02}"
"""Of the known, and of those that nobody has."""

SIGN_IN = {
    "by name": PoolFoundation(),
    "by an alias address": PoolFoundation(alias_attributes=("email",)),
    "by an alias number": PoolFoundation(alias_attributes=("phone_number",)),
    "by address": PoolFoundation(username_attributes=("email",)),
    "by number": PoolFoundation(username_attributes=("phone_number",)),
    "by either": PoolFoundation(username_attributes=("email", "phone_number")),
}
RECOVERY = {
    "mail first": ("email", "phone_number"),
    "telephone first": ("phone_number", "email"),
    "mail only": ("email",),
    "telephone only": ("phone_number",),
}
VERIFIED: tuple[tuple[str, ...], ...] = ((), ("email",), ("phone_number",), ("email", "phone_number"))
FORMS = {"EMAIL": r"[a-z]\*{3}@[a-z]\*{3}", "SMS": r"\+\*{7}[0-9]{4}"}


def options(order: Sequence[str]) -> tuple[RecoveryOption, ...]:
    return tuple(RecoveryOption(name=f"verified_{each}", priority=n) for n, each in enumerate(order, 1))


def kinds(foundation: PoolFoundation) -> tuple[str, ...]:
    """Of the names that people there ask with."""
    return foundation.username_attributes or (*foundation.alias_attributes, "name")


def named(kind: str, who: str, n: int) -> str:
    if kind == "email":
        return ADDRESS.format(who, n)
    return NUMBER.format({"known": "20", "nobody": "30"}[who], n) if kind == "phone_number" else f"{who}{n:02}"


def people(pool: Pool, kind: str) -> Iterator[dict[str, str]]:
    """What those who have such a name have: the contact that it is, and what the pool has a use for."""
    used = {*pool.auto_verified, *pool.alias_attributes, *pool.username_attributes}
    for extra in ((), ("email",), ("phone_number",), ("email", "phone_number")):
        held = {contact for contact in (kind, *extra) if contact != "name"}
        if held and used.issuperset(extra):
            yield {contact: named(contact, "known", len(extra) * 10 + len(held)) for contact in sorted(held)}


async def shown(house: House, client: Client, call: str, name: str) -> Delivery:
    flow = house.services.recovery.start if call == "forgot" else house.services.sign_up.resend
    told = await flow(client, name, metadata={}, secret_hash=None)
    assert told.destination is not None
    assert re.fullmatch(FORMS[told.medium], told.destination)
    assert {"EMAIL": "email", "SMS": "phone_number"}[told.medium] == told.attribute
    return told


async def states(house: House, pool: Pool, client: Client, signed_up: SignedUp, kind: str) -> AsyncIterator[str]:
    """The user of this name, from one state to the next, as soon as it is somebody's at all: an alias is when it is
    verified."""
    if kind not in pool.alias_attributes:
        yield "unconfirmed"
    username = signed_up.user.username
    if signed_up.delivery:
        await house.confirm(client, username)
    else:
        await house.services.sign_up.confirm_by_admin(pool, username, {})
    if kind in pool.alias_attributes:
        await house.services.users.update(pool, username, {f"{kind}_verified": "true"}, {})
    yield "confirmed"
    await house.services.users.disable(pool, username)
    yield "disabled"


async def told_of_the_known(house: House, pool: Pool, client: Client, call: str, kind: str) -> set[str]:
    """The media that are told of all who have a name of this kind; of each it is one, in whatever state."""
    media = set()
    for attributes in people(pool, kind):
        username = attributes[kind] if kind in pool.username_attributes else "somebody"
        signed_up = await house.sign_up(client, username, **attributes)
        asked = attributes.get(kind, username)
        seen = [
            (state, await shown(house, client, call, asked))
            async for state in states(house, pool, client, signed_up, kind)
        ]
        assert 1 == len({told for _, told in seen}), (attributes, seen)
        media.add(seen[-1][1].medium)
        await house.services.users.delete(pool, username)
    return media


@pytest.mark.parametrize("call", ["forgot", "resend"])
@pytest.mark.parametrize("order", RECOVERY)
@pytest.mark.parametrize("sign_in", SIGN_IN)
async def test_nobody_is_told_another_medium_than_somebody_would_be(
    sign_in: str, order: str, call: str, house: House
) -> None:
    foundation = SIGN_IN[sign_in]
    for verified, kind in product(VERIFIED, kinds(foundation)):
        pool = await house.pool(auto_verified=verified, foundation=foundation, recovery=options(RECOVERY[order]))
        client = await house.client(pool, hides_users=True)

        known = await told_of_the_known(house, pool, client, call, kind)
        nobody = {(await shown(house, client, call, named(kind, "nobody", n))).medium for n in range(12)}

        assert nobody
        assert not known or nobody <= known, (verified, kind)


async def test_of_people_who_sign_in_with_a_number_and_have_no_address_nobody_is_told_one(house: House) -> None:
    """Half of the unknown numbers were told an address, which nobody there has."""
    pool = await house.pool(
        auto_verified=("phone_number",),
        foundation=PoolFoundation(username_attributes=("phone_number",)),
        recovery=options(RECOVERY["mail first"]),
    )
    client = await house.client(pool, hides_users=True)
    names = [named("phone_number", "nobody", n) for n in range(30)]

    told = [await shown(house, client, "forgot", name) for name in names]

    assert [("SMS", f"+*******{name[-4:]}") for name in names] == [(one.medium, one.destination) for one in told]


SPELLINGS = {
    "in capitals": ("ada{}@example.com", "ADA{}@EXAMPLE.COM"),
    "in capitals when it was made": ("Ada{}@Example.com", "ada{}@example.com"),
    "with a domain as DNS has it": ("ada{}@b\u00fccher.example", "ada{}@xn--bcher-kva.example"),
    "with a wide plus sign": ("+155501200{:02}", "\uff0b155501200{:02}"),
    "with a wide digit": ("+155501200{:02}", "+\uff1155501200{:02}"),
}


@pytest.mark.parametrize("mode", ["username_attributes", "alias_attributes"])
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_two_spellings_of_a_name_are_told_one_thing_whether_it_is_somebodys_or_not(
    spelling: str, mode: str, house: House
) -> None:
    one, other = SPELLINGS[spelling]
    kind = "phone_number" if one.startswith("+") else "email"
    pool = await house.pool(
        auto_verified=("email", "phone_number"),
        foundation=PoolFoundation(case_sensitive=False, case_stated=True, **{mode: (kind,)}),
        recovery=options(RECOVERY["telephone first"]),
    )
    client = await house.client(pool, hides_users=True)
    contact = {kind: one.format(10)}
    await house.user(client, contact[kind] if mode == "username_attributes" else "ada", **contact)

    known, *unknown = [
        [await shown(house, client, "forgot", form.format(n)) for form in (one, other)] for n in range(10, 20)
    ]
    asked = [await SrpClient(house, client).begin(form.format(11)) for form in (one, other)]

    assert known[0] == known[1]
    for first, second in unknown:
        assert first == second
    assert 1 == len({reply.public["SALT"] for reply in asked if isinstance(reply, Asking)})
    assert 1 == len({reply.public["USER_ID_FOR_SRP"] for reply in asked if isinstance(reply, Asking)})
