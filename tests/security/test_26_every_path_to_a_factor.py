"""Row 26: whatever way the password came by, guesses at a factor are counted before they are looked at, and in one
count; and those at a device, too."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poolhouse import errors
from tests.support.factors import EMAIL, SMS, TOTP, asked, with_factors
from tests.support.openings import OPENINGS, Open, Scene, by_password, opened_scene
from tests.support.sign_in import Asking, SignedIn

FREE = 5


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with opened_scene() as scene:
        yield scene


def wrong(scene: Scene, factor: str) -> dict[str, str]:
    right = scene.app.code() if factor == TOTP else scene.house.last_code()
    near = {scene.app.code(steps) for steps in (-1, 0, 1)} | {right}
    return {f"{factor}_CODE": next(code for code in (f"{n:06}" for n in range(9)) if code not in near)}


async def guessed(scene: Scene, opening: Open, factor: str) -> None:
    asking = await opening(scene.house, scene.client)
    with pytest.raises(errors.CodeMismatch):
        await scene.house.answer(scene.client, asking, **wrong(scene, factor))


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("factor", [TOTP, SMS, EMAIL])
async def test_five_guesses_on_one_path_close_every_path_to_the_factor(scene: Scene, factor: str, opening: str) -> None:
    await scene.asks_for(factor)
    for _ in range(FREE):
        await guessed(scene, OPENINGS[opening], factor)

    for other in OPENINGS.values():
        asking = await other(scene.house, scene.client)
        with pytest.raises(errors.AttemptsExceeded):
            await scene.house.answer(scene.client, asking, **scene.code(factor))


@pytest.mark.parametrize("factor", [TOTP, SMS, EMAIL])
async def test_guesses_over_all_paths_are_counted_together(scene: Scene, factor: str) -> None:
    await scene.asks_for(factor)
    for opening in list(OPENINGS.values())[:FREE]:
        await guessed(scene, opening, factor)

    asking = await by_password(scene.house, scene.client)
    with pytest.raises(errors.AttemptsExceeded):
        await scene.house.answer(scene.client, asking, **scene.code(factor))


async def test_guesses_at_a_code_by_a_name_alone_close_the_first_proof_and_not_the_second_factor(scene: Scene) -> None:
    for _ in range(FREE):
        asking = asked(await scene.house.begin(scene.client, flow="USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP"))
        with pytest.raises(errors.CodeMismatch):
            await scene.house.answer(scene.client, asking, **wrong(scene, EMAIL))

    asking = asked(await scene.house.begin(scene.client, flow="USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP"))
    with pytest.raises(errors.AttemptsExceeded):
        await scene.house.answer(scene.client, asking, **scene.code(EMAIL))
    # From now on everybody is asked for what they hold. (Where an administrator says what is asked for, counts end.)
    await with_factors(scene.house, scene.pool, "ON", SMS, TOTP, EMAIL)
    choice = await by_password(scene.house, scene.client)
    asking = asked(await scene.house.answer(scene.client, choice, ANSWER=EMAIL))
    assert isinstance(await scene.house.answer(scene.client, asking, **scene.code(EMAIL)), SignedIn)


# --- devices ---------------------------------------------------------------------------------------------------------

TO_A_DEVICE = [name for name in OPENINGS if not name.startswith("custom")]
"""Custom sign-ins ask for the factor itself."""


async def proven(scene: Scene, opening: str) -> object:
    """With the device's secret of this moment."""
    asking: Asking = await OPENINGS[opening](scene.house, scene.client, DEVICE_KEY=scene.device.key)
    return await scene.device.prove(scene.client, asking)


@pytest.mark.parametrize("opening", TO_A_DEVICE)
async def test_five_wrong_proofs_of_a_device_on_one_path_close_every_path_to_it_and_none_to_the_factor(
    scene: Scene, opening: str
) -> None:
    await scene.asks_for(TOTP)
    right, scene.device.password = scene.device.password, "guessed"
    for _ in range(FREE):
        with pytest.raises(errors.WrongCredentials):
            await proven(scene, opening)
    scene.device.password = right

    for other in TO_A_DEVICE:
        with pytest.raises(errors.AttemptsExceeded):
            await proven(scene, other)
    asking = await by_password(scene.house, scene.client)
    assert isinstance(await scene.house.answer(scene.client, asking, **scene.code(TOTP)), SignedIn)


@pytest.mark.parametrize("opening", TO_A_DEVICE)
async def test_a_device_stands_for_the_factor_whatever_way_the_password_came_by(scene: Scene, opening: str) -> None:
    await scene.asks_for(TOTP)

    assert isinstance(await proven(scene, opening), SignedIn)
