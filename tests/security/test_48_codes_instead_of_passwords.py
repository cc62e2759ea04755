"""Row 48, for codes that begin a sign-in: unknown names get the same answers for the same work."""

from __future__ import annotations

from collections import Counter

import pytest

from poolhouse import errors
from poolhouse.records.clients import Client
from tests.security.measured import measured_house
from tests.support.factors import asked
from tests.support.house import FLOWS, House
from tests.support.sign_in import Answer, Opening, initiate, respond


async def guess(house: House, client: Client, name: str, first: str) -> None:
    """A code is asked for, and missed."""
    parameters = {"USERNAME": name, "PREFERRED_CHALLENGE": first}
    asking = asked(await initiate(house.services, client, Opening(flow="USER_AUTH", parameters=parameters)))
    answers = {"USERNAME": name, f"{first}_CODE": "no code"}
    with pytest.raises(errors.CodeMismatch):
        await respond(house.services, client, Answer(challenge=first, handle=asking.handle, answers=answers))


@pytest.mark.parametrize("first", ["EMAIL_OTP", "SMS_OTP"])
@pytest.mark.parametrize("state", ["reachable", "unverified", "disabled"])
async def test_an_unknown_name_costs_the_same_reads_writes_and_seals(state: str, first: str) -> None:
    costs: dict[str, Counter[str]] = {}
    for name in ("jane", "john"):
        async with measured_house() as (house, work):
            pool = await house.pool(first_factors=("PASSWORD", "EMAIL_OTP", "SMS_OTP"))
            hiding = await house.client(pool, flows=(*FLOWS, "ALLOW_USER_AUTH"), hides_users=True)
            await house.user(hiding, email="jane@example.com", phone_number="+14155550123")
            verified = {"email": "jane@example.com", "phone_number": "+14155550123"}
            flags = dict.fromkeys(("email_verified", "phone_number_verified"), str(state != "unverified").lower())
            await house.services.users.update(pool, "jane", {**verified, **flags}, {})
            if state == "disabled":
                await house.services.users.disable(pool, "jane")
            work.clear()
            await guess(house, hiding, name, first)
            work["put"] = work.pop("insert", 0) + work.pop("replace", 0)
            costs[name] = work

    assert costs["jane"] == costs["john"]
    assert costs["jane"]["get"] > 1
