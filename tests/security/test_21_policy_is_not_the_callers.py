"""Row 21: what was decided stays here. No answer of a client changes it, and it is looked at again before tokens."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House
from tests.support.sign_in import Answer, Asking, respond
from tests.support.srp_client import SrpClient

NEW = "An0ther-Horse!"
CLAIMED: dict[str, Any] = {
    "AuthFlow": "CUSTOM_AUTH",
    "FLOW": "CUSTOM_AUTH",
    "CHALLENGE_NAME": "CUSTOM_CHALLENGE",
    "proofs": '["NEW_PASSWORD_REQUIRED"]',
    "user_sub": "00000000-0000-4000-8000-000000000000",
    "SRP_A": "02",
    "status": "CONFIRMED",
    "scope": "openid",
}


async def test_a_handle_says_nothing_and_answers_decide_nothing_but_the_answer(
    house: House, pool: Pool, client: Client
) -> None:
    await house.services.users.invite(pool, Invitation(username="jane", password=PASSWORD, silent=True))
    asking = await house.begin(client, **CLAIMED)
    assert isinstance(asking, Asking)

    with pytest.raises(errors.InvalidParameter, match="NEW_PASSWORD"):
        await house.answer(client, asking, **CLAIMED)

    assert "NEW_PASSWORD_REQUIRED" == asking.challenge
    assert 43 == len(asking.handle)
    assert "FORCE_CHANGE_PASSWORD" == (await house.services.users.require(pool, "jane")).status


async def test_a_flow_that_was_closed_meanwhile_ends_without_tokens(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    srp = SrpClient(house, client)
    asking = await srp.begin("jane")
    await house.services.clients.update(
        pool.id, client.id, ClientSettings(flows=("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"))
    )
    srp._client = await house.services.clients.get(client.id)

    with pytest.raises(errors.InvalidSession):
        await srp.answer(asking, PASSWORD)


async def test_a_challenge_that_was_not_asked_is_not_answered(house: House, client: Client) -> None:
    await house.user(client)
    handle = "A" * 43

    for challenge in ("PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED", "CUSTOM_CHALLENGE"):
        proof = {
            "PASSWORD_CLAIM_SECRET_BLOCK": handle,
            "PASSWORD_CLAIM_SIGNATURE": "AAAA",
            "TIMESTAMP": "Tue Sep 5 02:05:06 UTC 2023",
        }
        answers = {"USERNAME": "jane", "NEW_PASSWORD": NEW, "ANSWER": "1", **proof}
        with pytest.raises(errors.InvalidSession):
            await respond(house.services, client, Answer(challenge=challenge, handle=handle, answers=answers))
