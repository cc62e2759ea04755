"""Row 48: by passkeys nobody learns who exists, or who has one: the same question, the same answer, the same work."""

from __future__ import annotations

from collections import Counter

import pytest

from poolhouse import errors
from poolhouse.testing import VirtualAuthenticator
from tests.security.measured import measured_house
from tests.support.house import House
from tests.support.passkeys import FLOWS, ORIGIN, answered, begun, options_of, with_passkey, with_passkeys


async def tried(house: House, name: str, work: Counter[str]) -> tuple[Counter[str], str]:
    """What a sign-in by a passkey that nobody has costs, and what it is told."""
    pool, _ = await with_passkeys(house)
    client = await house.client(pool, flows=FLOWS, hides_users=True)
    await with_passkey(house, client, "jane")
    await house.user(client, "john")
    strange = VirtualAuthenticator()
    user = {"id": "amFuZQ", "name": "jane", "displayName": "jane"}
    strange.create({"rp": {"id": "example.com"}, "user": user, "challenge": "AAAA"}, ORIGIN)
    work.clear()
    asking = await begun(house, client, name)
    credential = strange.sign(strange.ids[0], options_of(asking), ORIGIN)
    with pytest.raises(errors.WrongCredentials) as refused:
        await answered(house, client, asking, credential, name)
    work["put"] = work.pop("insert", 0) + work.pop("replace", 0)
    return work, str(refused.value)


async def test_who_has_a_passkey_who_has_none_and_who_is_nobody_cost_the_same_and_are_told_the_same() -> None:
    found = {}
    for name in ("jane", "john", "nobody"):
        async with measured_house() as (house, work):
            found[name] = await tried(house, name, work)

    assert found["jane"] == found["john"] == found["nobody"]
    assert (1, 1) == (found["jane"][0]["find"], found["jane"][0]["passkey.used"])
