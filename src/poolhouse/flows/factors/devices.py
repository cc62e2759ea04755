"""Remembered devices: the ones that a user signed in on, what proves them, and what is said of them.

A client that finishes a sign-in on a device that is not known is given a key for it (``offer``), and confirms it by a
verifier (RFC 5054, over the device's names and a secret that never leaves it). What happens in a sign-in then is the
sign-in's (``flows/sign_in/challenges/device.py``).
"""

from __future__ import annotations

import contextlib
import re
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import (
    ConcurrentModification,
    DeviceKeyTaken,
    DeviceNotFound,
    DevicesNotTracked,
    InvalidParameter,
    KeyTaken,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.factors.browsers import SALT, RememberedBrowser
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.grants.bearer import Bearer, Bearers
from poolhouse.flows.grants.issue import DeviceMark
from poolhouse.ports.arithmetic import Srp
from poolhouse.ports.factors import Devices
from poolhouse.ports.grants import Grants
from poolhouse.ports.origin import by_user, current_origin
from poolhouse.ports.paging import Slice
from poolhouse.records.audit import Action
from poolhouse.records.clients import Client
from poolhouse.records.factors import Device
from poolhouse.records.pools import DeviceTracking, Pool
from poolhouse.records.users import User

MOST: Final = 50
"""Devices of a user. One more, and the one that was longest away is forgotten."""
_KEY: Final = re.compile(r"[\w-]{1,18}_[0-9a-f-]{36}", re.ASCII)
_REGION: Final = 18
"""Letters of the region that fit into a key, which has at most 55."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_PURPOSE: Final = "device-salt-and-verifier"
_SALT: Final = 32
_VERIFIER: Final = 384
"""Bytes of a number below N, which has 3072 bits."""


class DeviceSecret(Struct, frozen=True):
    """What the client sends of its secret: two whole numbers."""

    salt: int
    verifier: int

    def __repr__(self) -> str:
        return "DeviceSecret()"


class KnownDevices(Flow):
    """Which device somebody is on, and what is known of it."""

    def __init__(self, world: World, devices: Devices) -> None:
        super().__init__(world)
        self._devices = devices
        # As long as a real one.
        self._nothing = world.secrets.seal(_PURPOSE, "/", bytes(_SALT + _VERIFIER))

    async def find(self, pool: Pool, user: User, key: str | None) -> Device | None:
        """The user's device of this key; None where there is none, its trust has ended, or the pool does not tell
        devices apart."""
        if pool.devices is None or key is None or not _KEY.fullmatch(key):
            return None
        device = await self._devices.get(pool.id, user.sub, key)
        return device if device is not None and device.trust == user.trust else None

    def mark(self, pool: Pool, device: Device | None) -> DeviceMark | None:
        """The device that tokens are given to: the known one, or one that can be confirmed. None where the pool does
        not tell devices apart."""
        if pool.devices is None:
            return None
        if device is not None:
            return DeviceMark(device.key)
        chance = self.world.chance
        return DeviceMark(f"{pool.region[:_REGION]}_{chance.uuid()}", f"-{chance.letters(8, _LETTERS)}")

    async def seen(self, device: Device) -> None:
        """The user is signed in on it."""
        now = self.world.clock.now()
        # Changed or forgotten in this moment: whoever did that has the last word.
        with contextlib.suppress(VersionConflict):
            await self._devices.save(replace(device, authenticated=now, address=current_origin().source))

    def sealed(self, user: User, key: str, secret: DeviceSecret) -> str:
        plain = secret.salt.to_bytes(_SALT, "big") + secret.verifier.to_bytes(_VERIFIER, "big")
        return self.world.secrets.seal(_PURPOSE, f"{user.pool_id}/{user.sub}/{key}", plain)

    def opened(self, device: Device | None) -> tuple[str, str]:
        """Salt and verifier, both hex. For no device as much work, and numbers that nobody has a secret for."""
        if device is None:
            self.world.secrets.open(_PURPOSE, "/", self._nothing)
            plain = self.world.chance.raw(_SALT + _VERIFIER)
            return f"{int.from_bytes(plain[: _SALT // 2], 'big'):x}", f"{int.from_bytes(plain[_SALT:], 'big'):x}"
        owner = f"{device.pool_id}/{device.user_sub}/{device.key}"
        plain = self.world.secrets.open(_PURPOSE, owner, device.sealed)
        # As clients hash it: a number, without leading zeros.
        return f"{int.from_bytes(plain[:_SALT], 'big'):x}", f"{int.from_bytes(plain[_SALT:], 'big'):x}"


class RememberedDevices(Flow):
    """What users do with their devices, and administrators with them."""

    def __init__(
        self,
        world: World,
        devices: Devices,
        known: KnownDevices,
        grants: Grants,
        srp: Srp,
        bearers: Bearers,
        directory: Directory,
    ) -> None:
        super().__init__(world)
        self._devices = devices
        self._known = known
        self._grants = grants
        self._srp = srp
        self._bearers = bearers
        self._directory = directory

    @step("devices.confirm")
    async def confirm(self, access_token: str, key: str, name: str | None, secret: DeviceSecret) -> bool:
        """The device that these tokens were given to is known, and remembered unless the user is to be asked. True
        where that is so.

        Raises ``DevicesNotTracked``, ``DeviceNotFound`` for another device, ``DeviceKeyTaken`` for one that is
        confirmed, ``InvalidParameter`` for what cannot be a verifier, and as ``Bearers.of``.
        """
        bearer = await self._bearers.of(access_token)
        tracking = _tracking(bearer.pool)
        if not (0 < secret.salt < 1 << 8 * _SALT and self._srp.can_verify(f"{secret.verifier:x}")):
            raise InvalidParameter(Reason.DEVICE_VERIFIER_INVALID)
        group = await self._spent_offer(access_token, key)
        user, now = bearer.user, self.world.clock.now()
        device = Device(
            pool_id=user.pool_id,
            user_sub=user.sub,
            key=key,
            group=group,
            sealed=self._known.sealed(user, key, secret),
            created=now,
            modified=now,
            authenticated=now,
            trust=user.trust,
            name=name,
            remembered=not tracking.on_prompt,
            address=current_origin().source,
        )
        try:
            await self._devices.add(device)
        except KeyTaken:
            raise DeviceKeyTaken from None
        await self._make_room(user, key)
        await self._note("device.confirmed", user, bearer.client, device)
        return tracking.on_prompt

    @step("devices.confirm_browser")
    async def confirm_browser(
        self, pool: Pool, client: Client, user: User, held: RememberedBrowser | None
    ) -> RememberedBrowser:
        """The browser that the user has just signed in with is remembered, under what it ``held`` already, or under
        something new. Raises ``DevicesNotTracked``, ``ConcurrentModification``."""
        _tracking(pool)
        chance, now = self.world.chance, self.world.clock.now()
        browser = held or RememberedBrowser(f"{pool.region[:_REGION]}_{chance.uuid()}", chance.token())
        group, salt = f"-{chance.letters(8, _LETTERS)}", b"\x01" + chance.raw(SALT - 1)
        verifier = await self._srp.verifier(group, browser.key, browser.secret, salt)
        secret = DeviceSecret(int.from_bytes(salt, "big"), int(verifier, 16))
        device = Device(
            pool_id=user.pool_id,
            user_sub=user.sub,
            key=browser.key,
            group=group,
            sealed=self._known.sealed(user, browser.key, secret),
            created=now,
            modified=now,
            authenticated=now,
            trust=user.trust,
            remembered=True,
            address=current_origin().source,
        )
        await self._devices.delete(device.pool_id, device.user_sub, device.key)
        try:
            await self._devices.add(device)
        except KeyTaken:
            raise ConcurrentModification from None
        await self._make_room(user, device.key)
        await self._note("device.confirmed", user, client, device)
        return browser

    async def _spent_offer(self, access_token: str, key: str) -> str:
        """The group of the device that was offered with these tokens. Nobody can confirm it once more: not even when
        it is forgotten, and the tokens are still good."""
        for _ in range(5):
            bearer = await self._bearers.of(access_token)
            grant = bearer.grant
            if grant.device_key != key:
                raise DeviceNotFound
            if grant.device_group is None:
                if await self._known.find(bearer.pool, bearer.user, key) is None:
                    raise DeviceNotFound
                raise DeviceKeyTaken
            with contextlib.suppress(VersionConflict):
                await self._grants.save(replace(grant, device_group=None))
                return grant.device_group
        raise ConcurrentModification

    async def _make_room(self, user: User, key: str) -> None:
        devices = [device for device in await self._devices.of_user(user) if device.key != key]
        devices.sort(key=lambda device: (device.trust == user.trust, device.authenticated))
        forgotten = [device for device in devices if device.trust != user.trust]
        for device in devices[: max(len(forgotten), len(devices) + 1 - MOST)]:
            await self._devices.delete(device.pool_id, device.user_sub, device.key)

    # --- by the user ---

    @step("devices.show")
    async def show(self, access_token: str, key: str) -> Device:
        """Raises ``DevicesNotTracked``, ``DeviceNotFound``, and as ``Bearers.of``."""
        bearer = await self._bearers.of(access_token)
        return await self.show_of(bearer.pool, bearer.user, key)

    @step("devices.list")
    async def page(self, access_token: str, limit: int, cursor: str | None) -> Slice:
        """Raises ``DevicesNotTracked``, and as ``Bearers.of``."""
        bearer = await self._bearers.of(access_token)
        return await self.page_of(bearer.pool, bearer.user, limit, cursor)

    @step("devices.update")
    async def remember(self, access_token: str, key: str, *, remembered: bool) -> None:
        """Raises as ``show``."""
        bearer = await self._bearers.of(access_token)
        await self._remember(bearer.pool, bearer.user, bearer.client, key, remembered=remembered)

    @step("devices.forget")
    async def forget(self, access_token: str, key: str) -> None:
        """Raises as ``show``."""
        bearer: Bearer = await self._bearers.of(access_token)
        await self._forget(bearer.pool, bearer.user, bearer.client, key)

    # --- by administrators ---

    async def show_for(self, pool: Pool, username: str, key: str) -> Device:
        """Raises ``UserNotFound``, ``DevicesNotTracked``, ``DeviceNotFound``."""
        return await self.show_of(pool, await self._directory.require(pool, username), key)

    async def page_for(self, pool: Pool, username: str, limit: int, cursor: str | None) -> Slice:
        return await self.page_of(pool, await self._directory.require(pool, username), limit, cursor)

    @step("devices.update_for")
    async def remember_for(self, pool: Pool, username: str, key: str, *, remembered: bool) -> None:
        user = await self._directory.require(pool, username)
        await self._remember(pool, user, None, key, remembered=remembered)

    @step("devices.forget_for")
    async def forget_for(self, pool: Pool, username: str, key: str) -> None:
        await self._forget(pool, await self._directory.require(pool, username), None, key)

    # --- by either ---

    async def show_of(self, pool: Pool, user: User, key: str) -> Device:
        _tracking(pool)
        device = await self._known.find(pool, user, key)
        if device is None:
            raise DeviceNotFound
        return device

    async def page_of(self, pool: Pool, user: User, limit: int, cursor: str | None) -> Slice:
        _tracking(pool)
        page = await self._devices.page(user, limit, cursor)
        return Slice([device for device in page.items if device.trust == user.trust], page.cursor)

    async def _remember(self, pool: Pool, user: User, client: Client | None, key: str, *, remembered: bool) -> None:
        for _ in range(5):
            device = await self.show_of(pool, user, key)
            if device.remembered is remembered:
                return
            with contextlib.suppress(VersionConflict):
                await self._devices.save(replace(device, remembered=remembered, modified=self.world.clock.now()))
                await self._note("device.updated", user, client, device, remembered=str(remembered).lower())
                return
        raise ConcurrentModification

    async def _forget(self, pool: Pool, user: User, client: Client | None, key: str) -> None:
        device = await self.show_of(pool, user, key)
        if not await self._devices.delete(pool.id, user.sub, device.key):
            raise DeviceNotFound
        await self._note("device.forgotten", user, client, device)

    async def _note(self, action: Action, user: User, client: Client | None, device: Device, **facts: str) -> None:
        """``client`` is None for administrators."""
        await self.world.audit.note(
            action,
            pool_id=user.pool_id,
            client_id=client.id if client else None,
            subject=user.sub,
            actor=by_user(user.sub) if client else None,
            facts={"device": device.key, **facts},
        )


def _tracking(pool: Pool) -> DeviceTracking:
    if pool.devices is None:
        raise DevicesNotTracked
    return pool.devices
