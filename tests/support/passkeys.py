"""Passkeys over the flows: a pool that has them, and an authenticator that a test holds in its hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from poolhouse.flows.grants.issue import TokenSet
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.clients import Client
from poolhouse.records.pools import PasskeyPolicy, Pool
from poolhouse.server.passkey_options import creation_options
from poolhouse.testing import VirtualAuthenticator
from tests.support.factors import asked
from tests.support.house import House
from tests.support.sign_in import Asking, Reply

RP_ID = "example.com"
ORIGIN = "https://app.example.com"
WEB_AUTHN = "WEB_AUTHN"
FLOWS = ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")


async def with_passkeys(
    house: House, *, mode: str | None = None, factors: tuple[str, ...] = (), **policy: Any
) -> tuple[Pool, Client]:
    """A pool whose users may begin by a passkey, and a client of it."""
    pool = await house.pool(first_factors=("PASSWORD", "EMAIL_OTP", WEB_AUTHN))
    said = PasskeyPolicy(**{"rp_id": RP_ID, **policy})
    pool = await house.services.pools.set_mfa(pool.id, MfaSettings(mode=mode, factors=factors, passkeys=said))
    return pool, await house.client(pool, flows=FLOWS)


async def registered(
    house: House, tokens: TokenSet, key: VirtualAuthenticator | None = None, origin: str = ORIGIN
) -> VirtualAuthenticator:
    """An authenticator with a passkey of the user."""
    key = key or VirtualAuthenticator()
    options = creation_options(await house.services.passkeys.start(tokens.access))
    await house.services.passkeys.complete(tokens.access, key.create(options, origin))
    return key


async def with_passkey(house: House, client: Client, name: str = "jane", **kind: Any) -> VirtualAuthenticator:
    """A user who has a passkey."""
    await house.user(client, name)
    return await registered(house, await house.sign_in(client, name), VirtualAuthenticator(**kind))


async def begun(house: House, client: Client, name: str = "jane") -> Asking:
    """A passkey is asked for."""
    asking = asked(await house.begin(client, name, flow="USER_AUTH", PREFERRED_CHALLENGE=WEB_AUTHN))
    assert WEB_AUTHN == asking.challenge
    return asking


def options_of(asking: Asking) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(asking.public["CREDENTIAL_REQUEST_OPTIONS"])
    return options


async def answered(
    house: House, client: Client, asking: Asking, credential: Mapping[str, Any], name: str = "jane"
) -> Reply:
    return await house.answer(client, asking, name, CREDENTIAL=json.dumps(credential))


async def by_passkey(house: House, client: Client, key: VirtualAuthenticator, name: str = "jane") -> Reply:
    asking = await begun(house, client, name)
    return await answered(house, client, asking, key.get(options_of(asking), ORIGIN), name)
