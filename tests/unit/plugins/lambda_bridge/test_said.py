"""What functions are told: the field's JSON, to the letter, for each trigger and version."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from poolhouse import (
    ChallengeResult,
    ComposeMessage,
    CreateChallenge,
    DefineChallenge,
    Message,
    MigrateUser,
    PostAuthentication,
    PostConfirmation,
    PreAuthentication,
    PreSignUp,
    PreToken,
    VerifyChallenge,
)
from poolhouse.flows.messages.words import NOTICE
from poolhouse.hooks.events import accounts, grants, messages
from poolhouse.plugins.lambda_bridge import said
from tests.unit.plugins.lambda_bridge.world import POOL_ID, directory

POOL = directory()
WHO: dict[str, Any] = {"pool_id": POOL_ID, "client_id": "app", "username": "jane"}
KNOWN = {"sub": "1", "cognito:user_status": "CONFIRMED", "email": "j@example.com", "email_verified": "true"}
META = {"a": "b"}
ROUNDS = (ChallengeResult("SRP_A", True), ChallengeResult("CUSTOM_CHALLENGE", False, "ONE"))
SESSION = [
    {"challengeName": "SRP_A", "challengeResult": True, "challengeMetadata": None},
    {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": "ONE"},
]
GROUPS = {"groupsToOverride": ["g"], "iamRolesToOverride": ["arn:r"], "preferredRole": "arn:r"}


def event(source: str, request: Any, response: Any, *, version: str = "1", client: str = "app") -> dict[str, Any]:
    return {
        "version": version,
        "triggerSource": source,
        "region": "eu-west-1",
        "userPoolId": POOL_ID,
        "userName": "jane",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client},
        "request": request,
        "response": response,
    }


def test_pre_sign_up() -> None:
    told = said.pre_sign_up(
        POOL,
        PreSignUp(
            source="PreSignUp_SignUp",
            attributes={"email": "j@example.com"},
            validation_data={"v": "1"},
            client_metadata=META,
            **WHO,
        ),
    )

    request = {"userAttributes": {"email": "j@example.com"}, "validationData": {"v": "1"}, "clientMetadata": META}
    response = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    assert event("PreSignUp_SignUp", request, response) == told


def test_what_nobody_said_is_left_out_and_an_administrators_call_names_no_client() -> None:
    made = PreSignUp(source="PreSignUp_AdminCreateUser", attributes={}, **{**WHO, "client_id": None})

    told = said.pre_sign_up(POOL, made)

    assert {"userAttributes": {}} == told["request"]
    assert "CLIENT_ID_NOT_APPLICABLE" == told["callerContext"]["clientId"]


def test_post_confirmation() -> None:
    made = PostConfirmation(source="PostConfirmation_ConfirmSignUp", attributes=KNOWN, client_metadata=META, **WHO)

    request = {"userAttributes": KNOWN, "clientMetadata": META}
    assert event("PostConfirmation_ConfirmSignUp", request, {}) == said.post_confirmation(POOL, made)


def test_pre_authentication() -> None:
    made = PreAuthentication(attributes=KNOWN, validation_data=META, **WHO)

    request = {"userAttributes": KNOWN, "validationData": META}
    assert event("PreAuthentication_Authentication", request, {}) == said.pre_authentication(POOL, made)


def test_pre_authentication_of_nobody() -> None:
    told = said.pre_authentication(POOL, PreAuthentication(attributes={}, user_not_found=True, **WHO))

    assert {"userAttributes": {}, "userNotFound": True} == told["request"]


def test_post_authentication() -> None:
    made = PostAuthentication(attributes=KNOWN, client_metadata=META, **WHO)

    request = {"userAttributes": KNOWN, "clientMetadata": META}
    assert event("PostAuthentication_Authentication", request, {}) == said.post_authentication(POOL, made)


def test_the_three_of_a_custom_challenge() -> None:
    of_all: dict[str, Any] = {"attributes": KNOWN, "client_metadata": META, **WHO}
    seen = {"userAttributes": KNOWN, "clientMetadata": META, "userNotFound": False}

    defined = said.define_challenge(POOL, DefineChallenge(session=ROUNDS, **of_all))
    created = said.create_challenge(POOL, CreateChallenge(session=ROUNDS, challenge="CUSTOM_CHALLENGE", **of_all))
    verified = said.verify_challenge(POOL, VerifyChallenge(private={"answer": "4"}, answer="5", **of_all))

    assert defined == event(
        "DefineAuthChallenge_Authentication",
        {**seen, "session": SESSION},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    )
    assert created == event(
        "CreateAuthChallenge_Authentication",
        {**seen, "session": SESSION, "challengeName": "CUSTOM_CHALLENGE"},
        {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
    )
    assert verified == event(
        "VerifyAuthChallengeResponse_Authentication",
        {**seen, "privateChallengeParameters": {"answer": "4"}, "challengeAnswer": "5"},
        {"answerCorrect": None},
    )


@pytest.mark.parametrize(
    ("version", "number", "more", "member"),
    [
        ("V1_0", "1", {}, "claimsOverrideDetails"),
        ("V2_0", "2", {"scopes": ["openid"]}, "claimsAndScopeOverrideDetails"),
        ("V3_0", "3", {"scopes": ["openid"]}, "claimsAndScopeOverrideDetails"),
    ],
)
def test_pre_token_in_three_versions(version: str, number: str, more: dict[str, Any], member: str) -> None:
    made = PreToken(
        source="TokenGeneration_RefreshTokens",
        attributes=KNOWN,
        groups=("g",),
        roles=("arn:r",),
        preferred_role="arn:r",
        scopes=("openid",),
        client_metadata=META,
        **WHO,
    )

    request = {"userAttributes": KNOWN, "groupConfiguration": GROUPS, "clientMetadata": META, **more}
    expected = event("TokenGeneration_RefreshTokens", request, {member: None}, version=number)
    assert expected == said.pre_token(POOL, made, version)


def test_user_migration_with_and_without_a_password() -> None:
    signing_in = MigrateUser(source="UserMigration_Authentication", password="old", validation_data=META, **WHO)
    forgetting = MigrateUser(source="UserMigration_ForgotPassword", client_metadata=META, **WHO)

    response = dict.fromkeys(
        [
            "userAttributes",
            "forceAliasCreation",
            "enableSMSMFA",
            "finalUserStatus",
            "messageAction",
            "desiredDeliveryMediums",
        ]
    )
    assert said.migrate_user(POOL, signing_in) == event(
        "UserMigration_Authentication", {"password": "old", "validationData": META}, response
    )
    assert said.migrate_user(POOL, forgetting) == event(
        "UserMigration_ForgotPassword", {"clientMetadata": META}, response
    )


@pytest.mark.parametrize(
    ("source", "name"), [("CustomMessage_SignUp", None), ("CustomMessage_AdminCreateUser", "{username}")]
)
def test_custom_message_names_the_place_of_a_name_in_invitations_only(source: Any, name: str | None) -> None:
    made = ComposeMessage(source=source, attributes=KNOWN, channel="email", body="{####}", client_metadata=META, **WHO)

    request = {"userAttributes": KNOWN, "codeParameter": "{####}", "clientMetadata": META, "usernameParameter": name}
    response = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
    assert event(source, request, response) == said.compose_message(POOL, made)


@pytest.mark.parametrize(
    ("channel", "source", "code", "word", "told"),
    [
        ("email", "CustomMessage_SignUp", "123456", "Email", "123456"),
        ("sms", "CustomMessage_ForgotPassword", "123456", "SMS", "123456"),
        ("email", "CustomMessage_AdminCreateUser", "a<b>&c", "Email", "a&lt;b&gt;&c"),
    ],
)
def test_a_custom_sender_gets_the_code_in_the_clear_and_a_password_escaped(
    channel: str, source: str, code: str, word: str, told: str
) -> None:
    message = Message(
        id="m",
        channel=channel,
        to="x",
        purpose="p",
        body="b",
        code=code,
        pool_id=POOL_ID,
        username="jane",
        source=source,
        client_id="app",
        attributes=KNOWN,
        client_metadata=META,
    )

    request = {
        "type": f"custom{word}SenderRequestV1",
        "code": told,
        "userAttributes": KNOWN,
        "clientMetadata": META,
    }
    expected = event(f"Custom{word}Sender_{source.removeprefix('CustomMessage_')}", request, {})
    assert expected == said.send_message(POOL, message)


@pytest.mark.parametrize(("channel", "word"), [("email", "Email"), ("sms", "SMS")])
def test_what_a_user_is_only_told_is_the_text_and_has_a_source_of_its_own(channel: str, word: str) -> None:
    message = Message(
        id="m", channel=channel, to="x", purpose="p", body="b", pool_id=POOL_ID, username="jane", source=NOTICE
    )

    event = said.send_message(POOL, message)

    assert f"Custom{word}Sender_AccountTakeOverNotification" == event["triggerSource"]
    assert "b" == event["request"]["code"]


def test_in_a_pool_with_aliases_the_verified_ones_are_named() -> None:
    pool = directory(alias_attributes=("email", "phone_number"))
    unverified = {"phone_number": "+491", "phone_number_verified": "false"}
    made = PostAuthentication(attributes={**KNOWN, **unverified}, **WHO)

    told = said.post_authentication(pool, made)["request"]["userAttributes"]

    assert {**KNOWN, **unverified, "cognito:email_alias": "j@example.com"} == told


def test_the_sources_are_a_closed_set_that_of_the_field() -> None:
    """Custom senders have the words of CustomMessage; each of the other triggers has one source."""
    assert {
        "PreSignUp_SignUp",
        "PreSignUp_AdminCreateUser",
        "PreSignUp_ExternalProvider",
        "PostConfirmation_ConfirmSignUp",
        "PostConfirmation_ConfirmForgotPassword",
        "UserMigration_Authentication",
        "UserMigration_ForgotPassword",
        "TokenGeneration_HostedAuth",
        "TokenGeneration_Authentication",
        "TokenGeneration_NewPasswordChallenge",
        "TokenGeneration_AuthenticateDevice",
        "TokenGeneration_RefreshTokens",
        "TokenGeneration_ClientCredentials",
        "CustomMessage_SignUp",
        "CustomMessage_AdminCreateUser",
        "CustomMessage_ResendCode",
        "CustomMessage_ForgotPassword",
        "CustomMessage_UpdateUserAttribute",
        "CustomMessage_VerifyUserAttribute",
        "CustomMessage_Authentication",
    } == {
        source
        for some in (
            accounts.PreSignUpSource,
            accounts.PostConfirmationSource,
            accounts.MigrationSource,
            grants.TokenSource,
            messages.MessageSource,
        )
        for source in get_args(some)
    }
