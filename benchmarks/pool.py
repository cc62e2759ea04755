"""What the works need in the measured server: a pool, a client and users, made over the API like anybody's."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gmpy2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gmpy2 import mpz

from benchmarks.load import Connection, call
from benchmarks.poolhouse_server import BASE_URL, MASTER_KEY, ROOT_KEY_ID, ROOT_SECRET
from poolhouse.crypto.srp import INFO, G, K, N, pad

PASSWORD = "A-long-enough-Passw0rd!"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class BenchPool:
    id: str
    client_id: str
    users: Sequence[str]
    identity_pool: str = ""

    def sign_in(self, user: str, password: str = PASSWORD, **more: str) -> bytes:
        return self._initiate("USER_PASSWORD_AUTH", {"USERNAME": user, "PASSWORD": password, **more})

    def srp_opening(self, user: str, big_a: str) -> bytes:
        return self._initiate("USER_SRP_AUTH", {"USERNAME": user, "SRP_A": big_a})

    def by_choice(self, user: str, challenge: str) -> bytes:
        return self._initiate("USER_AUTH", {"USERNAME": user, "PREFERRED_CHALLENGE": challenge})

    def refresh(self, token: str) -> bytes:
        return call("GetTokensFromRefreshToken", {"ClientId": self.client_id, "RefreshToken": token})

    def answer(self, challenge: str, session: str, answers: Mapping[str, str]) -> bytes:
        given = {"ClientId": self.client_id, "ChallengeName": challenge, "Session": session}
        return call("RespondToAuthChallenge", {**given, "ChallengeResponses": answers})

    def get_user(self, access_token: str) -> bytes:
        return call("GetUser", {"AccessToken": access_token})

    async def signed_in(self, port: int, count: int) -> list[Mapping[str, str]]:
        """What so many users got when they signed in."""
        connection = await Connection.open(port)
        try:
            answers = [await connection.ask(self.sign_in(user)) for user in self.users[:count]]
        finally:
            connection.close()
        return [answer.json()["AuthenticationResult"] for answer in answers]

    def _initiate(self, flow: str, parameters: Mapping[str, str]) -> bytes:
        return call("InitiateAuth", {"ClientId": self.client_id, "AuthFlow": flow, "AuthParameters": parameters})


async def make_pool(port: int, users: int, *, hides_users: bool = False) -> BenchPool:
    """A pool whose client rotates refresh tokens, with so many confirmed users. Each has an e-mail address and a
    name. With ``hides_users`` the client may not learn who exists."""
    connection = await Connection.open(port)

    async def administer(operation: str, **given: Any) -> Any:
        return (await connection.ask(_signed(operation, given))).json()

    try:
        pool_id = (await administer("CreateUserPool", PoolName="benchmark", AutoVerifiedAttributes=["email"]))[
            "UserPool"
        ]["Id"]
        client = await administer(
            "CreateUserPoolClient",
            UserPoolId=pool_id,
            ClientName="benchmark",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH"],
            PreventUserExistenceErrors="ENABLED" if hides_users else "LEGACY",
            RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
        )
        names = [f"user-{number}" for number in range(users)]
        for name in names:
            attributes = {"email": f"{name}@example.com", "email_verified": "true", "name": f"The user {name}"}
            await administer(
                "AdminCreateUser",
                UserPoolId=pool_id,
                Username=name,
                MessageAction="SUPPRESS",
                UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
            )
            await administer(
                "AdminSetUserPassword", UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=True
            )
    finally:
        connection.close()
    return BenchPool(pool_id, client["UserPoolClient"]["ClientId"], names)


def choose(file: str, pool: BenchPool, algorithm: str) -> None:
    """The pool signs by this algorithm, in every server that starts from now on."""
    settings = {
        "POOLHOUSE_STORE": f"sqlite:{file}",
        "POOLHOUSE_MASTER_KEY": MASTER_KEY.hex(),
        "POOLHOUSE_BASE_URL": BASE_URL,
        "POOLHOUSE_TOKENS_ROTATION_LEAD": "0",
    }
    command = [sys.executable, "-m", "poolhouse", "keys", "rotate", pool.id, "--algorithm", algorithm]
    subprocess.run(command, env={**os.environ, **settings}, check=True, stdout=subprocess.DEVNULL)


async def administer(port: int, operation: str, **given: Any) -> Any:
    """The answer to what only an administrator may ask."""
    connection = await Connection.open(port)
    try:
        return (await connection.ask(_signed(operation, given))).json()
    finally:
        connection.close()


def _signed(operation: str, given: Mapping[str, Any]) -> bytes:
    plain = call(operation, given)
    head, _, body = plain.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    request = AWSRequest("POST", "http://127.0.0.1/", headers=headers, data=body)
    SigV4Auth(Credentials(ROOT_KEY_ID, ROOT_SECRET), "cognito-idp", REGION).add_auth(request)
    added = {name: request.headers[name] for name in ("Authorization", "X-Amz-Date")}
    return call(operation, given, added)


class SrpUser:
    """The client's half of SRP, for one user. The client's secret is the same in every attempt: what it costs to make
    one is not the server's."""

    def __init__(self, pool: BenchPool, user: str) -> None:
        self._pool = pool
        self._user = user
        self._a = mpz(int.from_bytes(hashlib.sha256(user.encode()).digest(), "big"))
        self._big_a = gmpy2.powmod(G, self._a, N)
        self.opening = pool.srp_opening(user, self._big_a.digits(16))
        self._x: tuple[str, mpz, mpz] | None = None

    def answer(self, asked: Mapping[str, Any]) -> bytes:
        sent = asked["ChallengeParameters"]
        x, verifier = self._password(sent["SALT"], sent["USER_ID_FOR_SRP"])
        identity = self._pool.id.partition("_")[2] + sent["USER_ID_FOR_SRP"]
        answers = {"USERNAME": self._user, **claim(identity, self._a, x, verifier, sent)}
        return self._pool.answer("PASSWORD_VERIFIER", asked["Session"], answers)

    def _password(self, salt: str, identity: str) -> tuple[mpz, mpz]:
        """x and the verifier; kept, as they are the same each time."""
        if self._x is None or self._x[0] != salt:
            inner = hashlib.sha256(f"{self._pool.id.partition('_')[2]}{identity}:{PASSWORD}".encode()).digest()
            x = number(pad(mpz(salt, 16)), inner)
            self._x = (salt, x, gmpy2.powmod(G, x, N))
        return self._x[1], self._x[2]


def claim(identity: str, a: mpz, x: mpz, verifier: mpz, sent: Mapping[str, str]) -> dict[str, str]:
    """The client's proof. ``a`` is its secret of this attempt; ``x``, with its ``verifier``, that of the password."""
    big_b = mpz(sent["SRP_B"], 16)
    u = number(pad(gmpy2.powmod(G, a, N)), pad(big_b))
    shared = gmpy2.powmod((big_b - K * verifier) % N, a + u * x, N)
    extracted = hmac.digest(pad(u), pad(shared), "sha256")
    key = hmac.digest(extracted, INFO, "sha256")[:16]
    now = time.gmtime()
    timestamp = time.strftime(f"%a %b {now.tm_mday} %H:%M:%S UTC %Y", now)
    block = b64decode(sent["SECRET_BLOCK"])
    signature = hmac.digest(key, identity.encode() + block + timestamp.encode(), "sha256")
    return {
        "PASSWORD_CLAIM_SECRET_BLOCK": sent["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": b64encode(signature).decode(),
        "TIMESTAMP": timestamp,
    }


def number(*parts: bytes) -> mpz:
    return mpz(hashlib.sha256(b"".join(parts)).hexdigest(), 16)
