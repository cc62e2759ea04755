"""Row 27, for callers: a wrong signature leaves an entry in the trail, and a flood of them fills no store."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.records.audit import AuditEntry
from poolhouse.server.cognito.user_pools.noted import ELSEWHERE
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.mapping import to_record
from tests.security.served import served
from tests.security.test_13_access_keys_that_ended import KEY, make_key
from tests.support.house import House
from tests.support.json_api import ROOT, ApiClient

WRONG = (KEY[0], "an0ther-s3cret")


async def entries(house: House) -> list[AuditEntry]:
    page = await house.built.store.find(collections.AUDIT, Query(limit=1000))
    found = [to_record(entry, AuditEntry) for entry in page.entries]
    return [entry for entry in found if entry.action == "signature.refused"]


async def refused(api: ApiClient, key: tuple[str, str]) -> str:
    answer = await api.call("ListUserPools", {"MaxResults": 1}, key=key)
    assert answer.status == 400 or answer.status == 403
    return str(answer.headers["x-amzn-RequestId"])


@pytest.mark.parametrize(
    ("key", "fields", "facts"),
    [
        (WRONG, {}, {"key": KEY[0], "error": "SignatureInvalid"}),
        ((ROOT[0], "wrong"), {}, {"key": ROOT[0], "error": "SignatureInvalid"}),
        (KEY, {"expires": 1.0}, {"key": KEY[0], "error": "AccessKeyExpired"}),
        (("AKIANOBODY", "x"), {}, {"error": "AccessKeyUnknown"}),
    ],
    ids=["of a key", "of the root key", "of a key that has expired", "of no key"],
)
async def test_a_refused_signature_is_noted_with_where_it_came_from(
    key: tuple[str, str], fields: dict[str, Any], facts: dict[str, str]
) -> None:
    async with served() as (house, api):
        await make_key(house, **fields)
        request_id = await refused(api, key)

        (entry,) = await entries(house)
        # Nobody has proven anything.
        assert (None, None, "127.0.0.1", request_id) == (entry.pool_id, entry.actor, entry.source, entry.request_id)
        assert facts == entry.facts
        assert {entry.action} == set(ELSEWHERE["signatures"])


async def test_of_one_key_one_a_minute_is_noted() -> None:
    async with served() as (house, api):
        await make_key(house)
        for _ in range(5):
            await refused(api, WRONG)
        await refused(api, (ROOT[0], "wrong"))
        assert 2 == len(await entries(house))
        house.clock.advance(60)
        for _ in range(5):
            await refused(api, WRONG)

        assert 3 == len(await entries(house))


async def test_of_keys_that_somebody_makes_up_one_a_minute_is_noted_in_all() -> None:
    async with served() as (house, api):
        for number in range(20):
            await refused(api, (f"AKIA{number}", "x"))

        assert 1 == len(await entries(house))


async def test_a_clock_that_is_set_back_silences_nothing() -> None:
    async with served() as (house, api):
        await refused(api, (ROOT[0], "wrong"))
        house.clock.advance(-3600)
        await refused(api, (ROOT[0], "wrong"))

        assert 2 == len(await entries(house))


async def test_a_right_signature_leaves_nothing() -> None:
    async with served() as (house, api):
        await make_key(house)

        assert 200 == (await api.call("ListUserPools", {"MaxResults": 1}, key=KEY)).status
        assert [] == await entries(house)
