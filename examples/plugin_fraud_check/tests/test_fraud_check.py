"""Who is let in, and what the service is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from poolhouse import HttpAnswer, HttpFailed
from poolhouse.testing import FakeHttp, running_house

URL = "https://risk.example/score"
REFUSED = "PreAuthentication failed with error This sign-in is not possible from here"


def scored(score: object) -> HttpAnswer:
    return HttpAnswer(200, {}, json.dumps({"score": score}).encode())


async def signs_in(http: FakeHttp, **settings: Any) -> bool:
    given: Mapping[str, Mapping[str, Any]] = {"plugins": {"fraud-check": {"url": URL, **settings}}}
    async with running_house(plugins=["fraud-check"], settings=given, http=http) as house:
        pool = await house.make_pool()
        client, user = await house.make_client(pool), await house.make_user(pool)
        try:
            return bool(await house.sign_in(client, user))
        except house.boto3().exceptions.UserLambdaValidationException as refused:
            return REFUSED not in str(refused)


@pytest.mark.parametrize(("score", "is_let_in"), [(0, True), (80, True), (81, False), (100, False)])
async def test_the_score_decides(score: int, is_let_in: bool) -> None:
    assert is_let_in == await signs_in(FakeHttp([scored(score)]))


@pytest.mark.parametrize(("when_away", "is_let_in"), [("let-in", True), ("refuse", False)])
@pytest.mark.parametrize("answer", [HttpFailed("no answer"), HttpAnswer(500, {}, b"oops"), scored(None)])
async def test_a_service_that_is_away_lets_in_or_refuses_as_the_operator_says(
    answer: HttpAnswer | Exception, when_away: str, is_let_in: bool
) -> None:
    assert is_let_in == await signs_in(FakeHttp([answer]), when_away=when_away)


async def test_the_service_is_asked_about_the_address_of_the_user() -> None:
    http = FakeHttp([scored(0)])

    await signs_in(http)

    (request,) = http.requests
    assert request.url == URL
    assert json.loads(request.body or b"")["address"] == "127.0.0.1"
