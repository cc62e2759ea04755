"""Second factors over the flows: a pool that has them, and an authenticator app that a test holds in its hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from typing import Any

from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.server.cognito.user_pools import challenges
from tests.support.house import House
from tests.support.sign_in import Asking

SMS, TOTP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"


def totp(secret: str, at: float, *, digits: int = 6) -> str:
    """RFC 6238 by hand, and by nothing that the server uses: SHA-1, steps of 30 seconds."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(at) // 30), hashlib.sha1)
    start = mac[-1] & 15
    return str((int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF) % 10**digits).rjust(digits, "0")


class App:
    """An authenticator app with one account, whose clock is the server's."""

    def __init__(self, house: House, secret: str) -> None:
        self.house, self.secret = house, secret

    def code(self, steps: int = 0) -> str:
        return totp(self.secret, self.house.clock.now() + 30 * steps)

    def wrong(self) -> str:
        """A code that no step nearby has."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in (f"{n:06}" for n in range(20)) if code not in near)


async def with_factors(house: House, pool: Pool, mode: str = "OPTIONAL", *factors: str) -> Pool:
    if mode == "OFF":
        return await house.services.pools.set_mfa(pool.id, MfaSettings(mode=mode))
    return await house.services.pools.set_mfa(pool.id, MfaSettings(mode=mode, factors=factors or (TOTP,)))


async def associated(house: House, tokens: TokenSet) -> App:
    shown = await house.services.enrolments.begin(tokens.access, TOTP)
    return App(house, shown["secret"])


async def enrolled(house: House, tokens: TokenSet, *, label: str | None = None) -> App:
    """The app is set up. Its step is over: a code of it is good once."""
    app = await associated(house, tokens)
    await house.services.enrolments.confirm(tokens.access, TOTP, app.code(), label)
    house.clock.advance(30)
    return app


async def preferring(house: House, tokens: TokenSet, *factors: str, preferred: str | None = None) -> None:
    wishes = [Wish(factor, enabled=True, preferred=factor == preferred) for factor in factors]
    await house.services.preferences.set(tokens.access, wishes)


async def with_app(house: House, client: Client, username: str = "jane") -> App:
    """The user has an app, and is asked for its codes."""
    tokens = await house.sign_in(client, username)
    app = await enrolled(house, tokens)
    await preferring(house, tokens, TOTP)
    return app


def asked(reply: Any) -> Asking:
    assert isinstance(reply, Asking), reply
    return reply


async def begun_in_sign_in(house: House, asking: Asking) -> tuple[App, str]:
    """The app of a factor that is being set up in a sign-in, and the session of the next step."""
    handle, pool_id = challenges.session(asking.handle)
    begun = await house.services.factor_set_ups.begin(pool_id, handle, TOTP)
    return App(house, begun.shown["secret"]), challenges.session_text(begun.handle, pool_id)


async def confirmed_in_sign_in(house: House, session: str, code: str, label: str | None = None) -> str:
    """The session with which the challenge is answered."""
    handle, pool_id = challenges.session(session)
    following = await house.services.factor_set_ups.confirm(pool_id, handle, TOTP, code, label)
    return challenges.session_text(following, pool_id)
