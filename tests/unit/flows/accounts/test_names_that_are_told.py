"""Where an address stands for the name: nothing that was said is dropped, and a letter tells what can be typed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.pools.settings import PoolFoundation
from poolhouse.records.pools import MessageTemplate
from tests.support.house import PASSWORD, House
from tests.support.sign_in import Asking

EMAIL, OTHER_EMAIL = "gil@example.com", "eve@example.com"
PHONE, OTHER_PHONE = "+15550100011", "+15550100012"
SENTENCE = "User {0} should be empty or same as username, since username attribute is {0}"


def addressed(*attributes: str, **more: Any) -> PoolFoundation:
    return PoolFoundation(username_attributes=attributes, **more)


# --- nothing is dropped ----------------------------------------------------------------------------------------------

MIXED_UP = [
    (kinds, name, kind, other)
    for kinds in (("email",), ("phone_number",), ("email", "phone_number"))
    for name, kind, other in ((EMAIL, "email", OTHER_EMAIL), (PHONE, "phone_number", OTHER_PHONE))
    if kind in kinds
]


@pytest.mark.parametrize(("kinds", "name", "kind", "other"), MIXED_UP)
async def test_another_address_than_the_name_is_refused(
    house: House, kinds: tuple[str, ...], name: str, kind: str, other: str
) -> None:
    pool = await house.pool(foundation=addressed(*kinds))
    client = await house.client(pool)

    with pytest.raises(InvalidParameter) as invited:
        await house.services.users.invite(pool, Invitation(username=name, attributes={kind: other}, silent=True))
    with pytest.raises(InvalidParameter) as signed_up:
        await house.services.sign_up.sign_up(
            client, SignUpRequest(username=name, password=PASSWORD, attributes={kind: other})
        )

    assert SENTENCE.format(kind) == str(invited.value) == str(signed_up.value)


@pytest.mark.parametrize("given", [{}, {"email": ""}, {"email": "Gil@Example.com"}, {"email": EMAIL}])
async def test_the_same_address_after_folding_is_the_same(house: House, given: dict[str, str]) -> None:
    pool = await house.pool(foundation=addressed("email", case_sensitive=False))

    user = await house.services.users.invite(pool, Invitation(username=EMAIL, attributes=given, silent=True))

    assert EMAIL == user.attributes["email"]


async def test_the_other_kind_of_address_is_kept(house: House) -> None:
    pool = await house.pool(foundation=addressed("email", "phone_number"))

    invitation = Invitation(username=PHONE, attributes={"email": EMAIL}, silent=True)
    user = await house.services.users.invite(pool, invitation)

    assert (EMAIL, PHONE) == (user.attributes["email"], user.attributes["phone_number"])


# --- a letter tells what can be typed --------------------------------------------------------------------------------

POOLS = {
    "name": (PoolFoundation(), "gil"),
    "alias": (PoolFoundation(alias_attributes=("email", "phone_number")), "gil"),
    "email": (addressed("email"), EMAIL),
    "telephone": (addressed("phone_number"), PHONE),
    "both, by e-mail": (addressed("email", "phone_number"), EMAIL),
    "both, by telephone": (addressed("phone_number", "email"), PHONE),
}
TELLS = MessageTemplate(sms="{username} {####}", email="{username} {####}", subject="{username}")


@pytest.mark.parametrize(
    ("kind", "mediums"),
    list(itertools.product(POOLS, [(), ("SMS",), ("EMAIL",), ("SMS", "EMAIL")])),
)
async def test_every_invitation_tells_the_name_that_signs_in(house: House, kind: str, mediums: tuple[str, ...]) -> None:
    foundation, name = POOLS[kind]
    pool = await house.pool(foundation=foundation, invitation=TELLS)
    client = await house.client(pool)
    contacts = {"email": EMAIL, "phone_number": PHONE}
    user = await house.services.users.invite(pool, Invitation(username=name, attributes=contacts, mediums=mediums))
    first = list(house.messages)
    await house.services.users.invite_again(pool, Invitation(username=name, mediums=mediums))
    again = house.messages[len(first) :]
    await house.services.users.invite_again(pool, Invitation(username=user.sub, mediums=mediums))
    by_id = house.messages[len(first) + len(again) :]

    assert (len(mediums) or 1) == len(first) == len(again) == len(by_id)
    for message in (*first, *again):
        assert name == message.body.split(" ")[0]
        assert message.channel == "sms" or name == message.subject
    for message in by_id:
        told = message.body.split(" ")[0]
        assert told == name or kind.startswith("both")
        asked = await house.begin(client, told, message.code or "")
        assert isinstance(asked, Asking)
        assert "NEW_PASSWORD_REQUIRED" == asked.challenge
