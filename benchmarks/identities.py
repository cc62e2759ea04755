"""Identity pools, and the gateway that their credentials open: each user has a token of the measured user pool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks.load import HOST, Connection, Prepared, get, in_turn, post
from benchmarks.pool import REGION, BenchPool
from benchmarks.poolhouse_server import API, ROLE, ROOT_KEY_ID, ROOT_SECRET, STAGE

ROOT = Credentials(ROOT_KEY_ID, ROOT_SECRET)


def call(operation: str, given: Mapping[str, Any], signer: Credentials | None = None) -> bytes:
    """A call of the API of identity pools; without ``signer`` nobody signed it."""
    body = json.dumps(given, separators=(",", ":")).encode()
    headers = {"X-Amz-Target": f"AWSCognitoIdentityService.{operation}"}
    kind = "application/x-amz-json-1.1"
    if signer is not None:
        asked = AWSRequest("POST", f"http://{HOST}/", headers={**headers, "Content-Type": kind}, data=body)
        SigV4Auth(signer, "cognito-identity", REGION).add_auth(asked)
        headers |= {name: asked.headers[name] for name in ("Authorization", "X-Amz-Date")}
    return post(body, headers, content_type=kind)


class Apps:
    """An identity pool for the users of a user pool."""

    def __init__(self, identity_pool: str, login: str, tokens: Sequence[str]) -> None:
        self.id = identity_pool
        self.logins = [{login: token} for token in tokens]

    def get_id(self, logins: Mapping[str, str]) -> bytes:
        return call("GetId", {"IdentityPoolId": self.id, "Logins": logins})

    async def requests_for_credentials(self, port: int) -> list[bytes]:
        connection = await Connection.open(port)
        ids = [(await connection.ask(self.get_id(logins))).json()["IdentityId"] for logins in self.logins]
        connection.close()
        return [
            call("GetCredentialsForIdentity", {"IdentityId": identity, "Logins": logins})
            for identity, logins in zip(ids, self.logins, strict=True)
        ]

    async def credentials(self, port: int) -> list[Credentials]:
        connection = await Connection.open(port)
        answers = [(await connection.ask(asked)).json() for asked in await self.requests_for_credentials(port)]
        connection.close()
        given = [answer["Credentials"] for answer in answers]
        return [Credentials(each["AccessKeyId"], each["SecretKey"], each["SessionToken"]) for each in given]


async def make_identity_pool(port: int, pool: BenchPool) -> str:
    """One for the users of the pool."""
    provider = {"ProviderName": _login(pool), "ClientId": pool.client_id}
    connection = await Connection.open(port)
    given = {"AllowUnauthenticatedIdentities": False, "CognitoIdentityProviders": [provider]}
    made = (await connection.ask(call("CreateIdentityPool", {"IdentityPoolName": "apps", **given}, ROOT))).json()
    connection.close()
    identity_pool: str = made["IdentityPoolId"]
    return identity_pool


async def apps(port: int, pool: BenchPool) -> Apps:
    connection = await Connection.open(port)
    roles = {"IdentityPoolId": pool.identity_pool, "Roles": {"authenticated": ROLE}}
    await connection.ask(call("SetIdentityPoolRoles", roles, ROOT))
    connection.close()
    tokens = [signed_in["IdToken"] for signed_in in await pool.signed_in(port, len(pool.users))]
    return Apps(pool.identity_pool, _login(pool), tokens)


def _login(pool: BenchPool) -> str:
    return f"cognito-idp.{REGION}.amazonaws.com/{pool.id}"


async def get_id(port: int, pool: BenchPool) -> Prepared:
    made = await apps(port, pool)
    # Known users: their identities were made by the request before.
    await made.credentials(port)
    return await in_turn(port, [made.get_id(logins) for logins in made.logins])


async def identity_credentials(port: int, pool: BenchPool) -> Prepared:
    return await in_turn(port, await (await apps(port, pool)).requests_for_credentials(port))


async def gateway_signature(port: int, pool: BenchPool) -> Prepared:
    """What nginx asks of requests that were signed with credentials of identities."""
    return await in_turn(port, [_asked(_signed(each)) for each in await (await apps(port, pool)).credentials(port)])


async def gateway_token(port: int, pool: BenchPool) -> Prepared:
    """The same, of requests with access tokens."""
    signed_in = await pool.signed_in(port, len(pool.users))
    return await in_turn(port, [_asked({"Authorization": f"Bearer {each['AccessToken']}"}) for each in signed_in])


def _signed(credentials: Credentials) -> dict[str, str]:
    asked = AWSRequest("GET", f"https://api.example.com/{STAGE}/items")
    SigV4Auth(credentials, "execute-api", REGION).add_auth(asked)
    return dict(asked.headers.items())


def _asked(proof: Mapping[str, str]) -> bytes:
    described = {
        "X-Original-Method": "GET",
        "X-Original-URI": f"/{STAGE}/items",
        "X-Original-Host": "api.example.com",
        "X-Original-Length": "none",
    }
    return get(f"/authz/execute-api/{API}/{STAGE}", {**described, **proof})
