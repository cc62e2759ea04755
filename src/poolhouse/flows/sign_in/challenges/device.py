"""A remembered device proves that it is the one: DEVICE_SRP_AUTH brings the client's public value, and
DEVICE_PASSWORD_VERIFIER the proof (SRP-6a, as for passwords; the names of the device stand for those of pool and user).

A device that was forgotten meanwhile gets the same steps, and a check that does the same work and fails.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from poolhouse.errors import InvalidSession, WrongCredentials
from poolhouse.flows.factors.browsers import is_current, is_same, salt_bytes
from poolhouse.flows.factors.decision import DEVICE
from poolhouse.flows.factors.devices import KnownDevices
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.flows.sign_in.questions import BeginDeviceSrp, DeviceKept, Given, ProveDevice, SrpBegun, SrpProof
from poolhouse.flows.sign_in.steps import DEVICE_PASSWORD_VERIFIER, DEVICE_SRP_AUTH, WINDOW, Outcome, Posed, Run
from poolhouse.hooks.answers.sign_in import Next, Passed
from poolhouse.ports.arithmetic import Srp, SrpOpening
from poolhouse.records.factors import Device


class DeviceSrp(Flow):
    """The client's public value, to which the server's is the answer. A browser on the hosted pages has its secret
    looked at here, and is done."""

    name = DEVICE_SRP_AUTH
    public_name: str | None = None
    answered_by: type[Given] = Given
    counts_itself = True
    """Nothing is guessed by a public value."""

    def __init__(self, world: World, srp: Srp, devices: KnownDevices, lockout: Lockout) -> None:
        super().__init__(world)
        self._srp = srp
        self._devices = devices
        self._lockout = lockout

    async def ask(self, run: Run) -> Posed:
        if run.user is None or run.device_key is None:
            raise WrongCredentials
        return Posed(BeginDeviceSrp(run.user.username, run.device_key), {"device": run.device_key})

    async def check(self, run: Run, private: Mapping[str, Any], answer: Given) -> Outcome:
        """Raises as ``DeviceVerifier.check``, of a browser that was remembered too long ago too."""
        _require_same(run, private)
        if isinstance(answer, DeviceKept):
            return await self._browser(run, answer.secret)
        if not isinstance(answer, SrpBegun):
            raise InvalidSession
        return Next(DEVICE_PASSWORD_VERIFIER)

    async def _browser(self, run: Run, secret: str) -> Passed:
        async with self._lockout.attempt(run.pool.id, run.subject, _counted(run)):
            device = await self._devices.find(run.pool, run.user, run.device_key) if run.user else None
            salt, verifier = self._devices.opened(device)
            group = device.group if device else "-"
            computed = await self._srp.verifier(group, run.device_key or "", secret, salt_bytes(salt))
            is_good = device is not None and device.remembered and is_current(device, self.world.clock.now())
            if not (is_same(verifier, computed) & is_good):
                raise WrongCredentials
        return Passed(DEVICE)


class DeviceVerifier(Flow):
    """Wrong proofs are counted for this device of this user: it cannot lock the others out, nor they it."""

    name = DEVICE_PASSWORD_VERIFIER
    public_name: str | None = None
    answered_by = SrpProof
    counts_itself = True

    def __init__(self, world: World, srp: Srp, devices: KnownDevices, lockout: Lockout) -> None:
        super().__init__(world)
        self._srp = srp
        self._devices = devices
        self._lockout = lockout

    async def ask(self, run: Run) -> Posed:
        """Raises ``InvalidParameter`` for what is no public value."""
        if run.user is None or run.device_key is None or not run.srp_a:
            raise WrongCredentials
        salt, verifier = self._devices.opened(await self._remembered(run))
        opening = await self._srp.open(verifier, run.srp_a)
        return Posed(
            ProveDevice(run.user.username, run.device_key, salt, opening.B),
            {"device": run.device_key, "A": run.srp_a, "B": opening.B, "b": opening.b},
        )

    async def check(self, run: Run, private: Mapping[str, Any], answer: SrpProof) -> Outcome:
        """Raises ``WrongCredentials``, ``AttemptsExceeded``, ``InvalidSession`` for another device."""
        _require_same(run, private)
        async with self._lockout.attempt(run.pool.id, run.subject, _counted(run)):
            is_fresh = abs(self.world.clock.now() - answer.at) <= WINDOW
            device = await self._remembered(run)
            _, verifier = self._devices.opened(device)
            expected = await self._srp.proof(
                identity=f"{device.group if device else '-'}{run.device_key}",
                verifier=verifier,
                big_a=private["A"],
                opening=SrpOpening(b=private["b"], B=private["B"]),
                secret_block=answer.block,
                timestamp=answer.timestamp,
            )
            if not (hmac.compare_digest(answer.signature, expected) & (device is not None) & is_fresh):
                raise WrongCredentials
        return Passed(DEVICE)

    async def _remembered(self, run: Run) -> Device | None:
        """The device, as it is now."""
        device = await self._devices.find(run.pool, run.user, run.device_key) if run.user else None
        return device if device is not None and device.remembered else None


def _counted(run: Run) -> str:
    return f"{DEVICE_PASSWORD_VERIFIER}:{run.device_key}"


def _require_same(run: Run, private: Mapping[str, Any]) -> None:
    if run.device_key != private["device"]:
        raise InvalidSession
