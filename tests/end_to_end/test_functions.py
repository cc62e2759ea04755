"""Functions that were written for Lambda answer triggers as they are: in Python in this process, in JavaScript over
HTTP. The way to serve them is the one of docs/triggers.md."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poolhouse.crypto.vault import Vault
from poolhouse.server.ground import functions_key
from poolhouse.server.world import SystemChance
from poolhouse.testing import House, running_house
from tests.end_to_end.functions import handlers
from tests.support.doc_blocks import block

FOLDER = Path(handlers.__file__).parent
PYTHON = {
    "PreSignUp": "pre_sign_up",
    "CustomMessage": "custom_message",
    "DefineAuthChallenge": "define_auth_challenge",
    "CreateAuthChallenge": "create_auth_challenge",
    "VerifyAuthChallengeResponse": "verify_auth_challenge",
    "PreTokenV1": "pre_token_v1",
    "PreTokenV2": "pre_token_v2",
    "UserMigration": "user_migration",
    "PostConfirmation": "post_confirmation",
}
JAVASCRIPT = {
    "PreSignUp": "preSignUp",
    "CustomMessage": "customMessage",
    "DefineAuthChallenge": "defineAuthChallenge",
    "CreateAuthChallenge": "createAuthChallenge",
    "VerifyAuthChallengeResponse": "verifyAuthChallenge",
    "PreTokenV1": "preTokenV1",
    "PreTokenV2": "preTokenV2",
    "UserMigration": "userMigration",
    "PostConfirmation": "postConfirmation",
}
KEY = functions_key(Vault([bytes(32)], SystemChance()))


def arn(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


@dataclass
class Ways:
    """Where the functions of the test are, by ARN."""

    targets: Mapping[str, str]
    in_process: bool = False

    @asynccontextmanager
    async def house(self) -> AsyncIterator[House]:
        async with running_house(settings={"triggers": self.targets}) as house:
            yield house


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: install Node.js 20 or newer")
    folder = tmp_path_factory.mktemp("functions")
    (folder / "serve.mjs").write_text(block("triggers.md", "serve.mjs"), encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "POOLHOUSE_FUNCTIONS_KEY": KEY}
    with subprocess.Popen(
        [node, str(folder / "serve.mjs"), "0"], cwd=FOLDER, env=environment, stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdout is not None
        try:
            yield served.stdout.readline().strip()
        finally:
            served.terminate()


@pytest.fixture(params=["python", pytest.param("javascript", marks=pytest.mark.requires_node)])
def ways(request: pytest.FixtureRequest) -> Ways:
    if request.param == "python":
        return Ways({arn(name): f"python:{handlers.__name__}.{function}" for name, function in PYTHON.items()}, True)
    url = request.getfixturevalue("javascript")
    return Ways({arn(name): f"{url}/{function}" for name, function in JAVASCRIPT.items()})


async def test_a_pre_sign_up_function_confirms_and_refuses(ways: Ways) -> None:
    async with ways.house() as house:
        pool = await house.make_pool(LambdaConfig={"PreSignUp": arn("PreSignUp")})
        client = await house.make_client(pool)

        signed_up = await house.aws(
            "sign_up",
            ClientId=client.id,
            Username="jane",
            Password="Passw0rd!",
            UserAttributes=[{"Name": "email", "Value": "jane@example.com"}],
        )
        with pytest.raises(ClientError) as refused:
            await house.aws(
                "sign_up",
                ClientId=client.id,
                Username="joe",
                Password="Passw0rd!",
                UserAttributes=[{"Name": "email", "Value": "joe@blocked.example"}],
            )

        assert signed_up["UserConfirmed"]
        assert (await house.sign_in(client, "jane", "Passw0rd!")).id_claims["email_verified"] is True
    assert {
        "Code": "UserLambdaValidationException",
        "Message": "PreSignUp failed with error This domain is not welcome.",
    } == refused.value.response["Error"]


async def test_a_custom_message_function_writes_the_words(ways: Ways) -> None:
    async with ways.house() as house:
        pool = await house.make_pool(LambdaConfig={"CustomMessage": arn("CustomMessage")})
        client = await house.make_client(pool)
        await house.make_user(pool, attributes={"email": "jane@example.com", "email_verified": "true"})

        await house.aws("forgot_password", ClientId=client.id, Username="jane")
        await house.aws(
            "admin_create_user",
            UserPoolId=pool.id,
            Username="joe",
            TemporaryPassword="F1rst-pass",
            UserAttributes=[{"Name": "email", "Value": "joe@example.com"}],
            DesiredDeliveryMediums=["EMAIL"],
        )

        code = house.last_code("jane@example.com")
        assert [
            ("Reset your password", f"Hi jane, use {code} to reset your password."),
            ("Welcome", "Welcome joe, your first password is F1rst-pass"),
        ] == [(message.subject, message.body) for message in house.messages]


async def test_three_functions_make_a_custom_sign_in(ways: Ways) -> None:
    names = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
    async with ways.house() as house:
        pool = await house.make_pool(LambdaConfig={name: arn(name) for name in names})
        client = await house.make_client(pool)
        await house.make_user(pool)

        async def begun() -> dict[str, Any]:
            return await house.aws(
                "initiate_auth", ClientId=client.id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "jane"}
            )

        async def answered(asked: dict[str, Any], answer: str) -> dict[str, Any]:
            assert ("CUSTOM_CHALLENGE", "How many legs has a spider?") == (
                asked["ChallengeName"],
                asked["ChallengeParameters"]["question"],
            )
            return await house.aws(
                "respond_to_auth_challenge",
                ClientId=client.id,
                ChallengeName=asked["ChallengeName"],
                Session=asked["Session"],
                ChallengeResponses={"USERNAME": "jane", "ANSWER": answer},
            )

        tokens = await answered(await answered(await begun(), "6"), "8")
        asked = await answered(await answered(await begun(), "6"), "7")
        with pytest.raises(ClientError) as refused:
            await answered(asked, "5")

        assert "AccessToken" in tokens["AuthenticationResult"]
    assert "NotAuthorizedException" == refused.value.response["Error"]["Code"]


async def test_a_function_of_the_first_version_changes_the_id_token(ways: Ways) -> None:
    async with ways.house() as house:
        pool = await house.make_pool(LambdaConfig={"PreTokenGeneration": arn("PreTokenV1")})
        client = await house.make_client(pool)
        user = await house.make_user(pool, attributes={"email": "jane@example.com"})

        tokens = await house.sign_in(client, user)

    assert ("gold", '["a"]') == (tokens.id_claims["plan"], tokens.id_claims["groups"].replace(", ", ","))
    assert "email" not in tokens.id_claims
    assert "plan" not in tokens.access_claims


async def test_a_function_of_the_second_version_changes_both_tokens_and_the_scopes(ways: Ways) -> None:
    config = {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": arn("PreTokenV2")}}
    async with ways.house() as house:
        pool = await house.make_pool(LambdaConfig=config)
        client = await house.make_client(pool)
        user = await house.make_user(pool, attributes={"email": "jane@example.com"})

        tokens = await house.sign_in(client, user)

    assert ("Doe", ["readers"]) == (tokens.id_claims["family_name"], tokens.id_claims["cognito:groups"])
    assert "email" not in tokens.id_claims
    assert {"id": 7, "admins": ["jane"]} == tokens.access_claims["tenant"]
    assert ("orders/read", ["readers"]) == (tokens.access_claims["scope"], tokens.access_claims["cognito:groups"])


async def test_a_migration_function_brings_users_over(ways: Ways) -> None:
    async with ways.house() as house:
        pool = await house.make_pool(LambdaConfig={"UserMigration": arn("UserMigration")})
        client = await house.make_client(pool)

        with pytest.raises(ClientError) as refused:
            await house.sign_in(client, "old-jane", "wrong")
        tokens = await house.sign_in(client, "old-jane", "Old-passw0rd")
        again = await house.sign_in(client, "old-jane", "Old-passw0rd")

        assert [] == house.messages
    assert ("old-jane@example.com", True) == (tokens.id_claims["email"], tokens.id_claims["email_verified"])
    assert tokens.id_claims["sub"] == again.id_claims["sub"]
    assert {
        "Code": "UserLambdaValidationException",
        "Message": "UserMigration failed with error Bad password.",
    } == refused.value.response["Error"]


async def test_a_migration_function_lets_somebody_choose_a_new_password(ways: Ways) -> None:
    async with ways.house() as house:
        pool = await house.make_pool(LambdaConfig={"UserMigration": arn("UserMigration")})
        client = await house.make_client(pool)

        await house.aws("forgot_password", ClientId=client.id, Username="old-jane")
        await house.aws(
            "confirm_forgot_password",
            ClientId=client.id,
            Username="old-jane",
            ConfirmationCode=house.last_code("old-jane@example.com"),
            Password="N3w-passw0rd",
        )

        assert (await house.sign_in(client, "old-jane", "N3w-passw0rd")).id_claims["email_verified"] is True


async def test_where_users_are_hidden_a_migration_function_tells_nothing(ways: Ways) -> None:
    async with ways.house() as house:
        pool = await house.make_pool(LambdaConfig={"UserMigration": arn("UserMigration")})
        client = await house.make_client(pool, PreventUserExistenceErrors="ENABLED")

        with pytest.raises(ClientError) as refused:
            await house.sign_in(client, "old-jane", "wrong")

    assert {
        "Code": "NotAuthorizedException",
        "Message": "Incorrect username or password.",
    } == refused.value.response["Error"]


async def test_a_post_confirmation_function_is_told_of_the_user(ways: Ways) -> None:
    async with ways.house() as house:
        pool = await house.make_pool(
            LambdaConfig={"PostConfirmation": arn("PostConfirmation")}, AutoVerifiedAttributes=["email"]
        )
        client = await house.make_client(pool)
        email = [{"Name": "email", "Value": "jane@example.com"}]
        made = await house.aws(
            "sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!", UserAttributes=email
        )

        await house.aws(
            "confirm_sign_up",
            ClientId=client.id,
            Username="jane",
            ConfirmationCode=house.last_code("jane@example.com"),
        )

        if ways.in_process:
            assert made["UserSub"] in handlers.CONFIRMED
        user = await house.aws("admin_get_user", UserPoolId=pool.id, Username="jane")
        assert "CONFIRMED" == user["UserStatus"]
