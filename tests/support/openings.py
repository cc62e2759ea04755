"""Every way to prove a password, up to what is asked for then: jane's, with ``PASSWORD``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from poolhouse.flows.factors.preferences import Wish
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.store.port import Store
from poolhouse.testing.clock import FakeClock
from tests.support.devices import ALWAYS, Device, on_device
from tests.support.factors import EMAIL, SMS, TOTP, App, asked, enrolled, with_factors
from tests.support.house import FLOWS, PASSWORD, House, opened_house
from tests.support.sign_in import Asking
from tests.support.srp_client import SrpClient

PHONE = "+14155550123"
EVERY_FLOW = tuple(dict.fromkeys((*FLOWS, "ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH")))

Open = Callable[..., Awaitable[Asking]]
"""With a house, a client, and more parameters of the first request: the question after the password."""


class Riddle:
    """Custom sign-ins ask for a password by SRP where that was begun with, and then for a number."""

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        last = event.session[-1] if event.session else None
        if last is not None and last.name == "SRP_A":
            return ChallengeDecision(challenge="PASSWORD_VERIFIER")
        if last is not None and last.name == "CUSTOM_CHALLENGE" and last.passed:
            return ChallengeDecision(issue_tokens=True)
        return ChallengeDecision(challenge="CUSTOM_CHALLENGE")

    @hookimpl
    def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(private={"answer": "7"})

    @hookimpl
    def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == str(event.private["answer"])


async def by_password(house: House, client: Client, **more: str) -> Asking:
    return asked(await house.begin(client, **more))


async def by_administrator(house: House, client: Client, **more: str) -> Asking:
    return asked(await house.begin(client, flow="ADMIN_USER_PASSWORD_AUTH", **more))


async def by_srp(house: House, client: Client, **more: str) -> Asking:
    srp = SrpClient(house, client)
    return asked(
        await srp.answer(asked(await house.begin(client, flow="USER_SRP_AUTH", SRP_A=srp.big_a, **more)), PASSWORD)
    )


async def by_preference(house: House, client: Client, **more: str) -> Asking:
    return asked(await house.begin(client, flow="USER_AUTH", PREFERRED_CHALLENGE="PASSWORD", **more))


async def by_choice(house: House, client: Client, **more: str) -> Asking:
    choice = asked(await house.begin(client, flow="USER_AUTH", **more))
    return asked(await house.answer(client, choice, ANSWER="PASSWORD", PASSWORD=PASSWORD))


async def by_choice_and_srp(house: House, client: Client, **more: str) -> Asking:
    srp = SrpClient(house, client)
    choice = asked(await house.begin(client, flow="USER_AUTH", **more))
    begun = asked(await house.answer(client, choice, ANSWER="PASSWORD_SRP", SRP_A=srp.big_a))
    return asked(await srp.answer(begun, PASSWORD))


async def by_custom_after_srp(house: House, client: Client, **more: str) -> Asking:
    srp = SrpClient(house, client)
    given = {"CHALLENGE_NAME": "SRP_A", "SRP_A": srp.big_a, **more}
    return asked(await srp.answer(asked(await house.begin(client, flow="CUSTOM_AUTH", **given)), PASSWORD))


OPENINGS: dict[str, Open] = {
    "password": by_password,
    "administrator": by_administrator,
    "srp": by_srp,
    "preference": by_preference,
    "choice": by_choice,
    "choice and srp": by_choice_and_srp,
    "custom after srp": by_custom_after_srp,
}


class Scene:
    """Jane has an app, a telephone, a letter box and a remembered device, and is asked for none of them yet."""

    def __init__(self, house: House, pool: Pool, client: Client, app: App, device: Device) -> None:
        self.house, self.pool, self.client, self.app, self.device = house, pool, client, app, device

    async def asks_for(self, *factors: str) -> None:
        await self.house.services.preferences.set_for(self.pool, "jane", [Wish(one, enabled=True) for one in factors])

    def code(self, factor: str) -> dict[str, str]:
        code = self.app.code() if factor == TOTP else self.house.last_code()
        return {f"{factor}_CODE": code}


@asynccontextmanager
async def opened_scene(store: Store | None = None, clock: FakeClock | None = None) -> AsyncIterator[Scene]:
    async with opened_house(store, clock, plugins=[("riddle", Riddle())]) as house:
        pool = await house.pool(first_factors=("PASSWORD", "EMAIL_OTP", "SMS_OTP"), devices=ALWAYS)
        pool = await with_factors(house, pool, "OPTIONAL", SMS, TOTP, EMAIL)
        client = await house.client(pool, flows=EVERY_FLOW)
        await house.user(client)
        await house.services.users.update(pool, "jane", {"phone_number": PHONE, "phone_number_verified": "true"}, {})
        app = await enrolled(house, await house.sign_in(client))
        yield Scene(house, pool, client, app, await on_device(house, client))
