"""Sign-ins with a second factor: an authenticator app, and a remembered device in its place; and by a passkey.

A code of an app is good once. So nobody's turn comes before their app has one that is good: that is waited for ahead of
each measurement, and there are so many users that it is seldom long.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count, islice
from typing import Any

import gmpy2
import msgspec
import pyotp
from gmpy2 import mpz

from benchmarks.load import Connection, Prepared, Unexpected, call
from benchmarks.pool import BenchPool, administer, claim, make_pool, number
from poolhouse.crypto.srp import G, N, pad
from poolhouse.testing import VirtualAuthenticator

APP_USERS = 160
DEVICE_USERS = 16
PASSKEY_USERS = 16
ORIGIN = "https://app.example.com"
STEP = 30
"""Seconds for which an app shows a code (RFC 6238, 5.2)."""


class App:
    """A user's app. It shows each code once: of the step before, of this one, and of the next, as the server takes
    them."""

    def __init__(self, secret: str, now: Callable[[], float] = time.time) -> None:
        self._codes = pyotp.TOTP(secret)
        self._now = now
        self._last = 0

    def code(self) -> str:
        """Raises ``Unexpected`` where all codes of this moment were used."""
        if self.wait():
            raise Unexpected("the app has no code left: nobody waited for the next one")
        now = self._now()
        step = int(now) // STEP
        # In the moment in which a step ends the one before it is good no more.
        self._last = max(self._last + 1, step - 1 if now % STEP < STEP - 2 else step)
        return self._codes.generate_otp(self._last)

    def wait(self) -> float:
        """Seconds until there is a code that was not used; 0 where there is one."""
        # The server takes the next step's code as well.
        return max(0.0, self._last * STEP - self._now())


class User:
    def __init__(self, pool: BenchPool, name: str) -> None:
        self.pool = pool
        self.name = name
        self.app: App | None = None

    def wait(self) -> float:
        """Seconds until the user can sign in."""
        return self.app.wait() if self.app is not None else 0.0

    async def sign_in(self, connection: Connection, **more: str) -> tuple[bytes, Any]:
        """The last request, and its answer."""
        asked = (await connection.ask(self.pool.sign_in(self.name, **more))).json()
        if self.app is None:
            return b"", asked
        answers = {"USERNAME": self.name, "SOFTWARE_TOKEN_MFA_CODE": self.app.code(), **more}
        request = self.pool.answer("SOFTWARE_TOKEN_MFA", asked["Session"], answers)
        return request, (await connection.ask(request)).json()

    async def set_up(self, connection: Connection) -> None:
        """The user has an app, and is asked for its codes."""
        _, signed_in = await self.sign_in(connection)
        token = signed_in["AuthenticationResult"]["AccessToken"]
        begun = (await connection.ask(call("AssociateSoftwareToken", {"AccessToken": token}))).json()
        app = App(begun["SecretCode"])
        await connection.ask(call("VerifySoftwareToken", {"AccessToken": token, "UserCode": app.code()}))
        prefers = {"Enabled": True, "PreferredMfa": True}
        await connection.ask(call("SetUserMFAPreference", {"AccessToken": token, "SoftwareTokenMfaSettings": prefers}))
        self.app = app


async def _users(port: int, count: int) -> list[User]:
    """In a pool of their own, each with an app."""
    pool = await make_pool(port, count)
    devices = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
    await administer(port, "UpdateUserPool", UserPoolId=pool.id, DeviceConfiguration=devices)
    on = {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    await administer(port, "SetUserPoolMfaConfig", UserPoolId=pool.id, **on)
    users = [User(pool, name) for name in pool.users]
    connection = await Connection.open(port)
    for user in users:
        await user.set_up(connection)
    connection.close()
    return users


async def app_sign_in(port: int, _pool: BenchPool) -> Prepared:
    users = deque(await _users(port, APP_USERS))

    async def before(_: Sequence[Connection], times: int) -> None:
        await asyncio.sleep(max(user.wait() for user in islice(users, times)))

    async def once(connection: Connection) -> tuple[bytes, Any]:
        user = users.popleft()
        users.append(user)
        return await user.sign_in(connection)

    async def journey(connection: Connection, _: int) -> None:
        await once(connection)

    connection = await Connection.open(port)
    await before([connection], 1)
    request, answer = await once(connection)
    connection.close()
    return Prepared(journey, request, _body(answer), before)


class Device:
    """A user's device. Its secret is the same in every sign-in: what it costs to make one is not the server's."""

    def __init__(self, user: User, offered: Mapping[str, str]) -> None:
        self._user = user
        self.key, self._group = offered["DeviceKey"], offered["DeviceGroupKey"]
        self._password = b64encode(secrets.token_bytes(40)).decode()
        self._salt = mpz(secrets.randbits(127) | 1 << 127)
        inner = hashlib.sha256(f"{self._group}{self.key}:{self._password}".encode()).digest()
        self._x = number(pad(self._salt), inner)
        self._verifier = gmpy2.powmod(G, self._x, N)
        self._a = mpz(secrets.randbits(256))
        self._big_a = gmpy2.powmod(G, self._a, N)

    async def confirm(self, connection: Connection, token: str) -> None:
        config = {
            "Salt": b64encode(pad(self._salt)).decode(),
            "PasswordVerifier": b64encode(pad(self._verifier)).decode(),
        }
        given = {"AccessToken": token, "DeviceKey": self.key, "DeviceSecretVerifierConfig": config}
        await connection.ask(call("ConfirmDevice", given))

    async def sign_in(self, connection: Connection) -> tuple[bytes, Any]:
        """The last request, and its answer."""
        pool, named = self._user.pool, {"USERNAME": self._user.name, "DEVICE_KEY": self.key}
        asked = (await connection.ask(pool.sign_in(self._user.name, DEVICE_KEY=self.key))).json()
        begins = {**named, "SRP_A": self._big_a.digits(16)}
        begun = (await connection.ask(pool.answer("DEVICE_SRP_AUTH", asked["Session"], begins))).json()
        proof = {**named, **self._proof(begun["ChallengeParameters"])}
        request = pool.answer("DEVICE_PASSWORD_VERIFIER", begun["Session"], proof)
        return request, (await connection.ask(request)).json()

    def _proof(self, sent: Mapping[str, str]) -> dict[str, str]:
        return claim(self._group + self.key, self._a, self._x, self._verifier, sent)


async def device_sign_in(port: int, _pool: BenchPool) -> Prepared:
    connection = await Connection.open(port)
    devices = []
    for user in await _users(port, DEVICE_USERS):
        _, signed_in = await user.sign_in(connection)
        result = signed_in["AuthenticationResult"]
        device = Device(user, result["NewDeviceMetadata"])
        await device.confirm(connection, result["AccessToken"])
        devices.append(device)
    turn = count()

    async def journey(connection: Connection, _: int) -> None:
        await devices[next(turn) % len(devices)].sign_in(connection)

    request, answer = await devices[0].sign_in(connection)
    connection.close()
    return Prepared(journey, request, _body(answer))


async def passkey_sign_in(port: int, _pool: BenchPool) -> Prepared:
    """The check of the passkey's own signature (ES256) is a tenth of one of ours, and no part of the limit."""
    pool = await make_pool(port, PASSKEY_USERS)
    allowed = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    await administer(port, "UpdateUserPool", UserPoolId=pool.id, Policies=allowed)
    said = {"RelyingPartyId": "example.com"}
    await administer(port, "SetUserPoolMfaConfig", UserPoolId=pool.id, WebAuthnConfiguration=said)
    connection = await Connection.open(port)
    keys = [(name, await _passkey(connection, pool, name)) for name in pool.users]
    turn = count()

    async def once(connection: Connection) -> tuple[bytes, Any]:
        name, key = keys[next(turn) % len(keys)]
        begun = (await connection.ask(pool.by_choice(name, "WEB_AUTHN"))).json()
        credential = key.get(begun["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"], ORIGIN)
        answers = {"USERNAME": name, "CREDENTIAL": msgspec.json.encode(credential).decode()}
        request = pool.answer("WEB_AUTHN", begun["Session"], answers)
        return request, (await connection.ask(request)).json()

    async def journey(connection: Connection, _: int) -> None:
        await once(connection)

    request, answer = await once(connection)
    connection.close()
    return Prepared(journey, request, _body(answer))


async def _passkey(connection: Connection, pool: BenchPool, name: str) -> VirtualAuthenticator:
    signed_in = (await connection.ask(pool.sign_in(name))).json()
    on = {"AccessToken": signed_in["AuthenticationResult"]["AccessToken"]}
    begun = (await connection.ask(call("StartWebAuthnRegistration", on))).json()
    key = VirtualAuthenticator()
    made = key.create(begun["CredentialCreationOptions"], ORIGIN)
    await connection.ask(call("CompleteWebAuthnRegistration", {**on, "Credential": made}))
    return key


def _body(answer: Any) -> bytes:
    """As long as it came."""
    return msgspec.json.encode(answer)
