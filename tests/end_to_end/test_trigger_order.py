"""Every path of the API, and the triggers that it calls: which, with which sources, in which order, with what of the
client's metadata. One function stands behind all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP

from poolhouse.testing import House, running_house
from poolhouse.testing.harness import PASSWORD
from poolhouse.testing.made import MadeClient, MadePool, MadeUser
from tests.end_to_end.functions import recorder

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
        known = {"email": "jane@example.com", "email_verified": "true"}
        return await self.house.make_user(self.pool, attributes=known)

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
        pool = await house.make_pool(LambdaConfig=EVERY, AutoVerifiedAttributes=["email"])
        yield Scene(house, pool, await house.make_client(pool))


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


@pytest.mark.parametrize(("path", "expected"), PATHS, ids=[path.__name__ for path, _ in PATHS])
async def test_a_path_calls_its_triggers_in_their_order(scene: Scene, path: Path, expected: tuple[str, ...]) -> None:
    await path(scene)

    assert list(expected) == recorder.sources()
    for number, event in enumerate(recorder.TOLD):
        said = event["request"].get("clientMetadata"), event["request"].get("validationData")
        assert told_of_metadata(event["triggerSource"], path.__name__, number) == said, event["triggerSource"]
        assert ("1", "us-east-1", scene.pool.id) == (event["version"], event["region"], event["userPoolId"])


SAYS_NOTHING = ("sign_in_by_srp", "refresh")
"""Paths whose client sends no metadata."""
IN_ONE_REQUEST = ("sign_in_by_password", "sign_in_by_a_wrong_password", "sign_in_of_somebody_known_elsewhere")


def told_of_metadata(source: str, path: str, number: int) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    """What the trigger is told as ``clientMetadata`` and as ``validationData``. What came with the first request of a
    sign-in goes to PreAuthentication and UserMigration alone; ``number`` is the trigger's place in the path."""
    given = META["ClientMetadata"]
    if path in SAYS_NOTHING:
        return None, None
    if source in ("PreAuthentication_Authentication", "UserMigration_Authentication"):
        return None, given
    is_first_round = path == "custom_sign_in_in_two_rounds" and number < 3
    return None if path in IN_ONE_REQUEST or is_first_round else given, None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (path, [source.replace("CustomMessage", "CustomEmailSender") for source in sources])
        for path, sources in PATHS
        if any(source.startswith("CustomMessage") for source in sources)
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_where_a_function_sends_it_gets_the_code_and_nobody_else_sends(
    scene: Scene, path: Path, expected: list[str]
) -> None:
    await scene.as_admin("update_user_pool", LambdaConfig={**EVERY, **SENDERS}, AutoVerifiedAttributes=["email"])

    await path(scene)
    await scene.house.drain_outbox()

    assert expected == recorder.sources()
    event = recorder.TOLD[-1]
    sent = scene.house.messages[-1]
    assert "customEmailSenderRequestV1" == event["request"]["type"]
    assert sent.code is not None
    assert sent.code.replace("<", "&lt;").replace(">", "&gt;") == event["request"]["code"]
    assert META["ClientMetadata"] == event["request"]["clientMetadata"]
    assert event["request"]["userAttributes"]["sub"]
