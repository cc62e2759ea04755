"""Whatever a function answers, it is an answer of its hook or an ``OutputUnusable``: nothing else comes out of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolhouse import OutputUnusable, Refused
from poolhouse.testing import FakeHttp
from tests.unit.plugins.lambda_bridge.test_answered import (
    CREATE,
    DEFINE,
    INVITATION,
    LETTER,
    MIGRATE,
    SIGN_UP,
    TEXT,
    TOKEN,
    VERIFY,
)
from tests.unit.plugins.lambda_bridge.world import URL, answer, answering, bridge, directory

UNHURRIED = settings(deadline=None, max_examples=150)
MEMBERS = (
    "autoConfirmUser",
    "autoVerifyEmail",
    "autoVerifyPhone",
    "challengeName",
    "issueTokens",
    "failAuthentication",
    "publicChallengeParameters",
    "privateChallengeParameters",
    "challengeMetadata",
    "answerCorrect",
    "smsMessage",
    "emailMessage",
    "emailSubject",
    "userAttributes",
    "username",
    "finalUserStatus",
    "messageAction",
    "desiredDeliveryMediums",
    "enableSMSMFA",
    "forceAliasCreation",
    "claimsOverrideDetails",
    "claimsAndScopeOverrideDetails",
    "claimsToAddOrOverride",
    "claimsToSuppress",
    "idTokenGeneration",
    "accessTokenGeneration",
    "scopesToAdd",
    "scopesToSuppress",
    "groupOverrideDetails",
    "groupsToOverride",
    "iamRolesToOverride",
    "preferredRole",
)
WORDS = st.sampled_from(
    [
        "",
        "CONFIRMED",
        "RESET_REQUIRED",
        "SUPPRESS",
        "EMAIL",
        "SMS",
        "{####}",
        "{username} {####}",
        "openid",
        "a b",
        "sub",
    ]
)
PLAIN = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=9) | WORDS
)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS) | WORDS, inner, max_size=5),
    max_leaves=12,
)
RESPONSES = st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=6)
HOOKS = pytest.mark.parametrize(
    ("hook", "event", "events"),
    [
        ("pre_sign_up", SIGN_UP, "V1_0"),
        ("define_challenge", DEFINE, "V1_0"),
        ("create_challenge", CREATE, "V1_0"),
        ("verify_challenge", VERIFY, "V1_0"),
        ("migrate_user", MIGRATE, "V1_0"),
        ("compose_message", LETTER, "V1_0"),
        ("compose_message", INVITATION, "V1_0"),
        ("compose_message", TEXT, "V1_0"),
        ("pre_token", TOKEN, "V1_0"),
        ("pre_token", TOKEN, "V2_0"),
        ("pre_token", TOKEN, "V3_0"),
    ],
)


@HOOKS
def test_whatever_stands_in_a_response_it_is_an_answer_or_none(hook: str, event: Any, events: str) -> None:
    @UNHURRIED
    @given(RESPONSES)
    def ask(response: dict[str, Any]) -> None:
        try:
            said = asyncio.run(getattr(bridge(directory(events=events), URL, answering(response)), hook)(event))
        except OutputUnusable:
            return
        assert said is None or isinstance(said, bool) or type(said).__module__.startswith("poolhouse.hooks.")

    ask()


@UNHURRIED
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.integers(200, 299))
def test_whatever_bytes_a_function_answers_they_are_no_yes(body: bytes, status: int) -> None:
    http = FakeHttp([answer(body, status)])
    with pytest.raises((OutputUnusable, Refused)):
        asyncio.run(bridge(directory(), URL, http).verify_challenge(VERIFY))
