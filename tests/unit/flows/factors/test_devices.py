"""Remembered devices: confirmed by who signed in on them, asked for instead of a second factor, and forgotten."""

from __future__ import annotations

import asyncio

import jwt
import pytest

from poolhouse import errors
from poolhouse.flows.factors.devices import MOST, DeviceSecret
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.pools import DeviceTracking
from tests.support.devices import ALWAYS, ON_PROMPT, SRP, VERIFIER, Device, on_device, remembered
from tests.support.factors import TOTP, asked, with_factors
from tests.support.house import PASSWORD, House
from tests.support.sign_in import Reply, SignedIn
from tests.support.srp_client import N, SrpClient


def tokens_of(reply: Reply) -> TokenSet:
    assert isinstance(reply, SignedIn), reply
    return reply.tokens


def claims(tokens: TokenSet) -> dict[str, object]:
    said: dict[str, object] = jwt.decode(tokens.access, options={"verify_signature": False})
    return said


async def test_where_devices_are_not_tracked_nothing_is_said_of_them(house: House) -> None:
    client = await house.client(await house.pool())
    await house.user(client)

    tokens = tokens_of(await house.begin(client, DEVICE_KEY="eu-north-1_00000000-0000-4000-8000-000000000000"))

    assert tokens.device is None
    assert "device_key" not in claims(tokens)
    with pytest.raises(errors.DevicesNotTracked):
        await house.services.devices.page(tokens.access, 10, None)


async def test_a_sign_in_without_a_known_device_offers_a_key_and_the_tokens_name_it(house: House) -> None:
    client = await house.client(await house.pool(devices=DeviceTracking()))
    await house.user(client)

    first, second = await house.sign_in(client), await house.sign_in(client)

    assert first.device is not None
    assert second.device is not None
    assert first.device.key.startswith("eu-north-1_")
    assert str(first.device.group).startswith("-")
    assert first.device.key != second.device.key
    assert first.device.key == claims(first)["device_key"]
    assert [] == list((await house.services.devices.page(first.access, 10, None)).items)


@pytest.mark.parametrize("on_prompt", [False, True])
async def test_a_device_is_confirmed_once_and_remembered_at_once_or_when_the_user_says_so(
    house: House, on_prompt: bool
) -> None:
    client = await house.client(await house.pool(devices=DeviceTracking(on_prompt=on_prompt)))
    await house.user(client)
    device = Device(house, await house.sign_in(client))
    devices = house.services.devices

    asks = await device.confirm()

    assert on_prompt is asks
    shown = await devices.show(device.tokens.access, device.key)
    assert (device.key, "a telephone", not on_prompt) == (shown.key, shown.name, shown.remembered)
    with pytest.raises(errors.DeviceKeyTaken):
        await device.confirm()
    await devices.remember(device.tokens.access, device.key, remembered=on_prompt)
    assert on_prompt is (await devices.show(device.tokens.access, device.key)).remembered


async def test_of_many_confirmations_at_once_one_holds(house: House) -> None:
    client = await house.client(await house.pool(devices=ALWAYS))
    await house.user(client)
    device = Device(house, await house.sign_in(client))

    done = await asyncio.gather(*(device.confirm() for _ in range(20)), return_exceptions=True)

    assert 1 == done.count(False)
    assert 1 == len((await house.services.devices.page(device.tokens.access, 60, None)).items)


async def test_only_the_device_that_the_tokens_were_given_to_is_confirmed_by_them(house: House) -> None:
    client = await house.client(await house.pool(devices=ALWAYS))
    await house.user(client)
    one, other = [Device(house, await house.sign_in(client)) for _ in range(2)]

    with pytest.raises(errors.DeviceNotFound):
        await house.services.devices.confirm(one.tokens.access, other.key, None, other.secret)


@pytest.mark.parametrize("verifier", [0, 1, N - 1, N, N + 2])
async def test_what_no_secret_has_is_no_verifier(house: House, verifier: int) -> None:
    client = await house.client(await house.pool(devices=ALWAYS))
    await house.user(client)
    device = Device(house, await house.sign_in(client))

    for secret in (DeviceSecret(1, verifier), DeviceSecret(0, 5), DeviceSecret(1 << 256, 5)):
        with pytest.raises(errors.InvalidParameter):
            await house.services.devices.confirm(device.tokens.access, device.key, None, secret)


async def test_a_remembered_device_stands_in_place_of_the_second_factor(house: House) -> None:
    _, client, _, device = await remembered(house)

    asking = asked(await house.begin(client, DEVICE_KEY=device.key))
    begun = await device.begin(client, asking)
    tokens = tokens_of(await house.answer(client, begun, **device.answers(begun.public)))

    assert (SRP, VERIFIER) == (asking.challenge, begun.challenge)
    assert {"USERNAME": "jane", "DEVICE_KEY": device.key} == asking.public
    assert {"SALT", "SECRET_BLOCK", "SRP_B", "USERNAME", "DEVICE_KEY"} == begun.public.keys()
    assert tokens.device is None
    assert device.key == claims(tokens)["device_key"]


async def test_after_srp_it_does_so_too_where_the_key_comes_with_the_answer(house: House) -> None:
    _, client, _, device = await remembered(house)
    srp = SrpClient(house, client)
    begun = await house.begin(client, flow="USER_SRP_AUTH", SRP_A=srp.big_a, DEVICE_KEY=device.key)

    asking = await srp.answer(asked(begun), PASSWORD)

    assert isinstance(await device.prove(client, asking), SignedIn)


async def test_a_device_that_says_nothing_or_is_not_remembered_is_asked_for_the_factor(house: House) -> None:
    _, client, _, device = await remembered(house)

    assert TOTP == asked(await house.begin(client)).challenge
    await house.services.devices.remember(device.tokens.access, device.key, remembered=False)
    assert TOTP == asked(await house.begin(client, DEVICE_KEY=device.key)).challenge


@pytest.mark.parametrize("tracking", [DeviceTracking(), DeviceTracking(on_prompt=True)])
async def test_where_the_pool_does_not_say_so_a_device_is_no_second_factor(
    house: House, tracking: DeviceTracking
) -> None:
    _, client, app, device = await remembered(house, tracking)

    asking = asked(await house.begin(client, DEVICE_KEY=device.key))
    tokens = tokens_of(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()))

    assert TOTP == asking.challenge
    assert tokens.device is None


async def test_without_a_second_factor_a_known_device_is_not_asked_for_anything(house: House) -> None:
    client = await house.client(await house.pool(devices=ALWAYS))
    await house.user(client)
    device = await on_device(house, client)
    house.clock.advance(60)

    tokens = tokens_of(await house.begin(client, DEVICE_KEY=device.key))

    shown = await house.services.devices.show(tokens.access, device.key)
    assert tokens.device is None
    assert house.clock.now() == shown.authenticated


async def test_who_has_to_set_up_a_factor_has_to_on_a_remembered_device_too(house: House) -> None:
    pool = await house.pool(devices=ALWAYS)
    client = await house.client(pool)
    await house.user(client)
    device = await on_device(house, client)
    await with_factors(house, pool, "ON")

    assert "MFA_SETUP" == asked(await house.begin(client, DEVICE_KEY=device.key)).challenge


async def test_after_srp_a_strange_device_is_told_and_the_same_answer_without_it_is_good(house: House) -> None:
    """As SDKs for browsers do: they drop the key, and send the rest once more."""
    _, client, _, device = await remembered(house)
    await house.services.devices.forget(device.tokens.access, device.key)
    srp = SrpClient(house, client)
    begun = asked(await house.begin(client, flow="USER_SRP_AUTH", SRP_A=srp.big_a, DEVICE_KEY=device.key))

    with pytest.raises(errors.DeviceNotFound, match=r"Device does not exist\."):
        await srp.answer(begun, PASSWORD)
    again = asked(await srp.answer(begun, PASSWORD))

    assert TOTP == again.challenge


async def test_a_forgotten_device_is_offered_anew_and_cannot_be_confirmed_by_its_old_tokens(house: House) -> None:
    client = await house.client(await house.pool(devices=ALWAYS))
    await house.user(client)
    device = await on_device(house, client)
    devices = house.services.devices

    await devices.forget(device.tokens.access, device.key)

    with pytest.raises(errors.DeviceNotFound):
        await device.confirm()
    with pytest.raises(errors.DeviceNotFound):
        await devices.forget(device.tokens.access, device.key)
    with pytest.raises(errors.DeviceNotFound):
        await house.begin(client, DEVICE_KEY=device.key)
    assert (await house.sign_in(client)).device is not None


async def test_administrators_see_and_change_the_devices_of_a_user(house: House) -> None:
    pool, _, _, device = await remembered(house, ON_PROMPT)
    devices = house.services.devices

    assert [device.key] == [one.key for one in (await devices.page_for(pool, "jane", 60, None)).items]
    await devices.remember_for(pool, "jane", device.key, remembered=False)
    assert not (await devices.show_for(pool, "jane", device.key)).remembered
    await devices.forget_for(pool, "jane", device.key)
    with pytest.raises(errors.DeviceNotFound):
        await devices.show_for(pool, "jane", device.key)
    with pytest.raises(errors.UserNotFound):
        await devices.page_for(pool, "nobody", 60, None)


async def test_a_user_has_so_many_devices_and_one_more_makes_the_one_longest_away_forgotten(house: House) -> None:
    client = await house.client(await house.pool(devices=ALWAYS))
    await house.user(client)
    made = []
    for _ in range(MOST + 1):
        made.append(await on_device(house, client))
        house.clock.advance(1)
        if len(made) == MOST:
            await house.begin(client, DEVICE_KEY=made[0].key)
            house.clock.advance(1)

    tokens = await house.sign_in(client)
    kept = {one.key for one in (await house.services.devices.page(tokens.access, 60, None)).items}

    assert {one.key for one in made} - kept == {made[1].key}


async def test_with_the_user_the_devices_go(house: House) -> None:
    pool, client, _, device = await remembered(house)
    user = (await house.bearer(device.tokens)).user

    await house.services.users.delete(pool, "jane")

    assert [] == list(await house.built.ports.devices.of_user(user))
    await house.user(client)
    with pytest.raises(errors.DeviceNotFound):
        await house.begin(client, DEVICE_KEY=device.key)


async def test_a_refresh_token_is_good_on_its_device_only(house: House) -> None:
    client = await house.client(await house.pool(devices=ALWAYS))
    await house.user(client)
    device = Device(house, await house.sign_in(client))
    refresh = house.services.refreshing.refresh

    for key in (None, "", "eu-north-1_00000000-0000-4000-8000-000000000000", "\ud800"):
        with pytest.raises(errors.InvalidRefreshToken):
            await refresh(client, device.tokens.refresh or "", rotates=True, metadata={}, device_key=key)

    fresh = await refresh(client, device.tokens.refresh or "", rotates=True, metadata={}, device_key=device.key)
    assert device.key == claims(fresh)["device_key"]


async def test_a_session_that_asks_for_a_device_takes_no_other(house: House) -> None:
    _, client, _, device = await remembered(house)
    asking = asked(await house.begin(client, DEVICE_KEY=device.key))

    with pytest.raises(errors.InvalidSession):
        await house.answer(client, asking, DEVICE_KEY="eu-north-1_other", SRP_A=device.big_a)
    begun = await device.begin(client, await house.begin(client, DEVICE_KEY=device.key))
    with pytest.raises(errors.InvalidSession):
        await house.answer(client, begun, **device.answers(begun.public, key="eu-north-1_other"))


async def test_a_proof_is_good_once(house: House) -> None:
    _, client, _, device = await remembered(house)
    begun = await device.begin(client, await house.begin(client, DEVICE_KEY=device.key))
    answers = device.answers(begun.public)

    done = await asyncio.gather(*(house.answer(client, begun, **answers) for _ in range(20)), return_exceptions=True)

    assert 1 == sum(isinstance(one, SignedIn) for one in done)
    assert 19 == sum(isinstance(one, errors.InvalidSession) for one in done)


async def test_without_a_public_value_nothing_is_proven(house: House) -> None:
    _, client, _, device = await remembered(house)
    for answers in ({"DEVICE_KEY": device.key}, {"SRP_A": device.big_a}):
        asking = await house.begin(client, DEVICE_KEY=device.key)
        with pytest.raises(errors.MissingParameter):
            await house.answer(client, asking, **answers)
    asking = await house.begin(client, DEVICE_KEY=device.key)
    with pytest.raises(errors.InvalidParameter):
        await house.answer(client, asking, DEVICE_KEY=device.key, SRP_A="0")
