"""What a finished sign-in becomes: a grant and its tokens for those who came by the JSON API, a session of the browser
for those who came by the pages."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.errors import InvalidSession
from poolhouse.flows.factors.devices import KnownDevices
from poolhouse.flows.grants.gate import require_usable
from poolhouse.flows.grants.issue import Grants, TokenSet
from poolhouse.flows.grants.sessions import Begun, BrowserSessions
from poolhouse.flows.sign_in import steps
from poolhouse.flows.sign_in.challenges import new_password
from poolhouse.flows.sign_in.machine import Finished
from poolhouse.flows.sign_in.trail import REFUSALS, note_failure
from poolhouse.hooks.events.grants import TokenSource
from poolhouse.ports.audit import AuditTrail
from poolhouse.ports.origin import by_user


class SignInEnd:
    def __init__(self, grants: Grants, devices: KnownDevices, audit: AuditTrail, sessions: BrowserSessions) -> None:
        self._grants = grants
        self._sessions = sessions
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
        await self._settled(finished)
        return tokens

    async def session(self, finished: Finished, held: Sequence[str], *, remembered: bool = False) -> Begun:
        """The user is signed in, in the browser that holds these handles, and the trail says so; or the session of
        before has risen, by a step-up.

        Raises what ``require_usable`` raises, and ``InvalidSession`` where the session that was to rise is not there.
        """
        client, user = finished.client, finished.user
        try:
            require_usable(finished.pool, client, user)
        except REFUSALS as refused:
            await note_failure(
                self._audit, client, refused, sub=user.sub, flow=finished.flow, event_id=finished.event_id
            )
            raise
        begun = await self._begun(finished, held, remembered=remembered)
        await self._audit.note(
            "sign_in.succeeded",
            pool_id=finished.pool.id,
            client_id=client.id,
            subject=user.sub,
            actor=by_user(user.sub),
            facts={"flow": finished.flow, "event_id": finished.event_id},
        )
        await self._settled(finished)
        return begun

    async def _settled(self, finished: Finished) -> None:
        if finished.clearing is not None:
            await finished.clearing
        if finished.device is not None:
            await self._devices.seen(finished.device)

    async def _begun(self, finished: Finished, held: Sequence[str], *, remembered: bool) -> Begun:
        pool, user = finished.pool, finished.user
        if finished.session is None:
            return await self._sessions.begin(
                pool, user, event_id=finished.event_id, proofs=finished.proofs, held=held, remembered=remembered
            )
        for one in await self._sessions.live(pool, held):
            if one.session.id == finished.session and one.user.sub == user.sub:
                return await self._sessions.step_up(pool, one, held, finished.proofs)
        raise InvalidSession


def _source(finished: Finished) -> TokenSource:
    match finished.passed[-1:]:
        case (new_password.NAME,):
            return "TokenGeneration_NewPasswordChallenge"
        case (steps.DEVICE_PASSWORD_VERIFIER,):
            return "TokenGeneration_AuthenticateDevice"
        case _:
            return "TokenGeneration_Authentication"
