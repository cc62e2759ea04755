"""Row 26: recovery codes are counted before they are looked at, in one count over every path, apart from the factor
that they stand in for; and of a hundred tries with one code one is taken (row 12)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.protection.lockout import FREE_FAILURES, LONGEST_LOCK, MOST_FAILURES
from tests.support.factors import SMS, TOTP
from tests.support.openings import OPENINGS, Open, Scene, by_password, opened_scene
from tests.support.recovery_codes import WRONG, made, recovered
from tests.support.sign_in import Asking, SignedIn

TRIES = 100


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with opened_scene() as scene:
        yield scene


async def codes_of(scene: Scene, *factors: str) -> tuple[str, ...]:
    tokens = await scene.house.sign_in(scene.client)
    await scene.asks_for(*factors)
    return await made(scene.house, scene.client, tokens)


async def guessed(scene: Scene, opening: Open = by_password) -> None:
    with pytest.raises(errors.CodeMismatch):
        await recovered(scene.house, scene.client, await opening(scene.house, scene.client), WRONG)


@pytest.mark.parametrize("opening", OPENINGS)
async def test_five_guesses_on_one_path_close_every_path_to_the_codes_and_none_to_the_factor(
    scene: Scene, opening: str
) -> None:
    codes = await codes_of(scene, TOTP)
    for _ in range(FREE_FAILURES):
        await guessed(scene, OPENINGS[opening])

    for other in OPENINGS.values():
        with pytest.raises(errors.AttemptsExceeded):
            await recovered(scene.house, scene.client, await other(scene.house, scene.client), codes[0])
    asking = await by_password(scene.house, scene.client)
    assert isinstance(await scene.house.answer(scene.client, asking, **scene.code(TOTP)), SignedIn)


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_code_stands_in_whatever_way_the_password_came_by(scene: Scene, opening: str) -> None:
    codes = await codes_of(scene, TOTP)

    reply = await recovered(scene.house, scene.client, await OPENINGS[opening](scene.house, scene.client), codes[0])

    # The custom sign-in asks its own question after it.
    assert isinstance(reply, Asking if opening == "custom after srp" else SignedIn)


@pytest.mark.parametrize("way", ["with a code", "by a choice"])
async def test_turning_to_a_recovery_code_forgets_no_wrong_answer_to_the_factor(scene: Scene, way: str) -> None:
    await codes_of(scene, TOTP, SMS)
    for _ in range(FREE_FAILURES):
        choice = await by_password(scene.house, scene.client)
        asking = await scene.house.answer(scene.client, choice, ANSWER=TOTP)
        with pytest.raises(errors.CodeMismatch):
            await scene.house.answer(scene.client, asking, SOFTWARE_TOKEN_MFA_CODE=scene.app.wrong())
        choice = await by_password(scene.house, scene.client)
        if way == "by a choice":
            await scene.house.answer(scene.client, choice, ANSWER="RECOVERY_CODE")
        scene.house.clock.advance(0)

    choice = await by_password(scene.house, scene.client)
    asking = await scene.house.answer(scene.client, choice, ANSWER=TOTP)
    with pytest.raises(errors.AttemptsExceeded):
        await scene.house.answer(scene.client, asking, **scene.code(TOTP))


async def test_a_right_recovery_code_forgets_no_wrong_answer_to_the_factor(scene: Scene) -> None:
    codes = await codes_of(scene, TOTP)
    for turn in range(FREE_FAILURES):
        asking = await by_password(scene.house, scene.client)
        with pytest.raises(errors.CodeMismatch):
            await scene.house.answer(scene.client, asking, SOFTWARE_TOKEN_MFA_CODE=scene.app.wrong())
        assert isinstance(await recovered(scene.house, scene.client, asking, codes[turn]), SignedIn)

    asking = await by_password(scene.house, scene.client)
    with pytest.raises(errors.AttemptsExceeded):
        await scene.house.answer(scene.client, asking, **scene.code(TOTP))


async def test_of_a_hundred_tries_with_one_code_one_is_taken(scene: Scene) -> None:
    codes = await codes_of(scene, TOTP)
    askings = [await by_password(scene.house, scene.client) for _ in range(TRIES)]

    results = await asyncio.gather(
        *(recovered(scene.house, scene.client, asking, codes[0]) for asking in askings), return_exceptions=True
    )

    outcomes = Counter(type(one).__name__ for one in results)
    assert 1 == outcomes["SignedIn"]
    assert {"SignedIn", "CodeMismatch", "AttemptsExceeded"} >= outcomes.keys()


async def test_of_a_hundred_tries_in_one_session_one_is_taken(scene: Scene) -> None:
    codes = await codes_of(scene, TOTP)
    asking = await by_password(scene.house, scene.client)

    results = await asyncio.gather(
        *(recovered(scene.house, scene.client, asking, code) for code in codes * 10), return_exceptions=True
    )

    assert {"SignedIn": 1, "InvalidSession": TRIES - 1} == Counter(type(one).__name__ for one in results)


async def test_a_hundred_failures_close_the_codes_until_somebody_says_what_is_asked_for(scene: Scene) -> None:
    codes = await codes_of(scene, TOTP)
    for turn in range(MOST_FAILURES):
        if turn % FREE_FAILURES == 0:
            scene.house.clock.advance(LONGEST_LOCK + 60)
        await guessed(scene)
    scene.house.clock.advance(LONGEST_LOCK + 60)
    with pytest.raises(errors.AttemptsExceeded):
        await recovered(scene.house, scene.client, await by_password(scene.house, scene.client), codes[0])

    await scene.house.services.preferences.set_for(scene.pool, "jane", [Wish(TOTP, enabled=True)])

    reply = await recovered(scene.house, scene.client, await by_password(scene.house, scene.client), codes[0])
    assert isinstance(reply, SignedIn)


async def test_a_code_of_somebody_else_is_none(scene: Scene) -> None:
    codes = await codes_of(scene, TOTP)
    users = scene.house.built.ports.users
    owner = await scene.house.services.users.require(scene.pool, "jane")
    await scene.house.user(scene.client, "joe")
    joe = await scene.house.services.users.require(scene.pool, "joe")
    # By whoever can write to the database.
    await users.save(scene.pool, replace(joe, recovery=owner.recovery, mfa=("EMAIL_OTP",)))

    asking = await scene.house.begin(scene.client, "joe")
    with pytest.raises(errors.CodeMismatch):
        await recovered(scene.house, scene.client, asking, codes[0], "joe")
