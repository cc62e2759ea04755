"""Row 48: the hosted pages tell nobody who exists: neither by what they say, nor by the work that they do for it.

Counted are the verbs of the store, not seconds. Clients here let their own callers know who exists; pages never do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.pools import PasskeyPolicy
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.security.measured import WRITES, Counting
from tests.support.pages import Site, first_factors, site
from tests.support.passkeys import RP_ID
from tests.support.robot import Robot, Screen

WRONG = "Wr0ng-Horse!"
NAMES = ("jane", "nobody", "disabled", "waiting", "invited", "resetting")
Walk = Callable[[Site, Robot, str], Awaitable[Screen]]


@asynccontextmanager
async def measured() -> AsyncIterator[tuple[Site, Counter[str]]]:
    work: Counter[str] = Counter()
    clock = FakeClock()
    store: Any = Counting(MemoryStore(collections.ALL, clock), work, ("get", "find", *WRITES))
    async with site(store=store, clock=clock) as at:
        users, pool = at.house.services.users, at.oauth.pool
        await at.house.user(at.oauth.app, "disabled")
        await users.disable(pool, "disabled")
        await at.house.sign_up(at.oauth.app, "waiting")
        await at.invite("invited", "Temp0rary!pass", email="invited@example.com")
        await at.house.user(at.oauth.app, "resetting")
        await at.house.services.recovery.require(pool, "resetting", {})
        yield at, work


async def by_password(at: Site, robot: Robot, name: str) -> Screen:
    return await robot.send(await at.start(robot=robot), username=name, password=WRONG)


async def _way(at: Site, robot: Robot, name: str, way: str) -> Screen:
    return await robot.send(await robot.send(await at.start(robot=robot), username=name), press=way)


async def by_name(at: Site, robot: Robot, name: str) -> Screen:
    await first_factors(at, "PASSWORD", "EMAIL_OTP")
    return await robot.send(await at.start(robot=robot), username=name)


async def by_name_and_password(at: Site, robot: Robot, name: str) -> Screen:
    await first_factors(at, "PASSWORD", "EMAIL_OTP")
    return await robot.send(await _way(at, robot, name, "PASSWORD"), password=WRONG)


async def by_mail(at: Site, robot: Robot, name: str) -> Screen:
    await first_factors(at, "PASSWORD", "EMAIL_OTP")
    return await _way(at, robot, name, "EMAIL_OTP")


async def by_mail_and_wrong_code(at: Site, robot: Robot, name: str) -> Screen:
    return await robot.send(await by_mail(at, robot, name), code="000000")


async def by_passkey(at: Site, robot: Robot, name: str) -> Screen:
    pool = await first_factors(at, "PASSWORD", "WEB_AUTHN")
    await at.house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(rp_id=RP_ID)))
    return await _way(at, robot, name, "WEB_AUTHN")


async def forgot(at: Site, robot: Robot, name: str) -> Screen:
    return await robot.send(await robot.follow(await at.start(robot=robot), "forgot"), username=name)


async def forgot_and_wrong_code(at: Site, robot: Robot, name: str) -> Screen:
    return await robot.send(await forgot(at, robot, name), code="000000", new_password="A-new-0ne!xyz")


async def by_link(at: Site, robot: Robot, name: str) -> Screen:
    address = f"confirmUser?client_id={at.oauth.app.id}&user_name={name}&confirmation_code=000000"
    return await robot.send(await robot.open(f"{at.oauth.pool.id}/{address}"))


WALKS: dict[str, Walk] = {
    walk.__name__.replace("_", " "): walk
    for walk in (
        by_password,
        by_name,
        by_name_and_password,
        by_mail,
        by_mail_and_wrong_code,
        by_passkey,
        forgot,
        forgot_and_wrong_code,
        by_link,
    )
}


def said(screen: Screen, name: str) -> tuple[int, str, str]:
    """What the page says, but for the name itself, tokens, and where a masked address goes."""
    text = re.sub(r'value="[^"]{20,}"|tx=[\w-]+|data-options="[^"]*"', "", screen.text)
    text = re.sub(r'<bdi dir="ltr">[^<]*\*[^<]*</bdi>', "<a contact>", text).replace(name, "NAME")
    return screen.status, screen.page, text


@pytest.mark.parametrize("walk", WALKS)
async def test_every_name_meets_the_same_pages(walk: str) -> None:
    async with measured() as (at, _):
        told = {name: said(await WALKS[walk](at, at.another(), name), name) for name in NAMES}

    assert dict.fromkeys(NAMES, told["nobody"]) == told


@pytest.mark.parametrize("walk", WALKS)
async def test_a_name_that_nobody_has_is_as_much_work_as_one_that_somebody_has(walk: str) -> None:
    async with measured() as (at, work):
        done = {}
        for name in ("jane", "nobody"):
            await WALKS[walk](at, at.another(), name)
            work.clear()
            await WALKS[walk](at, at.another(), name)
            done[name] = dict(work)

    assert done["jane"] == done["nobody"]
