"""What a finished sign-in becomes for those who came by the JSON API: a grant and its tokens."""

from __future__ import annotations

from poolhouse.flows.factors.devices import KnownDevices
from poolhouse.flows.grants.issue import Grants, TokenSet
from poolhouse.flows.sign_in import steps
from poolhouse.flows.sign_in.challenges import new_password
from poolhouse.flows.sign_in.machine import Finished
from poolhouse.flows.sign_in.trail import REFUSALS, note_failure
from poolhouse.hooks.events.grants import TokenSource
from poolhouse.ports.audit import AuditTrail


class SignInEnd:
    def __init__(self, grants: Grants, devices: KnownDevices, audit: AuditTrail) -> None:
        self._grants = grants
        self._devices = devices
        self._audit = audit

    async def tokens(self, finished: Finished) -> TokenSet:
        """A grant stands, and these are its tokens. Raises as ``Grants.open``."""
        client, sub = finished.client, finished.user.sub
        try:
            tokens = await self._grants.open(
                finished.pool,
                client,
                finished.user,
                event_id=finished.event_id,
                source=_source(finished),
                metadata=finished.metadata,
                flow=finished.flow,
                groups=finished.groups,
                device=self._devices.mark(finished.pool, finished.device),
            )
        except REFUSALS as refused:
            await note_failure(self._audit, client, refused, sub=sub, flow=finished.flow, event_id=finished.event_id)
            raise
        if finished.device is not None:
            await self._devices.seen(finished.device)
        return tokens


def _source(finished: Finished) -> TokenSource:
    match finished.passed[-1:]:
        case (new_password.NAME,):
            return "TokenGeneration_NewPasswordChallenge"
        case (steps.DEVICE_PASSWORD_VERIFIER,):
            return "TokenGeneration_AuthenticateDevice"
        case _:
            return "TokenGeneration_Authentication"
