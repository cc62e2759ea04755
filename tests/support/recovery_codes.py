"""Recovery codes in a test: made by a token, given where a second factor is asked for."""

from __future__ import annotations

from typing import Any

from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client
from tests.support.factors import TOTP, App, asked, with_app
from tests.support.house import House
from tests.support.sign_in import Asking, Reply

WRONG = "2222-2222"


async def made(house: House, client: Client, tokens: TokenSet) -> tuple[str, ...]:
    return (await house.services.recovery_codes.make(tokens.access)).codes


async def with_codes(house: House, client: Client, username: str = "jane") -> tuple[App, tuple[str, ...]]:
    """The user is asked for the codes of an app, and has recovery codes."""
    tokens = await house.sign_in(client, username)
    app = await with_app(house, client, username)
    return app, await made(house, client, tokens)


async def recovered(house: House, client: Client, asking: Reply, code: str, username: str = "jane") -> Reply:
    """A code in place of what is asked for."""
    return await house.answer(client, asking, username, RECOVERY_CODE=code)


async def challenged(house: House, client: Client, username: str = "jane", **more: Any) -> Asking:
    asking = asked(await house.begin(client, username, **more))
    assert asking.challenge in (TOTP, "SELECT_MFA_TYPE", "SMS_MFA", "EMAIL_OTP", "CUSTOM_CHALLENGE"), asking
    return asking
