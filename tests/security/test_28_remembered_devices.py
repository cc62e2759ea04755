"""Rows 26 and 28: a remembered device is a factor: guessed no more often than others, proven by its own secret, and
good for nothing once its trust has ended."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.config.settings import Tokens
from tests.support.devices import Device, on_device, remembered
from tests.support.factors import TOTP, asked
from tests.support.house import House, opened_house
from tests.support.sign_in import SignedIn

NEW = "An0ther-Horse!"


async def test_another_secret_does_not_prove_the_device(house: House) -> None:
    _, client, _, device = await remembered(house)
    device.password = "guessed"

    with pytest.raises(errors.WrongCredentials):
        await device.prove(client, await house.begin(client, DEVICE_KEY=device.key))


async def test_wrong_proofs_are_counted_for_the_device_and_lock_it_alone(house: House) -> None:
    _, client, app, device = await remembered(house)
    right, device.password = device.password, "guessed"
    for _ in range(5):
        with pytest.raises(errors.WrongCredentials):
            await device.prove(client, await house.begin(client, DEVICE_KEY=device.key))
    device.password = right

    with pytest.raises(errors.AttemptsExceeded):
        await device.prove(client, await house.begin(client, DEVICE_KEY=device.key))

    asking = asked(await house.begin(client))
    assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


async def test_anothers_device_is_nobodys(house: House) -> None:
    _, client, _, _ = await remembered(house)
    await house.user(client, "john")
    johns = await on_device(house, client, "john")

    with pytest.raises(errors.DeviceNotFound):
        await house.begin(client, DEVICE_KEY=johns.key)


async def test_a_verifier_that_was_moved_to_another_users_device_opens_nothing(house: House) -> None:
    """The seal is for its user and its key."""
    _, client, _, device = await remembered(house)
    await house.user(client, "john")
    johns = await on_device(house, client, "john")
    devices, user = house.built.ports.devices, (await house.bearer(device.tokens)).user
    john = (await house.bearer(johns.tokens)).user
    theirs, hers = (await devices.of_user(john))[0], (await devices.of_user(user))[0]
    await devices.save(replace(hers, sealed=theirs.sealed, group=theirs.group))

    with pytest.raises(ValueError, match="not sealed for this purpose and context"):
        await device.begin(client, await house.begin(client, DEVICE_KEY=device.key))


async def test_a_wrong_password_says_nothing_of_the_device(house: House) -> None:
    _, client, _, device = await remembered(house, hides_users=True)

    for name in ("jane", "nobody"):
        for key in (device.key, device.key[:-1] + "x", "x"):
            with pytest.raises(errors.WrongCredentials):
                await house.begin(client, name, "Wr0ng-Horse!", DEVICE_KEY=key)


async def test_what_is_forgotten_or_not_remembered_between_two_steps_is_no_factor(house: House) -> None:
    pool, client, _, device = await remembered(house)
    devices = house.services.devices
    begun = await device.begin(client, await house.begin(client, DEVICE_KEY=device.key))
    await devices.remember_for(pool, "jane", device.key, remembered=False)
    with pytest.raises(errors.WrongCredentials):
        await house.answer(client, begun, **device.answers(begun.public))
    await devices.remember_for(pool, "jane", device.key, remembered=True)

    asking = await house.begin(client, DEVICE_KEY=device.key)
    await devices.forget_for(pool, "jane", device.key)
    with pytest.raises(errors.WrongCredentials):
        await device.prove(client, asking)


@pytest.mark.parametrize("forgets", [True, False])
async def test_a_password_that_an_administrator_sets_ends_the_trust_unless_the_operator_says_otherwise(
    forgets: bool,
) -> None:
    async with opened_house(tokens=Tokens(reset_forgets_devices=forgets)) as house:
        pool, client, _, device = await remembered(house)

        await house.services.users.set_password(pool, "jane", NEW, permanent=True)

        if forgets:
            with pytest.raises(errors.DeviceNotFound):
                await house.begin(client, password=NEW, DEVICE_KEY=device.key)
            assert TOTP == asked(await house.begin(client, password=NEW)).challenge
        else:
            asking = await house.begin(client, password=NEW, DEVICE_KEY=device.key)
            assert isinstance(await device.prove(client, asking), SignedIn)


async def test_a_recovery_ends_the_trust(house: House) -> None:
    _, client, _, device = await remembered(house)
    await house.services.recovery.start(client, "jane", metadata={}, secret_hash=None)
    await house.services.recovery.confirm(client, "jane", house.last_code(), NEW, metadata={}, secret_hash=None)

    with pytest.raises(errors.DeviceNotFound):
        await house.begin(client, password=NEW, DEVICE_KEY=device.key)


async def test_nothing_of_a_secret_is_in_the_texts_of_values(house: House) -> None:
    client = (await remembered(house))[1]
    await house.user(client, "john")
    device = Device(house, await house.sign_in(client, "john"))
    await device.confirm()
    kept = (await house.built.ports.devices.of_user((await house.bearer(device.tokens)).user))[0]

    for text in (repr(kept), repr(device.secret), repr(device.tokens)):
        assert str(device.secret.verifier) not in text
        assert kept.sealed not in text
