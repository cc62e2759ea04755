"""A server as its clients see it: nothing but its address, its root key, and the file with its messages."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import pytest

from poolhouse.testing.made import MadeClient, MadePool
from tests.support.server_process import REGION, ROOT

PASSWORD = "Corr3ct-Horse!"
OTHER_PASSWORD = "An0ther-Horse!"
EVERY_FLOW = (
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)

# boto3's sessions are not thread-safe; its clients are.
_making = threading.Lock()


def attributes(**given: str) -> list[dict[str, str]]:
    """As the SDK wants them."""
    return [{"Name": name, "Value": value} for name, value in given.items()]


def values(pairs: list[dict[str, str]]) -> dict[str, str]:
    """As one reads them."""
    return {pair["Name"]: pair["Value"] for pair in pairs}


def unique(word: str = "jane") -> str:
    """A name that no other test uses."""
    return f"{word}-{uuid.uuid4().hex[:12]}"


@dataclass
class Live:
    """``store`` says what it runs on."""

    base_url: str
    outbox: Path
    store: str
    _aws: Any = field(default=None, repr=False)
    _identity: Any = field(default=None, repr=False)

    @property
    def aws(self) -> Any:
        """A boto3 client with the root key. It does not try twice."""
        if self._aws is None:
            self._aws = boto3_client(self.base_url, aws_access_key_id=ROOT[0], aws_secret_access_key=ROOT[1])
        return self._aws

    @property
    def identity(self) -> Any:
        """The same, for identity pools."""
        if self._identity is None:
            self._identity = boto3_client(
                self.base_url, "cognito-identity", aws_access_key_id=ROOT[0], aws_secret_access_key=ROOT[1]
            )
        return self._identity

    @property
    def errors(self) -> Any:
        return self.aws.exceptions

    # --- making ------------------------------------------------------------------------------------------------------

    def pool(self, **parameters: Any) -> MadePool:
        given = {"PoolName": unique("people"), "AutoVerifiedAttributes": ["email"], **parameters}
        made = self.aws.create_user_pool(**given)["UserPool"]
        return MadePool(made["Id"], made["Name"])

    def client(self, pool: MadePool, **parameters: Any) -> MadeClient:
        given = {"ClientName": "app", "ExplicitAuthFlows": list(EVERY_FLOW), **parameters}
        made = self.aws.create_user_pool_client(UserPoolId=pool.id, **given)["UserPoolClient"]
        return MadeClient(made["ClientId"], pool.id, made.get("ClientSecret"))

    def user(self, client: MadeClient, name: str | None = None, **given: str) -> str:
        """A user who signed up and was confirmed; the name."""
        name = name or unique()
        given = given or {"email": f"{name}@example.com"}
        self.aws.sign_up(ClientId=client.id, Username=name, Password=PASSWORD, UserAttributes=attributes(**given))
        self.aws.confirm_sign_up(ClientId=client.id, Username=name, ConfirmationCode=self.code(given["email"]))
        return name

    def sign_in(self, client: MadeClient, name: str, password: str = PASSWORD) -> dict[str, str]:
        """The tokens."""
        parameters = {"USERNAME": name, "PASSWORD": password}
        if client.secret is not None:
            parameters["SECRET_HASH"] = client.secret_hash(name)
        answer = self.aws.initiate_auth(ClientId=client.id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
        result: dict[str, str] = answer["AuthenticationResult"]
        return result

    def refresh(self, client: MadeClient, token: str) -> dict[str, str]:
        answer = self.aws.initiate_auth(
            ClientId=client.id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
        )
        result: dict[str, str] = answer["AuthenticationResult"]
        return result

    # --- messages ----------------------------------------------------------------------------------------------------

    def messages(self, to: str) -> list[dict[str, Any]]:
        """All messages to this address or number, the oldest first."""
        if not self.outbox.exists():
            return []
        # Another message may be half written: a line counts when it is whole.
        lines = self.outbox.read_bytes().split(b"\n")[:-1]
        return [message for line in lines if (message := json.loads(line))["to"] == to]

    def code(self, to: str) -> str:
        """The code in the last message to this address or number."""
        return str(self.messages(to)[-1]["code"])


@dataclass(frozen=True)
class Stranger:
    """Verifies tokens with nothing but the issuer's address, as any program would that has never heard of us."""

    issuer: str

    def fetch(self, url: str) -> Any:
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)

    def verified(self, token: str, *, audience: str | None = None) -> Mapping[str, Any]:
        """The claims. Raises ``jwt.InvalidTokenError``."""
        discovered = self.fetch(f"{self.issuer}/.well-known/openid-configuration")
        assert self.issuer == discovered["issuer"]
        keys = jwt.PyJWKSet.from_dict(self.fetch(discovered["jwks_uri"]))
        return dict(
            jwt.decode(
                token,
                keys[jwt.get_unverified_header(token)["kid"]].key,
                algorithms=discovered["id_token_signing_alg_values_supported"],
                issuer=self.issuer,
                audience=audience,
                options={"verify_aud": audience is not None},
            )
        )


def boto3_client(base_url: str, service: str = "cognito-idp", **credentials: Any) -> Any:
    """Without credentials nothing is signed."""
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1}, proxies={}, max_pool_connections=50, connect_timeout=5, read_timeout=60
    )
    if not credentials:
        config = config.merge(Config(signature_version=UNSIGNED))
    with _making:
        return _boto3_session().client(service, region_name=REGION, endpoint_url=base_url, config=config, **credentials)


@cache
def _boto3_session() -> Any:
    """A session that knows nothing of the machine. It keeps the service models, whose loading takes most of the
    time."""
    import boto3
    import botocore.session

    core = botocore.session.Session(session_vars={"profile": (None, [], None, None)})
    core.set_config_variable("config_file", os.devnull)
    core.set_config_variable("credentials_file", os.devnull)
    return boto3.Session(botocore_session=core)


def refused(name: str, call: Any, /, *arguments: Any, **parameters: Any) -> str:
    """The sentence with which the call was refused. Fails where it was not, or with another error than ``name``."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    said = caught.value.response["Error"]
    assert name == said["Code"], said
    return str(said["Message"])


def guesses_within(seconds: float) -> int:
    """How many wrong passwords may be checked in so many seconds: five, and one more after each lock. The locks last
    one second, two, four ..."""
    count, lock, locked = 5, 1.0, 1.0
    while locked < seconds:
        count, lock = count + 1, lock * 2
        locked += lock
    return count


def eventually(what: str, holds: Any, *, within: float) -> float:
    """Waits until it holds; the seconds that took. Fails where it does not hold in time."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within:
            pytest.fail(f"Not within {within:g} s: {what}.")
        time.sleep(0.05)
    return time.monotonic() - began
