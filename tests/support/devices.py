"""A device that remembers its secret as clients do: its half of SRP in plain integers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

from poolhouse.flows.factors.devices import DeviceSecret
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client
from poolhouse.records.pools import DeviceTracking, Pool
from tests.support.factors import App, asked, with_app, with_factors
from tests.support.house import House
from tests.support.sign_in import Asking, Reply
from tests.support.srp_client import G, N, hashed, pad

SRP, VERIFIER = "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"
ALWAYS = DeviceTracking(instead=True)
ON_PROMPT = DeviceTracking(instead=True, on_prompt=True)


class Device:
    """What a client keeps of a device that tokens were given to."""

    def __init__(self, house: House, tokens: TokenSet) -> None:
        assert tokens.device is not None
        assert tokens.device.group is not None
        self.house, self.tokens = house, tokens
        self.key, self.group = tokens.device.key, tokens.device.group
        self.password = base64.b64encode(secrets.token_bytes(40)).decode()
        self.salt = secrets.randbits(128) or 1
        self.a = secrets.randbits(256)

    def exponent(self, salt: int) -> int:
        inner = hashlib.sha256(f"{self.group}{self.key}:{self.password}".encode()).digest()
        return hashed(pad(salt), inner)

    @property
    def secret(self) -> DeviceSecret:
        return DeviceSecret(self.salt, pow(G, self.exponent(self.salt), N))

    @property
    def config(self) -> dict[str, str]:
        """The secret in the field's encoding."""
        secret = self.secret
        return {
            "Salt": base64.b64encode(pad(secret.salt)).decode(),
            "PasswordVerifier": base64.b64encode(pad(secret.verifier)).decode(),
        }

    @property
    def big_a(self) -> str:
        return f"{pow(G, self.a, N):x}"

    async def confirm(self, name: str | None = "a telephone") -> bool:
        return await self.house.services.devices.confirm(self.tokens.access, self.key, name, self.secret)

    def answers(self, public: Any, *, key: str | None = None) -> dict[str, str]:
        """The proof, as the client sends it."""
        big_b, x = int(public["SRP_B"], 16), self.exponent(int(public["SALT"], 16))
        u, k = hashed(pad(pow(G, self.a, N)), pad(big_b)), hashed(pad(N), pad(G))
        shared = pow((big_b - k * pow(G, x, N)) % N, self.a + u * x, N)
        mac_key = hmac.digest(hmac.digest(pad(u), pad(shared), "sha256"), b"Caldera Derived Key\x01", "sha256")[:16]
        moment = time.gmtime(self.house.clock.now())
        timestamp = time.strftime(f"%a %b {moment.tm_mday} %H:%M:%S UTC %Y", moment)
        block = base64.b64decode(public["SECRET_BLOCK"])
        claim = hmac.digest(mac_key, (self.group + self.key).encode() + block + timestamp.encode(), "sha256")
        return {
            "DEVICE_KEY": key or self.key,
            "PASSWORD_CLAIM_SECRET_BLOCK": public["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(claim).decode(),
            "TIMESTAMP": timestamp,
        }

    async def begin(self, client: Client, asking: Reply, *, username: str = "jane") -> Asking:
        assert SRP == asked(asking).challenge
        answer = {"DEVICE_KEY": self.key, "SRP_A": self.big_a}
        return asked(await self.house.answer(client, asking, username, **answer))

    async def prove(self, client: Client, asking: Reply, *, username: str = "jane") -> Reply:
        """Both steps."""
        begun = await self.begin(client, asking, username=username)
        return await self.house.answer(client, begun, username, **self.answers(begun.public))


async def on_device(house: House, client: Client, username: str = "jane") -> Device:
    """The user signed in, and the device is confirmed."""
    device = Device(house, await house.sign_in(client, username))
    await device.confirm()
    return device


async def remembered(
    house: House, tracking: DeviceTracking = ALWAYS, **client: Any
) -> tuple[Pool, Client, App, Device]:
    """Jane has an app that is asked for, and a device from before."""
    pool = await with_factors(house, await house.pool(devices=tracking))
    made = await house.client(pool, **client)
    await house.user(made)
    device = await on_device(house, made)
    app = await with_app(house, made)
    if tracking.on_prompt:
        await house.services.devices.remember(device.tokens.access, device.key, remembered=True)
    return pool, made, app, device
