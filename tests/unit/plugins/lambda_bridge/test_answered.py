"""What functions answer: every member that counts, its defaults, and what cannot be meant."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from poolhouse import (
    Asked,
    ChallengeDecision,
    ComposeMessage,
    CreateChallenge,
    DefineChallenge,
    MigratedUser,
    MigrateUser,
    OutputUnusable,
    PreSignUp,
    PreToken,
    SignUpDecision,
    VerifyChallenge,
)
from tests.unit.plugins.lambda_bridge.world import POOL_ID, URL, answering, bridge, directory

WHO: dict[str, Any] = {"pool_id": POOL_ID, "client_id": "app", "username": "jane"}
SIGN_UP = PreSignUp(source="PreSignUp_SignUp", attributes={}, **WHO)
DEFINE = DefineChallenge(attributes={}, **WHO)
CREATE = CreateChallenge(attributes={}, challenge="CUSTOM_CHALLENGE", **WHO)
VERIFY = VerifyChallenge(attributes={}, private={}, answer="4", **WHO)
MIGRATE = MigrateUser(source="UserMigration_Authentication", password="old", **WHO)
TOKEN = PreToken(
    source="TokenGeneration_Authentication",
    attributes={},
    groups=("a",),
    roles=("arn:a",),
    preferred_role="arn:a",
    scopes=("openid", "aws.cognito.signin.user.admin"),
    id_claims={"email": "j@example.com", "nickname": "J"},
    **WHO,
)
LETTER = ComposeMessage(
    source="CustomMessage_SignUp", attributes={}, channel="email", body="Code {####}", subject="Code", **WHO
)
INVITATION = dataclasses.replace(LETTER, source="CustomMessage_AdminCreateUser", body="{username} {####}")
TEXT = dataclasses.replace(LETTER, channel="sms", subject="")


async def answered(hook: str, event: Any, response: dict[str, Any], events: str = "V1_0", **pool: Any) -> Any:
    asked = bridge(directory(events=events, **pool), URL, answering(response))
    return await getattr(asked, hook)(event)


@pytest.mark.parametrize(
    ("hook", "event", "response", "expected"),
    [
        ("pre_sign_up", SIGN_UP, {}, SignUpDecision()),
        (
            "pre_sign_up",
            SIGN_UP,
            {"autoConfirmUser": True, "autoVerifyEmail": None, "autoVerifyPhone": True},
            SignUpDecision(confirm=True, verify_phone=True),
        ),
        ("define_challenge", DEFINE, {"issueTokens": True, "failAuthentication": False}, ChallengeDecision(None, True)),
        ("define_challenge", DEFINE, {"failAuthentication": True}, ChallengeDecision(fail=True)),
        (
            "define_challenge",
            DEFINE,
            {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False},
            ChallengeDecision("CUSTOM_CHALLENGE"),
        ),
        ("create_challenge", CREATE, {}, Asked()),
        (
            "create_challenge",
            CREATE,
            {
                "publicChallengeParameters": {"q": "?"},
                "privateChallengeParameters": {"a": "!"},
                "challengeMetadata": "ONE",
            },
            Asked(public={"q": "?"}, private={"a": "!"}, metadata="ONE"),
        ),
        ("verify_challenge", VERIFY, {"answerCorrect": True}, True),
        ("verify_challenge", VERIFY, {}, False),
        ("compose_message", LETTER, {}, None),
        ("compose_message", LETTER, {"smsMessage": "{####}"}, None),
        (
            "compose_message",
            LETTER,
            {"emailMessage": "<b>{####}</b>", "emailSubject": "Hi"},
            dataclasses.replace(LETTER, body="<b>{####}</b>", subject="Hi"),
        ),
        ("compose_message", LETTER, {"emailSubject": "Hi"}, dataclasses.replace(LETTER, subject="Hi")),
        ("compose_message", TEXT, {"smsMessage": "It is {####}"}, dataclasses.replace(TEXT, body="It is {####}")),
        (
            "compose_message",
            INVITATION,
            {"emailMessage": "{####} for {username}"},
            dataclasses.replace(INVITATION, body="{####} for {username}"),
        ),
        ("migrate_user", MIGRATE, {}, None),
        ("migrate_user", MIGRATE, {"userAttributes": {}, "finalUserStatus": "CONFIRMED"}, None),
        (
            "migrate_user",
            MIGRATE,
            {"userAttributes": {"email": "e"}},
            MigratedUser({"email": "e"}, confirmed=False, welcome=("sms",)),
        ),
        (
            "migrate_user",
            MIGRATE,
            {
                "userAttributes": {"email": "e"},
                "finalUserStatus": "CONFIRMED",
                "messageAction": "SUPPRESS",
                "forceAliasCreation": True,
            },
            MigratedUser({"email": "e"}, force_alias=True),
        ),
        (
            "migrate_user",
            MIGRATE,
            {"userAttributes": {"email": "e"}, "desiredDeliveryMediums": ["EMAIL", "SMS"]},
            MigratedUser({"email": "e"}, confirmed=False, welcome=("email", "sms")),
        ),
    ],
)
async def test_an_answer_is_read(hook: str, event: Any, response: dict[str, Any], expected: Any) -> None:
    assert expected == await answered(hook, event, response)


@pytest.mark.parametrize(
    ("hook", "event", "response"),
    [
        ("pre_sign_up", SIGN_UP, {"autoConfirmUser": "true"}),
        ("pre_sign_up", SIGN_UP, {"autoVerifyEmail": 1}),
        ("define_challenge", DEFINE, {}),
        ("define_challenge", DEFINE, {"issueTokens": True, "failAuthentication": True}),
        ("define_challenge", DEFINE, {"issueTokens": True, "challengeName": "CUSTOM_CHALLENGE"}),
        ("define_challenge", DEFINE, {"issueTokens": "yes"}),
        ("define_challenge", DEFINE, {"challengeName": 7}),
        ("create_challenge", CREATE, {"publicChallengeParameters": {"q": 7}}),
        ("create_challenge", CREATE, {"privateChallengeParameters": {"a": None}}),
        ("create_challenge", CREATE, {"challengeMetadata": ["ONE"]}),
        ("verify_challenge", VERIFY, {"answerCorrect": "false"}),
        ("compose_message", LETTER, {"emailMessage": "no code"}),
        ("compose_message", LETTER, {"smsMessage": "no code"}),
        ("compose_message", LETTER, {"emailSubject": "x" * 141}),
        ("compose_message", LETTER, {"emailMessage": "{####}" + "x" * 20_000}),
        ("compose_message", TEXT, {"smsMessage": "{####}" + "x" * 140}),
        ("compose_message", INVITATION, {"emailMessage": "{####} and no name"}),
        ("compose_message", LETTER, {"emailMessage": ["{####}"]}),
        ("migrate_user", MIGRATE, {"userAttributes": {"email_verified": True}}),
        ("migrate_user", MIGRATE, {"userAttributes": {"email": "e"}, "finalUserStatus": "UNCONFIRMED"}),
        ("migrate_user", MIGRATE, {"userAttributes": {"email": "e"}, "messageAction": "NEVER"}),
        ("migrate_user", MIGRATE, {"userAttributes": {"email": "e"}, "desiredDeliveryMediums": ["PIGEON"]}),
        ("migrate_user", MIGRATE, {"userAttributes": {"email": "e", "username": "another"}}),
        ("migrate_user", MIGRATE, {"userAttributes": {"email": "e"}, "enableSMSMFA": True}),
        ("pre_token", TOKEN, {"claimsOverrideDetails": []}),
        ("pre_token", TOKEN, {"claimsOverrideDetails": {"claimsToAddOrOverride": {"age": 7}}}),
        ("pre_token", TOKEN, {"claimsOverrideDetails": {"claimsToSuppress": "email"}}),
        ("pre_token", TOKEN, {"claimsOverrideDetails": {"groupOverrideDetails": {"groupsToOverride": "a"}}}),
    ],
)
async def test_what_cannot_be_meant_is_unusable(hook: str, event: Any, response: dict[str, Any]) -> None:
    with pytest.raises(OutputUnusable):
        await answered(hook, event, response)


async def test_in_a_pool_with_aliases_a_migrated_user_has_a_name_of_its_own() -> None:
    response = {"userAttributes": {"email": "jane", "username": "old-7"}, "messageAction": "SUPPRESS"}

    user = await answered("migrate_user", MIGRATE, response, alias_attributes=("email",))

    assert ("old-7", {"email": "jane"}) == (user.username, user.attributes)


# --- tokens ----------------------------------------------------------------------------------------------------------


async def amended(response: dict[str, Any], events: str) -> Any:
    return await answered("pre_token", TOKEN, response, events)


async def test_v1_changes_the_id_token_and_suppressing_wins() -> None:
    details = {
        "claimsToAddOrOverride": {"plan": "gold", "email": "x", "nickname": "Jo"},
        "claimsToSuppress": ["email", "absent"],
    }

    token = await amended({"claimsOverrideDetails": details}, "V1_0")

    assert {"plan": "gold", "nickname": "Jo"} == token.id_claims
    assert (TOKEN.access_claims, TOKEN.scopes, TOKEN.groups) == (token.access_claims, token.scopes, token.groups)


async def test_v1_looks_at_nothing_of_v2() -> None:
    access = {"claimsToAddOrOverride": {"plan": "gold"}}
    response = {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": access}}

    assert await amended(response, "V1_0") is None


@pytest.mark.parametrize(("events", "claims"), [("V1_0", None), ("V2_0", None), ("V3_0", {"tenant": 7})])
async def test_only_v3_is_asked_about_the_tokens_of_machines(events: str, claims: dict[str, Any] | None) -> None:
    """Functions of the earlier versions expect a user."""
    machine = dataclasses.replace(TOKEN, source="TokenGeneration_ClientCredentials", username="app", id_claims={})
    part = {"claimsToAddOrOverride": {"tenant": 7}}
    response = {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": part}, "claimsOverrideDetails": {}}

    token = await answered("pre_token", machine, response, events)

    assert claims == (None if token is None else dict(token.access_claims))


@pytest.mark.parametrize("events", ["V2_0", "V3_0"])
async def test_v2_and_v3_change_both_tokens_and_the_scopes(events: str) -> None:
    details = {
        "idTokenGeneration": {"claimsToAddOrOverride": {"age": 7}, "claimsToSuppress": ["email"]},
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"tenant": {"ids": [1, 2.5, True]}, "gone": "x"},
            "claimsToSuppress": ["gone"],
            "scopesToAdd": ["orders/read", "openid"],
            "scopesToSuppress": ["aws.cognito.signin.user.admin"],
        },
    }

    token = await amended({"claimsAndScopeOverrideDetails": details}, events)

    assert {"nickname": "J", "age": 7} == token.id_claims
    assert {"tenant": {"ids": [1, 2.5, True]}} == token.access_claims
    assert ("openid", "orders/read") == token.scopes


@pytest.mark.parametrize(
    "part",
    [
        {"claimsToAddOrOverride": {"x": None}},
        {"scopesToAdd": ["two words"]},
        {"scopesToAdd": [""]},
        {"scopesToSuppress": "openid"},
    ],
)
async def test_what_v2_cannot_say_is_unusable(part: dict[str, Any]) -> None:
    with pytest.raises(OutputUnusable):
        await amended({"claimsAndScopeOverrideDetails": {"accessTokenGeneration": part}}, "V2_0")


@pytest.mark.parametrize("events", ["V1_0", "V2_0"])
@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ({}, ((), (), None)),
        (None, ((), (), None)),
        ({"groupsToOverride": ["b"]}, (("b",), ("arn:a",), "arn:a")),
        (
            {"groupsToOverride": [], "iamRolesToOverride": ["arn:b"], "preferredRole": None},
            ((), ("arn:b",), None),
        ),
    ],
)
async def test_groups_are_replaced_and_an_empty_word_removes_them(events: str, groups: Any, expected: Any) -> None:
    member = "claimsOverrideDetails" if events == "V1_0" else "claimsAndScopeOverrideDetails"

    token = await amended({member: {"groupOverrideDetails": groups}}, events)

    assert expected == (token.groups, token.roles, token.preferred_role)


@pytest.mark.parametrize("events", ["V1_0", "V2_0"])
async def test_without_a_word_about_groups_they_stay(events: str) -> None:
    member = "claimsOverrideDetails" if events == "V1_0" else "claimsAndScopeOverrideDetails"

    token = await amended({member: {}}, events)

    assert (TOKEN.groups, TOKEN.roles, TOKEN.preferred_role) == (token.groups, token.roles, token.preferred_role)
