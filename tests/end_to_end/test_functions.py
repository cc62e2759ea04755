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
        return Ways({arn(name): f"python:{handlers.__name__}.{function}" for name, function in PYTHON.items()})
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
