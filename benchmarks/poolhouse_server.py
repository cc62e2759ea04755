"""Poolhouse as it is measured: production settings on an SQLite file.

``python -m benchmarks.poolhouse_server FILE [--plugins N] [--cheap-passwords]`` writes its port when it is ready, and
serves until it is ended. Cheap passwords are for differences that argon2id would drown.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from benchmarks.load import HOST
from poolhouse import Audit, FlowCall, PostAuthentication, PreAuthentication, PreToken, hookimpl
from poolhouse.config.settings import Access, Gateway, Limits, Passwords, Root, Server, Settings, Store
from poolhouse.config.values import Secret
from poolhouse.server.app import build
from poolhouse.server.serving import Manner, bound_sockets, run

ROOT_KEY_ID = "benchmark"
ROOT_SECRET = "a secret of this one process"
BASE_URL = f"https://{HOST}"
MASTER_KEY = b"benchmark-benchmark-benchmark-be"


class EmptyPlugin:
    """On every hook of a sign-in by password, and does nothing there."""

    @hookimpl
    async def around_flow(self, event: FlowCall) -> AsyncIterator[None]:
        yield

    @hookimpl
    async def pre_authentication(self, event: PreAuthentication) -> None:
        pass

    @hookimpl
    async def post_authentication(self, event: PostAuthentication) -> None:
        pass

    @hookimpl
    async def pre_token(self, event: PreToken) -> PreToken | None:
        return None

    @hookimpl
    async def audit(self, event: Audit) -> None:
        pass


API, STAGE = "orders", "prod"
ROLE = "arn:aws:iam::000000000000:role/users"


def _role(identity_pool: str) -> Mapping[str, Any]:
    trusted = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {"cognito-identity.amazonaws.com:aud": identity_pool},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
        },
    }
    own = "arn:aws:s3:::notes/${cognito-identity.amazonaws.com:sub}/*"
    invoked = f"arn:aws:execute-api:*:*:{API}/{STAGE}/GET/*"
    allowed = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": own},
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": invoked},
    ]
    return {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]},
        "PolicyDocument": {"Version": "2012-10-17", "Statement": allowed},
    }


def guards(file: str, pools: Iterable[str], identity_pool: str) -> None:
    """Tokens of these pools are good at the gateway, and users of the identity pool have a role, in every server over
    this store that starts from now on."""
    Path(f"{file}.apis.json").write_text(json.dumps({API: {"pools": list(pools)}}), encoding="utf-8")
    Path(f"{file}.roles.json").write_text(json.dumps({"users": _role(identity_pool)}), encoding="utf-8")


def production(file: str, passwords: Passwords = Passwords()) -> Settings:  # noqa: B008 - a frozen value
    return Settings(
        server=Server(base_url=BASE_URL),
        store=Store(url=Secret(f"sqlite:{file}")),
        root=Root(access_key_id=ROOT_KEY_ID, secret_access_key=Secret(ROOT_SECRET)),
        # All of them come from one address.
        limits=Limits(rates=False),
        access=Access(roles_file=_roles_file(file)),
        gateway=Gateway(apis=_apis(file)),
        passwords=passwords,
    )


def _roles_file(file: str) -> str | None:
    path = Path(f"{file}.roles.json")
    return str(path) if path.is_file() else None


def _apis(file: str) -> Mapping[str, Mapping[str, Any]]:
    path = Path(f"{file}.apis.json")
    apis: Mapping[str, Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return apis


def serve() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--plugins", type=int, default=0)
    parser.add_argument("--cheap-passwords", action="store_true")
    asked = parser.parse_args()
    settings = production(asked.file, Passwords(memory_kib=8, passes=1) if asked.cheap_passwords else Passwords())
    plugins = [(f"empty-{number}", EmptyPlugin()) for number in range(asked.plugins)]

    async def application() -> web.Application:
        return (await build(settings, [MASTER_KEY], plugins=plugins)).app

    # What it says of a new store and of senders that are not there is no figure.
    logging.getLogger("poolhouse").addHandler(logging.NullHandler())
    sockets = bound_sockets("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    run(application, sockets, Manner(grace=5.0), started=lambda: print(port, flush=True))


if __name__ == "__main__":
    serve()
