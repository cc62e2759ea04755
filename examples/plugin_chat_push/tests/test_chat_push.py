"""The code goes to the chat, and to nobody else; and what every factor must do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from poolhouse import Asked, Enrolling, HttpAnswer, HttpFailed
from poolhouse.testing import FactorSuite, FakeHttp, House, factor_holder, plugin_context
from poolhouse_chat_push import ChatPush

URL = "https://chat.example/push"
TAKEN = HttpAnswer(204, {}, b"")


def last(http: FakeHttp) -> dict[str, str]:
    pushed: dict[str, str] = json.loads(http.requests[-1].body or b"")
    return pushed


def code(http: FakeHttp) -> str:
    (found,) = re.findall(r"\d{6}", last(http)["text"])
    return str(found)


def another(http: FakeHttp) -> str:
    return f"{(int(code(http)) + 1) % 10**6:06}"


@pytest.fixture
def http() -> FakeHttp:
    return FakeHttp([TAKEN] * 8)


class TestChatPush(FactorSuite):
    @pytest.fixture(autouse=True)
    def _chat(self, http: FakeHttp) -> None:
        self.http = http

    @pytest.fixture
    def factor(self, http: FakeHttp) -> ChatPush:
        return ChatPush(plugin_context({"url": URL}, http=http))

    @pytest.fixture
    def without(self) -> Sequence[Any]:
        return [factor_holder(email_verified="false"), factor_holder(email="")]

    def right_answers(self, begun: Enrolling, asked: Asked | None) -> Mapping[str, str]:
        return {"ANSWER": code(self.http)}

    def wrong_answers(self, begun: Enrolling, asked: Asked | None) -> Mapping[str, str]:
        return {"ANSWER": another(self.http)}


@pytest.mark.parametrize("answer", [HttpFailed("no answer"), HttpAnswer(500, {}, b"")])
async def test_where_the_chat_is_away_nothing_is_asked(answer: HttpAnswer | Exception) -> None:
    factor = ChatPush(plugin_context({"url": URL}, http=FakeHttp([TAKEN, answer])))
    begun = await factor.enrol(factor_holder())

    with pytest.raises(HttpFailed):
        await factor.ask(factor_holder(), begun.kept)


# --- in a sign-in ----------------------------------------------------------------------------------------------------


@pytest.fixture
def poolhouse_plugins() -> Sequence[str]:
    return ["chat-push"]


@pytest.fixture
def poolhouse_settings() -> Mapping[str, Mapping[str, Any]]:
    return {"plugins": {"chat-push": {"url": URL}}}


@pytest.fixture
def poolhouse_http(http: FakeHttp) -> FakeHttp:
    return http


async def test_a_sign_in_sets_it_up_and_the_next_one_asks_for_it(poolhouse: House, http: FakeHttp) -> None:
    pool = await poolhouse.make_pool(UserPoolTags={"poolhouse:factors": "CHAT_PUSH"})
    await poolhouse.aws("set_user_pool_mfa_config", UserPoolId=pool.id, MfaConfiguration="ON")
    client = await poolhouse.make_client(pool)
    jane = await poolhouse.make_user(pool, attributes={"email": "jane@example.com", "email_verified": "true"})

    async def begin() -> dict[str, Any]:
        password = {"USERNAME": "jane", "PASSWORD": jane.password}
        return await poolhouse.aws(
            "initiate_auth", ClientId=client.id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=password
        )

    async def answer(asked: dict[str, Any], **given: str) -> dict[str, Any]:
        return await poolhouse.aws(
            "respond_to_auth_challenge",
            ClientId=client.id,
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "jane", **given},
        )

    asked = await begin()
    begun = await answer(asked, FACTOR="CHAT_PUSH")
    with pytest.raises(poolhouse.boto3().exceptions.CodeMismatchException):
        await answer(begun, FACTOR="CHAT_PUSH", ANSWER=another(http))
    signed_in = await answer(begun, FACTOR="CHAT_PUSH", ANSWER=code(http))
    again = await begin()
    with pytest.raises(poolhouse.boto3().exceptions.CodeMismatchException):
        await answer(again, ANSWER=another(http))
    signed_in_again = await answer(again, ANSWER=code(http))

    assert ("MFA_SETUP", ["CHAT_PUSH"]) == (
        asked["ChallengeName"],
        json.loads(asked["ChallengeParameters"]["MFAS_CAN_SETUP"]),
    )
    assert ("MFA_SETUP", "CHAT_PUSH") == (begun["ChallengeName"], begun["ChallengeParameters"]["FACTOR"])
    assert "CUSTOM_CHALLENGE" == again["ChallengeName"]
    assert ["jane@example.com"] * 2 == [json.loads(request.body or b"")["to"] for request in http.requests]
    assert "AccessToken" in signed_in["AuthenticationResult"]
    assert "AccessToken" in signed_in_again["AuthenticationResult"]
