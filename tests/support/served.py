"""A server in processes of its own, with what it prints at hand: for tests of how it starts, stops and fails."""

from __future__ import annotations

import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.command import MASTER_KEY, PATIENCE, ROOT, Running, free_port, started

PASSWORD = "Passw0rd!of-jane"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
READY = '"event": "listening"'


class Served:
    def __init__(self, process: Running, port: int) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def answers(self, timeout: float = PATIENCE) -> bool:
        try:
            with DIRECT.open(f"{self.url}/healthz", timeout=timeout) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def status(self, path: str, timeout: float = PATIENCE) -> int:
        """The status of a GET of this path."""
        try:
            with DIRECT.open(f"{self.url}{path}", timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def text(self, path: str) -> str:
        """What a GET of this path is answered with, whatever the status."""
        try:
            with DIRECT.open(f"{self.url}{path}", timeout=PATIENCE) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refused:
            return refused.read().decode()

    def sdk(self, service: str = "cognito-idp") -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id=ROOT["POOLHOUSE_ROOT_ACCESS_KEY_ID"],
            aws_secret_access_key=ROOT["POOLHOUSE_ROOT_SECRET_ACCESS_KEY"],
            config=Config(retries={"max_attempts": 0}),
        )


@contextlib.contextmanager
def serving(folder: Path, *words: str, port: int | None = None, **extra: str) -> Iterator[Served]:
    port = port or free_port()
    settings = {
        "POOLHOUSE_LISTEN": f"127.0.0.1:{port}",
        "POOLHOUSE_MASTER_KEY": MASTER_KEY,
        "POOLHOUSE_STORE": "sqlite:served.db",
        # All of a test comes from one address.
        "POOLHOUSE_LIMITS_RATES": "false",
        "POOLHOUSE_SERVER_DRAIN": "0",
        **ROOT,
        **extra,
    }
    with started("serve", *words, folder=folder, env=settings) as process:
        process.wait_for('"event": "worker is ready"' if "--workers" in words else READY)
        yield Served(process, port)


def eventually(holds: Callable[[], bool]) -> None:
    """Fails when it does not hold in time."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def made_user(sdk: Any) -> dict[str, str]:
    """The pool and the client of a user called jane."""
    pool = sdk.create_user_pool(PoolName="copied")["UserPool"]["Id"]
    client = sdk.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )["UserPoolClient"]["ClientId"]
    sdk.admin_create_user(UserPoolId=pool, Username="jane", MessageAction="SUPPRESS")
    sdk.admin_set_user_password(UserPoolId=pool, Username="jane", Password=PASSWORD, Permanent=True)
    return {"pool": pool, "client": client}


def sign_in(sdk: Any, client: str) -> str:
    answer = sdk.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "jane", "PASSWORD": PASSWORD},
    )
    token: str = answer["AuthenticationResult"]["AccessToken"]
    return token
