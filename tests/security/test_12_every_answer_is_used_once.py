"""Row 12: of a hundred tries at once with the right answer one is taken, for each question, each factor, and each way
to a factor; a code is good once over all sessions."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from poolhouse import errors
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Key, Stored
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.support.factors import (
    EMAIL,
    SMS,
    TOTP,
    asked,
    begun_in_sign_in,
    confirmed_in_sign_in,
    with_factors,
)
from tests.support.house import PASSWORD
from tests.support.openings import OPENINGS, Scene, by_password, opened_scene
from tests.support.sign_in import Answer, Asking, Reply, SignedIn, respond
from tests.support.srp_client import SrpClient

TRIES = 100


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with opened_scene() as scene:
        yield scene


async def at_once(tries: list[Awaitable[Reply]]) -> tuple[Counter[str], list[Reply]]:
    """How often what came of it, and what was no error."""
    results = await asyncio.gather(*tries, return_exceptions=True)
    taken: list[Reply] = [one for one in results if isinstance(one, SignedIn | Asking)]
    return Counter(type(one).__name__ for one in results), taken


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("factor", [TOTP, SMS, EMAIL])
async def test_a_session_that_asks_for_a_factor_takes_the_right_code_once(
    scene: Scene, factor: str, opening: str
) -> None:
    await scene.asks_for(factor)
    asking = await OPENINGS[opening](scene.house, scene.client)
    code = scene.code(factor)

    outcomes, _ = await at_once([scene.house.answer(scene.client, asking, **code) for _ in range(TRIES)])

    # The custom sign-in asks its own question after it.
    one = "Asking" if opening == "custom after srp" else "SignedIn"
    assert {one: 1, "InvalidSession": TRIES - 1} == outcomes


@pytest.mark.parametrize("factor", [TOTP, SMS, EMAIL])
async def test_a_code_is_good_once_over_all_sessions(scene: Scene, factor: str) -> None:
    await scene.asks_for(factor)
    # Each letter has a code of its own, of which the last is good: there are not a hundred letters.
    askings = [await by_password(scene.house, scene.client) for _ in range(12 if factor != TOTP else TRIES)]
    code = scene.code(factor)

    outcomes, _ = await at_once([scene.house.answer(scene.client, asking, **code) for asking in askings])

    assert 1 == outcomes["SignedIn"]
    assert {"SignedIn", "CodeExpired", "AttemptsExceeded"} >= outcomes.keys()


class Polite(MemoryStore):
    """Whoever reads lets the others read too, before anybody writes: so it is with a database, and not in memory."""

    async def get(self, collection: Collection, key: Key) -> Stored | None:
        found = await super().get(collection, key)
        for _ in range(20):
            await asyncio.sleep(0)
        return found


@pytest.mark.parametrize("factor", [SMS, EMAIL])
async def test_of_two_answers_that_both_fit_before_either_is_written_one_is_taken(factor: str) -> None:
    clock = FakeClock()
    async with opened_scene(Polite(collections.ALL, clock), clock) as scene:
        await scene.asks_for(factor)
        askings = [await by_password(scene.house, scene.client) for _ in range(2)]
        code = scene.code(factor)

        outcomes, _ = await at_once([scene.house.answer(scene.client, asking, **code) for asking in askings])

    assert {"SignedIn": 1, "CodeExpired": 1} == outcomes


@pytest.mark.parametrize("factor", ["EMAIL_OTP", "SMS_OTP"])
async def test_a_code_instead_of_a_password_is_taken_once(scene: Scene, factor: str) -> None:
    asking = asked(await scene.house.begin(scene.client, flow="USER_AUTH", PREFERRED_CHALLENGE=factor))
    code = scene.code(factor)

    outcomes, _ = await at_once([scene.house.answer(scene.client, asking, **code) for _ in range(TRIES)])

    assert {"SignedIn": 1, "InvalidSession": TRIES - 1} == outcomes


# --- what leads to a factor, and past it -----------------------------------------------------------------------------

Prepared = tuple[Asking, dict[str, str]]


async def choice_of_a_factor(scene: Scene) -> Prepared:
    await scene.asks_for(SMS, TOTP)
    return await by_password(scene.house, scene.client), {"ANSWER": SMS}


async def choice_of_a_first_factor(scene: Scene) -> Prepared:
    return asked(await scene.house.begin(scene.client, flow="USER_AUTH")), {"ANSWER": "EMAIL_OTP"}


async def password_by_choice(scene: Scene) -> Prepared:
    choice = asked(await scene.house.begin(scene.client, flow="USER_AUTH"))
    return asked(await scene.house.answer(scene.client, choice, ANSWER="PASSWORD")), {"PASSWORD": PASSWORD}


async def riddle(scene: Scene) -> Prepared:
    return asked(await scene.house.begin(scene.client, flow="CUSTOM_AUTH")), {"ANSWER": "7"}


async def device_begins(scene: Scene) -> Prepared:
    await scene.asks_for(TOTP)
    asking = await by_password(scene.house, scene.client, DEVICE_KEY=scene.device.key)
    return asking, {"DEVICE_KEY": scene.device.key, "SRP_A": scene.device.big_a}


async def device_proves(scene: Scene) -> Prepared:
    asking, answers = await device_begins(scene)
    begun = asked(await scene.house.answer(scene.client, asking, **answers))
    return begun, scene.device.answers(begun.public)


async def set_up(scene: Scene) -> Prepared:
    """An app was set up in the sign-in, by somebody who has none."""
    house = scene.house
    await with_factors(house, scene.pool, "ON", TOTP)
    await house.user(scene.client, "john")
    asking = asked(await house.begin(scene.client, "john"))
    app, session = await begun_in_sign_in(house, asking)
    session = await confirmed_in_sign_in(house, session, app.code())
    return Asking(asking.challenge, session, asking.public), {"USERNAME": "john"}


QUESTIONS: list[Callable[[Scene], Awaitable[Prepared]]] = [
    choice_of_a_factor,
    choice_of_a_first_factor,
    password_by_choice,
    riddle,
    device_begins,
    device_proves,
    set_up,
]


@pytest.mark.parametrize("prepare", QUESTIONS, ids=lambda prepare: prepare.__name__)
async def test_every_question_takes_one_answer(scene: Scene, prepare: Callable[[Scene], Awaitable[Prepared]]) -> None:
    asking, answers = await prepare(scene)
    before = len(scene.house.messages)
    answer = Answer(challenge=asking.challenge, handle=asking.handle, answers={"USERNAME": "jane", **answers})

    outcomes, taken = await at_once([respond(scene.house.services, scene.client, answer) for _ in range(TRIES)])

    assert 1 == len(taken)
    assert TRIES - 1 == outcomes["InvalidSession"]
    assert (1 if "choice_of" in prepare.__name__ else 0) == len(scene.house.messages) - before


async def test_the_steps_of_setting_an_app_up_are_taken_once_each(scene: Scene) -> None:
    house = scene.house
    await with_factors(house, scene.pool, "ON", TOTP)
    await house.user(scene.client, "john")
    asking = asked(await house.begin(scene.client, "john"))

    begun = await asyncio.gather(*(begun_in_sign_in(house, asking) for _ in range(TRIES)), return_exceptions=True)
    ((app, session),) = [one for one in begun if isinstance(one, tuple)]
    confirmed = await asyncio.gather(
        *(confirmed_in_sign_in(house, session, app.code()) for _ in range(TRIES)), return_exceptions=True
    )

    assert TRIES - 1 == sum(isinstance(one, errors.InvalidSession) for one in begun)
    assert TRIES - 1 == sum(isinstance(one, errors.InvalidSession) for one in confirmed)


@pytest.mark.parametrize("opening", ["USER_SRP_AUTH", "USER_AUTH"])
async def test_a_proof_of_the_password_is_taken_once(scene: Scene, opening: str) -> None:
    srp = SrpClient(scene.house, scene.client)
    given = {"SRP_A": srp.big_a, "PREFERRED_CHALLENGE": "PASSWORD_SRP"}
    asking = asked(await scene.house.begin(scene.client, flow=opening, **given))

    outcomes, _ = await at_once([srp.answer(asking, PASSWORD) for _ in range(TRIES)])

    assert {"SignedIn": 1, "InvalidSession": TRIES - 1} == outcomes
