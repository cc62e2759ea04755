"""What a finished sign-in becomes for those who came by the JSON API: a grant and its tokens."""

from __future__ import annotations

from poolhouse.flows.grants.issue import Grants, TokenSet
from poolhouse.flows.sign_in.challenges import new_password
from poolhouse.flows.sign_in.machine import Finished
from poolhouse.flows.sign_in.trail import REFUSALS, note_failure
from poolhouse.ports.audit import AuditTrail


class SignInEnd:
    def __init__(self, grants: Grants, audit: AuditTrail) -> None:
        self._grants = grants
        self._audit = audit

    async def tokens(self, finished: Finished) -> TokenSet:
        """A grant stands, and these are its tokens. Raises as ``Grants.open``."""
        by_new_password = finished.passed[-1:] == (new_password.NAME,)
        client, sub = finished.client, finished.user.sub
        try:
            return await self._grants.open(
                finished.pool,
                client,
                finished.user,
                event_id=finished.event_id,
                source="TokenGeneration_NewPasswordChallenge" if by_new_password else "TokenGeneration_Authentication",
                metadata=finished.metadata,
                flow=finished.flow,
                groups=finished.groups,
            )
        except REFUSALS as refused:
            await note_failure(self._audit, client, refused, sub=sub, flow=finished.flow, event_id=finished.event_id)
            raise
