"""Every path of the API, and the triggers that it calls: which, with which sources, in which order, with what of the
client's metadata. One function stands behind all of them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, get_args

import aiohttp
import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP, generate_hash_device, long_to_hex

from poolhouse.hooks.events.accounts import MigrationSource, PostConfirmationSource, PreSignUpSource
from poolhouse.hooks.events.grants import TokenSource
from poolhouse.hooks.events.messages import MessageSource
from poolhouse.testing import House, running_house
from poolhouse.testing.harness import PASSWORD
from poolhouse.testing.made import MadeClient, MadePool, MadeUser
from tests.end_to_end.functions import recorder
from tests.support.factors import totp

ARN = "arn:aws:lambda:us-east-1:123456789012:function:recorder"
HERE = {ARN: f"python:{recorder.__name__}.record"}
EVERY = dict.fromkeys(
    (
        "PreSignUp",
        "PostConfirmation",
        "PreAuthentication",
        "PostAuthentication",
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
        "PreTokenGeneration",
        "UserMigration",
        "CustomMessage",
    ),
    ARN,
)
SENDERS = {name: {"LambdaVersion": "V1_0", "LambdaArn": ARN} for name in ("CustomEmailSender", "CustomSMSSender")}
EMAIL = [{"Name": "email", "Value": "jane@example.com"}]
SETTINGS: dict[str, Any] = {
    "AutoVerifiedAttributes": ["email"],
    "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}},
}
FLOWS = [
    f"ALLOW_{flow}"
    for flow in ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "CUSTOM_AUTH", "USER_AUTH", "REFRESH_TOKEN_AUTH")
]
META = {"ClientMetadata": {"from": "the app"}}


@dataclass
class Scene:
    house: House
    pool: MadePool
    client: MadeClient
    met: dict[str, Any] = field(default_factory=dict)

    async def as_admin(self, operation: str, **given: Any) -> dict[str, Any]:
        return await self.house.aws(operation, UserPoolId=self.pool.id, **given)

    async def as_app(self, operation: str, **given: Any) -> dict[str, Any]:
        return await self.house.aws(operation, ClientId=self.client.id, **given)

    async def signed_up(self, name: str = "jane") -> None:
        await self.as_app("sign_up", Username=name, Password=PASSWORD, UserAttributes=EMAIL)

    async def made(self) -> MadeUser:
        known = {"email": "jane@example.com", "email_verified": "true", "phone_number": "+14155550100"}
        return await self.house.make_user(self.pool, attributes=known)

    async def with_factors(self) -> None:
        """There are factors to be asked for, and codes instead of a password."""
        await self.as_admin(
            "set_user_pool_mfa_config",
            MfaConfiguration="OPTIONAL",
            SoftwareTokenMfaConfiguration={"Enabled": True},
            SmsMfaConfiguration={"SmsAuthenticationMessage": "{####}"},
        )

    async def code(self, to: str) -> str:
        await self.house.drain_outbox()
        return self.house.last_code(to)

    async def with_app(self, token: str) -> str:
        """Jane is asked for the codes of an app; its secret."""
        shown = await self.house.aws("associate_software_token", AccessToken=token)
        secret: str = shown["SecretCode"]
        code = totp(secret, self.house.clock.now())
        await self.house.aws("verify_software_token", AccessToken=token, UserCode=code)
        enabled = {"Enabled": True, "PreferredMfa": True}
        await self.house.aws("set_user_mfa_preference", AccessToken=token, SoftwareTokenMfaSettings=enabled)
        return secret

    async def on_device(self) -> AWSSRP:
        """Jane has an app, and a remembered device: this."""
        instead = {"ChallengeRequiredOnNewDevice": True}
        await self.as_admin("update_user_pool", LambdaConfig=EVERY, DeviceConfiguration=instead, **SETTINGS)
        await self.with_factors()
        await self.made()
        first = (await self.begun("USER_PASSWORD_AUTH", PASSWORD=PASSWORD))["AuthenticationResult"]
        key, group = first["NewDeviceMetadata"]["DeviceKey"], first["NewDeviceMetadata"]["DeviceGroupKey"]
        secret, config = await asyncio.to_thread(generate_hash_device, group, key)
        token = first["AccessToken"]
        await self.house.aws("confirm_device", AccessToken=token, DeviceKey=key, DeviceSecretVerifierConfig=config)
        await self.with_app(token)
        device = {"device_key": key, "device_group_key": group, "device_password": secret}
        return AWSSRP("jane", PASSWORD, self.pool.id, self.client.id, client=self.house.boto3(), **device)

    async def machine(self) -> MadeClient:
        """A client that has tokens without a user."""
        scopes = [{"ScopeName": "read", "ScopeDescription": "read"}]
        await self.as_admin("create_resource_server", Identifier="notes", Name="notes", Scopes=scopes)
        return await self.house.make_client(
            self.pool,
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=["notes/read"],
            AllowedOAuthFlowsUserPoolClient=True,
        )

    async def asks_for_token(self, machine: MadeClient) -> None:
        url = f"{self.house.base_url}/{self.pool.id}/oauth2/token"
        form = {"grant_type": "client_credentials", "aws_client_metadata": json.dumps(META["ClientMetadata"])}
        form |= {"client_id": machine.id, "client_secret": machine.secret or ""}
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
            assert 200 == answer.status, await answer.text()

    async def begun(self, flow: str, name: str = "jane", **given: str) -> dict[str, Any]:
        return await self.as_app("initiate_auth", AuthFlow=flow, AuthParameters={"USERNAME": name, **given}, **META)

    async def answered(self, asked: dict[str, Any], **given: str) -> dict[str, Any]:
        return await self.as_app(
            "respond_to_auth_challenge",
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "jane", **given},
            **META,
        )


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with running_house(settings={"triggers": HERE}) as house:
        pool = await house.make_pool(LambdaConfig=EVERY, **SETTINGS)
        yield Scene(house, pool, await house.make_client(pool, ExplicitAuthFlows=FLOWS))


Path = Callable[[Scene], Awaitable[None]]
PATHS: list[tuple[Path, tuple[str, ...]]] = []


def calls(*sources: str) -> Callable[[Path], Path]:
    """What the path calls, from where it says ``from_here`` on."""

    def note(path: Path) -> Path:
        PATHS.append((path, sources))
        return path

    return note


def from_here() -> None:
    recorder.TOLD.clear()


@calls("PreSignUp_SignUp", "CustomMessage_SignUp")
async def sign_up(scene: Scene) -> None:
    from_here()
    await scene.as_app("sign_up", Username="jane", Password=PASSWORD, UserAttributes=EMAIL, **META)


@calls("PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp")
async def sign_up_of_somebody_who_is_confirmed_at_once(scene: Scene) -> None:
    from_here()
    await scene.as_app("sign_up", Username="auto-jane", Password=PASSWORD, UserAttributes=EMAIL, **META)


@calls("PostConfirmation_ConfirmSignUp")
async def confirm_sign_up(scene: Scene) -> None:
    await scene.signed_up()
    code = scene.house.last_code("jane@example.com")
    from_here()
    await scene.as_app("confirm_sign_up", Username="jane", ConfirmationCode=code, **META)


@calls("PostConfirmation_ConfirmSignUp")
async def admin_confirm_sign_up(scene: Scene) -> None:
    await scene.signed_up()
    from_here()
    await scene.as_admin("admin_confirm_sign_up", Username="jane", **META)


@calls("CustomMessage_ResendCode")
async def resend_confirmation_code(scene: Scene) -> None:
    await scene.signed_up()
    from_here()
    await scene.as_app("resend_confirmation_code", Username="jane", **META)


@calls("PreSignUp_AdminCreateUser", "CustomMessage_AdminCreateUser")
async def admin_create_user(scene: Scene) -> None:
    from_here()
    await scene.as_admin(
        "admin_create_user", Username="jane", UserAttributes=EMAIL, DesiredDeliveryMediums=["EMAIL"], **META
    )


@calls("CustomMessage_AdminCreateUser")
async def admin_create_user_again(scene: Scene) -> None:
    await admin_create_user(scene)
    from_here()
    await scene.as_admin(
        "admin_create_user", Username="jane", MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"], **META
    )


@calls()
async def admin_set_user_password(scene: Scene) -> None:
    await scene.made()
    from_here()
    await scene.as_admin("admin_set_user_password", Username="jane", Password=PASSWORD, Permanent=True)


@calls("CustomMessage_ForgotPassword")
async def forgot_password(scene: Scene) -> None:
    await scene.made()
    from_here()
    await scene.as_app("forgot_password", Username="jane", **META)


@calls("UserMigration_ForgotPassword", "CustomMessage_ForgotPassword")
async def forgot_password_of_somebody_known_elsewhere(scene: Scene) -> None:
    from_here()
    await scene.as_app("forgot_password", Username="old-jane", **META)


@calls("CustomMessage_ForgotPassword")
async def admin_reset_user_password(scene: Scene) -> None:
    await scene.made()
    from_here()
    await scene.as_admin("admin_reset_user_password", Username="jane", **META)


@calls("PostConfirmation_ConfirmForgotPassword")
async def confirm_forgot_password(scene: Scene) -> None:
    await forgot_password(scene)
    code = scene.house.last_code("jane@example.com")
    from_here()
    await scene.as_app("confirm_forgot_password", Username="jane", ConfirmationCode=code, Password=PASSWORD, **META)


@calls("PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication")
async def sign_in_by_password(scene: Scene) -> None:
    await scene.made()
    from_here()
    await scene.begun("USER_PASSWORD_AUTH", PASSWORD=PASSWORD)


@calls("PreAuthentication_Authentication")
async def sign_in_by_a_wrong_password(scene: Scene) -> None:
    await scene.made()
    from_here()
    with pytest.raises(ClientError):
        await scene.begun("USER_PASSWORD_AUTH", PASSWORD="wrong")


@calls("UserMigration_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication")
async def sign_in_of_somebody_known_elsewhere(scene: Scene) -> None:
    from_here()
    await scene.begun("USER_PASSWORD_AUTH", "old-jane", PASSWORD=PASSWORD)


@calls("PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication")
async def sign_in_by_srp(scene: Scene) -> None:
    await scene.made()
    client = AWSSRP("jane", PASSWORD, scene.pool.id, scene.client.id, client=scene.house.boto3())
    from_here()
    await asyncio.to_thread(client.authenticate_user)


@calls("PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_NewPasswordChallenge")
async def sign_in_with_a_temporary_password(scene: Scene) -> None:
    await scene.as_admin("admin_create_user", Username="jane", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    from_here()
    asked = await scene.begun("USER_PASSWORD_AUTH", PASSWORD=PASSWORD)
    await scene.answered(asked, NEW_PASSWORD="An0ther-one")


@calls(
    "PreAuthentication_Authentication",
    "DefineAuthChallenge_Authentication",
    "CreateAuthChallenge_Authentication",
    "VerifyAuthChallengeResponse_Authentication",
    "DefineAuthChallenge_Authentication",
    "CreateAuthChallenge_Authentication",
    "VerifyAuthChallengeResponse_Authentication",
    "DefineAuthChallenge_Authentication",
    "PostAuthentication_Authentication",
    "TokenGeneration_Authentication",
)
async def custom_sign_in_in_two_rounds(scene: Scene) -> None:
    await scene.made()
    from_here()
    asked = await scene.begun("CUSTOM_AUTH")
    again = await scene.answered(asked, ANSWER="5")
    await scene.answered(again, ANSWER="4")


@calls(
    "PreAuthentication_Authentication",
    "CustomMessage_Authentication",
    "PostAuthentication_Authentication",
    "TokenGeneration_Authentication",
)
async def sign_in_with_a_code_by_sms_after_the_password(scene: Scene) -> None:
    await scene.with_factors()
    await scene.made()
    await scene.as_admin("admin_set_user_mfa_preference", Username="jane", SMSMfaSettings={"Enabled": True})
    from_here()
    asked = await scene.begun("USER_PASSWORD_AUTH", PASSWORD=PASSWORD)
    await scene.answered(asked, SMS_MFA_CODE=await scene.code("+14155550100"))


@calls(
    "PreAuthentication_Authentication",
    "CustomMessage_Authentication",
    "PostAuthentication_Authentication",
    "TokenGeneration_Authentication",
)
async def sign_in_with_a_code_by_email_that_was_chosen(scene: Scene) -> None:
    await scene.made()
    from_here()
    choice = await scene.begun("USER_AUTH")
    asked = await scene.answered(choice, ANSWER="EMAIL_OTP")
    await scene.answered(asked, EMAIL_OTP_CODE=await scene.code("jane@example.com"))


@calls("PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication")
async def sign_in_with_an_app(scene: Scene) -> None:
    await scene.with_factors()
    tokens = await scene.house.sign_in(scene.client, await scene.made())
    secret = await scene.with_app(tokens.access_token)
    from_here()
    asked = await scene.begun("USER_PASSWORD_AUTH", PASSWORD=PASSWORD)
    code = totp(secret, scene.house.clock.now() + 30)
    await scene.answered(asked, SOFTWARE_TOKEN_MFA_CODE=code)


@calls("PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_AuthenticateDevice")
async def sign_in_on_a_remembered_device(scene: Scene) -> None:
    device = await scene.on_device()
    from_here()
    asked = await scene.begun("USER_PASSWORD_AUTH", PASSWORD=PASSWORD, DEVICE_KEY=device.device_key)
    again = await scene.answered(asked, DEVICE_KEY=device.device_key, SRP_A=long_to_hex(device.large_a_value))
    proof = await asyncio.to_thread(device.process_device_challenge, again["ChallengeParameters"])
    await scene.answered(again, **proof)


@calls("PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication")
async def sign_in_with_a_password_by_choice(scene: Scene) -> None:
    await scene.made()
    from_here()
    await scene.begun("USER_AUTH", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)


@calls("UserMigration_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication")
async def sign_in_by_choice_of_somebody_known_elsewhere(scene: Scene) -> None:
    from_here()
    await scene.begun("USER_AUTH", "old-jane", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)


@calls(
    "PreAuthentication_Authentication",
    "DefineAuthChallenge_Authentication",
    "DefineAuthChallenge_Authentication",
    "CreateAuthChallenge_Authentication",
    "VerifyAuthChallengeResponse_Authentication",
    "DefineAuthChallenge_Authentication",
    "PostAuthentication_Authentication",
    "TokenGeneration_Authentication",
)
async def custom_sign_in_after_srp(scene: Scene) -> None:
    await scene.made()
    client = AWSSRP("jane", PASSWORD, scene.pool.id, scene.client.id, client=scene.house.boto3())
    begun = client.get_auth_params()
    from_here()
    asked = await scene.begun("CUSTOM_AUTH", CHALLENGE_NAME="SRP_A", SRP_A=begun["SRP_A"])
    proof = await asyncio.to_thread(client.process_challenge, asked["ChallengeParameters"], begun)
    again = await scene.answered(asked, **proof)
    await scene.answered(again, ANSWER="4")


@calls("TokenGeneration_RefreshTokens")
async def refresh(scene: Scene) -> None:
    tokens = await scene.house.sign_in(scene.client, await scene.made())
    from_here()
    await scene.as_app(
        "initiate_auth",
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens.refresh_token},
    )


@calls("TokenGeneration_RefreshTokens")
async def get_tokens_from_refresh_token(scene: Scene) -> None:
    tokens = await scene.house.sign_in(scene.client, await scene.made())
    from_here()
    await scene.as_app("get_tokens_from_refresh_token", RefreshToken=tokens.refresh_token, **META)


@calls("CustomMessage_UpdateUserAttribute")
async def update_user_attributes(scene: Scene) -> None:
    tokens = await scene.house.sign_in(scene.client, await scene.made())
    changed = [{"Name": "email", "Value": "new@example.com"}]
    from_here()
    await scene.house.aws("update_user_attributes", AccessToken=tokens.access_token, UserAttributes=changed, **META)


@calls("CustomMessage_UpdateUserAttribute")
async def admin_update_user_attributes(scene: Scene) -> None:
    await scene.made()
    changed = [{"Name": "email", "Value": "new@example.com"}]
    from_here()
    await scene.as_admin("admin_update_user_attributes", Username="jane", UserAttributes=changed, **META)


@calls("CustomMessage_VerifyUserAttribute")
async def get_user_attribute_verification_code(scene: Scene) -> None:
    tokens = await scene.house.sign_in(scene.client, await scene.made())
    from_here()
    await scene.house.aws(
        "get_user_attribute_verification_code", AccessToken=tokens.access_token, AttributeName="email", **META
    )


@calls("TokenGeneration_ClientCredentials")
async def tokens_of_a_machine(scene: Scene) -> None:
    """Functions of earlier versions expect a user, and are not asked."""
    machine = await scene.machine()
    from_here()
    await scene.asks_for_token(machine)
    third = {"PreTokenGenerationConfig": {"LambdaVersion": "V3_0", "LambdaArn": ARN}}
    await scene.as_admin("update_user_pool", LambdaConfig={**EVERY, **third}, **SETTINGS)
    scene.house.clock.advance(5)
    await scene.asks_for_token(machine)


@pytest.mark.parametrize(("path", "expected"), PATHS, ids=[path.__name__ for path, _ in PATHS])
async def test_a_path_calls_its_triggers_in_their_order(scene: Scene, path: Path, expected: tuple[str, ...]) -> None:
    await path(scene)

    assert list(expected) == recorder.sources()
    for number, event in enumerate(recorder.TOLD):
        said = event["request"].get("clientMetadata"), event["request"].get("validationData")
        assert told_of_metadata(event["triggerSource"], path.__name__, number) == said, event["triggerSource"]
        version = "3" if event["triggerSource"] == "TokenGeneration_ClientCredentials" else "1"
        assert (version, "us-east-1", scene.pool.id) == (event["version"], event["region"], event["userPoolId"])


SAYS_NOTHING = ("sign_in_by_srp", "refresh")
"""Paths whose client sends no metadata."""
IN_FIRST_REQUEST = {
    "sign_in_with_a_code_by_sms_after_the_password": 2,
    "sign_in_on_a_remembered_device": 1,
    "sign_in_with_an_app": 1,
    "custom_sign_in_in_two_rounds": 3,
    "custom_sign_in_after_srp": 2,
    **dict.fromkeys(
        (
            "sign_in_by_password",
            "sign_in_by_a_wrong_password",
            "sign_in_of_somebody_known_elsewhere",
            "sign_in_with_a_password_by_choice",
            "sign_in_by_choice_of_somebody_known_elsewhere",
        ),
        9,
    ),
}
"""How many triggers of a path are called by the first request of a sign-in."""


def told_of_metadata(source: str, path: str, number: int) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    """What the trigger is told as ``clientMetadata`` and as ``validationData``. What came with the first request of a
    sign-in goes to PreAuthentication and UserMigration alone; ``number`` is the trigger's place in the path."""
    given = META["ClientMetadata"]
    if path in SAYS_NOTHING:
        return None, None
    if source in ("PreAuthentication_Authentication", "UserMigration_Authentication"):
        return None, given
    return None if number < IN_FIRST_REQUEST.get(path, 0) else given, None


MESSAGES = [
    (path, source, number)
    for path, sources in PATHS
    for number, source in enumerate(sources)
    if source.startswith("CustomMessage")
]


@pytest.mark.parametrize(("path", "source", "number"), MESSAGES, ids=[path.__name__ for path, _, _ in MESSAGES])
async def test_where_a_function_sends_it_gets_the_code_and_nobody_else_sends(
    scene: Scene, path: Path, source: str, number: int
) -> None:
    await scene.as_admin("update_user_pool", LambdaConfig={**EVERY, **SENDERS}, **SETTINGS)

    await path(scene)
    await scene.house.drain_outbox()

    sent = scene.house.messages[-1]
    word = "Email" if sent.channel == "email" else "SMS"
    messages = [event for event in recorder.TOLD if event["triggerSource"].startswith("Custom")]
    assert [source.replace("CustomMessage", f"Custom{word}Sender")] == [event["triggerSource"] for event in messages]
    (event,) = messages
    assert f"custom{word}SenderRequestV1" == event["request"]["type"]
    assert sent.code is not None
    assert sent.code.replace("<", "&lt;").replace(">", "&gt;") == event["request"]["code"]
    assert told_of_metadata(source, path.__name__, number)[0] == event["request"].get("clientMetadata")
    assert event["request"]["userAttributes"]["sub"]


# --- every source ----------------------------------------------------------------------------------------------------

CODES = ("SignUp", "ResendCode", "ForgotPassword", "UpdateUserAttribute", "VerifyUserAttribute", "AdminCreateUser")
SOURCES = {
    *(f"PreSignUp_{word}" for word in ("SignUp", "AdminCreateUser", "ExternalProvider")),
    *(f"PostConfirmation_{word}" for word in ("ConfirmSignUp", "ConfirmForgotPassword")),
    *(f"{word}_Authentication" for word in ("PreAuthentication", "PostAuthentication")),
    *(f"{word}_Authentication" for word in EVERY if "AuthChallenge" in word),
    *(f"TokenGeneration_{word}" for word in ("HostedAuth", "Authentication", "NewPasswordChallenge")),
    *(f"TokenGeneration_{word}" for word in ("AuthenticateDevice", "RefreshTokens", "ClientCredentials")),
    *(f"UserMigration_{word}" for word in ("Authentication", "ForgotPassword")),
    *(f"CustomMessage_{word}" for word in (*CODES, "Authentication")),
    "InboundFederation_ExternalProvider",
}
"""Those that the field documents, but for the senders', which go with those of messages."""
LATER = {
    "InboundFederation_ExternalProvider",
    "PreSignUp_ExternalProvider",
    "TokenGeneration_HostedAuth",
}
"""Those of what this version has not: federation, hosted pages."""


def test_every_source_is_called_by_a_path_or_belongs_to_what_is_not_there_yet() -> None:
    called = {source for _, sources in PATHS for source in sources}

    assert SOURCES - LATER == called


def test_the_sources_of_events_are_those_of_the_field() -> None:
    kinds = (PreSignUpSource, PostConfirmationSource, MigrationSource, TokenSource, MessageSource)
    typed = {source for kind in kinds for source in get_args(kind)}

    without_type = {source for source in SOURCES if source.startswith(("PreAuth", "PostAuth", "Define", "Create"))}
    without_type |= {"VerifyAuthChallengeResponse_Authentication", "InboundFederation_ExternalProvider"}
    assert SOURCES - without_type == typed


def test_the_page_names_the_sources_that_nothing_calls_yet() -> None:
    page = (File(__file__).parents[2] / "docs" / "triggers.md").read_text(encoding="utf-8")

    told = re.search(r"^## What is not called yet$(.*?)^## ", page, re.MULTILINE | re.DOTALL)

    assert told
    assert LATER == {source for source in SOURCES if f"`{source}`" in told[1]}
