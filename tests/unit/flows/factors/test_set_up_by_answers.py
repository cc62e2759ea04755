"""A factor that clients have no operation for is offered by a tag of the pool, and set up by answers to MFA_SETUP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from poolhouse import Asked, CodeMismatch, Enrolling, Factor, Fits, Holder, errors, hookimpl
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.flows.protection.lockout import FREE_FAILURES
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.factors import asked
from tests.support.house import House, opened_house
from tests.support.sign_in import Asking, SignedIn


class Word:
    """A word that is shown once, and good for ever."""

    name, proof = "WORD", "word"

    @hookimpl
    def register_factors(self) -> list[Factor]:
        return [self]

    async def offer(self, holder: Holder) -> bool:
        return holder.user.username != "joe"

    async def enrol(self, holder: Holder) -> Enrolling:
        return Enrolling(shown={"word": "heron"}, kept={"word": "heron"})

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Asked:
        return Asked()

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Fits:
        if answers.get("ANSWER") != kept["word"]:
            raise CodeMismatch
        return Fits()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house(plugins=[("word", Word())]) as house:
        yield house


@pytest.fixture
async def pool(house: House) -> Pool:
    pool = await house.pool(tags={"poolhouse:factors": "WORD"})
    return await house.services.pools.set_mfa(pool.id, MfaSettings(mode="ON"))


@pytest.fixture
async def client(house: House, pool: Pool) -> Client:
    return await house.client(pool)


async def begun(house: House, client: Client, name: str = "jane") -> Asking:
    await house.user(client, name)
    asking = asked(await house.begin(client, name))
    assert "MFA_SETUP" == asking.challenge
    return asking


async def test_what_the_tag_names_is_set_up_and_asked_for(house: House, client: Client) -> None:
    asking = await begun(house, client)

    needed = asked(await house.answer(client, asking, FACTOR="WORD"))
    done = await house.answer(client, needed, FACTOR="WORD", ANSWER="heron", FRIENDLY_DEVICE_NAME="bird")
    next_time = asked(await house.begin(client))

    assert ["WORD"] == json.loads(asking.public["MFAS_CAN_SETUP"])
    assert ("heron", "WORD") == (needed.public["word"], needed.public["FACTOR"])
    assert isinstance(done, SignedIn)
    assert ("CUSTOM_CHALLENGE", "bird") == (next_time.challenge, next_time.public["FRIENDLY_DEVICE_NAME"])


async def test_after_a_wrong_answer_the_same_session_takes_another_and_five_lock(house: House, client: Client) -> None:
    needed = asked(await house.answer(client, await begun(house, client), FACTOR="WORD"))

    for _ in range(FREE_FAILURES - 1):
        with pytest.raises(errors.EnrolmentMismatch):
            await house.answer(client, needed, FACTOR="WORD", ANSWER="stork")
    assert isinstance(await house.answer(client, needed, FACTOR="WORD", ANSWER="heron"), SignedIn)


async def test_nothing_is_asked_for_before_it_was_answered(house: House, client: Client) -> None:
    needed = asked(await house.answer(client, await begun(house, client), FACTOR="WORD"))

    with pytest.raises(errors.InvalidParameter):
        await house.answer(client, needed)
    assert () == (await house.services.users.require(await house.services.pools.get(client.pool_id), "jane")).factors


async def test_each_session_is_good_once(house: House, client: Client) -> None:
    asking = await begun(house, client)
    needed = asked(await house.answer(client, asking, FACTOR="WORD"))
    await house.answer(client, needed, FACTOR="WORD", ANSWER="heron")

    for spent in (asking, needed):
        for answers in ({}, {"FACTOR": "WORD"}, {"FACTOR": "WORD", "ANSWER": "heron"}):
            with pytest.raises(errors.InvalidSession):
                await house.answer(client, spent, **answers)


@pytest.mark.parametrize("answers", [{}, {"ANSWER": "heron"}])
async def test_another_client_sets_nothing_up(
    house: House, pool: Pool, client: Client, answers: dict[str, str]
) -> None:
    other = await house.client(pool)
    asking = await begun(house, client)

    with pytest.raises(errors.InvalidSession):
        await house.answer(other, asking, FACTOR="WORD", **answers)


@pytest.mark.parametrize("answers", [{}, {"ANSWER": "heron"}])
async def test_who_is_not_the_client_sets_nothing_up(house: House, pool: Pool, answers: dict[str, str]) -> None:
    open_one, client = await house.client(pool), await house.client(pool, generates_secret=True)
    await house.user(open_one)
    right = house.services.clients.secrets_of(client)
    hashed = _hash(right[0], "jane", client.id)
    asking = asked(await house.begin(client, SECRET_HASH=hashed))

    with pytest.raises(errors.PoolhouseError) as refused:
        await house.answer(client, asking, FACTOR="WORD", SECRET_HASH="bm9uZQ==", **answers)
    needed = asked(await house.answer(client, asking, FACTOR="WORD", SECRET_HASH=hashed))

    assert isinstance(refused.value, errors.NotAuthorized | errors.Denied)
    assert "heron" == needed.public["word"]


def _hash(secret: str, username: str, client_id: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), f"{username}{client_id}".encode(), hashlib.sha256)).decode()


async def test_whom_the_factor_does_not_want_it_is_not_for(house: House, client: Client) -> None:
    asking = await begun(house, client, "joe")

    with pytest.raises(errors.FactorNotOffered):
        await house.answer(client, asking, "joe", FACTOR="WORD")


async def test_by_the_tag_no_factor_of_the_field_is_offered(house: House) -> None:
    pool = await house.pool(tags={"poolhouse:factors": "SMS_MFA  WORD WORD SOFTWARE_TOKEN_MFA"})

    assert ("WORD",) == pool.second_factors
    assert not pool.offers("WORD")


async def test_a_factor_that_nobody_brought_does_not_make_a_pool_ask_for_one(house: House) -> None:
    pool = await house.pool(tags={"poolhouse:factors": "NOBODYS"})

    with pytest.raises(errors.InvalidParameter):
        await house.services.pools.set_mfa(pool.id, MfaSettings(mode="ON"))
