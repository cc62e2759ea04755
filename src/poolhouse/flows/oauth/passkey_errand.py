"""The errand of adding a passkey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.flows.factors.passkeys import CreationOptions, Holder, PasskeyRegistrations, policy_of
from poolhouse.flows.grants.sessions import Begun, SignedIn
from poolhouse.flows.oauth.checks.stages import Asked
from poolhouse.flows.oauth.errands import Errand, Needs
from poolhouse.flows.oauth.interaction import Browser, Pending, Send, Step
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool


class PasskeyErrand(Errand):
    step = Step.ADD_PASSKEY

    def __init__(self, needs: Needs, registrations: PasskeyRegistrations) -> None:
        super().__init__(needs)
        self._registrations = registrations

    def wanted(self, pool: Pool, asked: Asked) -> dict[str, Any]:
        """Raises ``PasskeysNotEnabled``, ``PasskeysNotConfigured``."""
        policy_of(pool)
        return {}

    def is_of(self, request: AuthorizationRequest) -> bool:
        return request.adds_passkey and request.adds_factor is None

    async def start(self, pending: Pending, signed_in: SignedIn) -> CreationOptions:
        """Raises as ``PasskeyRegistrations.start``."""
        return await self._registrations.start_for(Holder(pending.pool, pending.client, signed_in.user))

    async def complete(
        self, pending: Pending, browser: Browser, sub: str, credential: Mapping[str, Any]
    ) -> tuple[Send, Begun]:
        """The passkey is this user's, who goes back to the client with a new handle of the session. Raises
        ``AccountChanged`` where that is not who is present, ``TransactionEnded``, and as
        ``PasskeyRegistrations.complete``."""
        present = await self.present_as(pending, browser, sub)
        await self._registrations.complete_for(Holder(pending.pool, pending.client, present.user), credential)
        begun = await self.renewed(pending, browser, present, present.user)
        return await self.leave(pending), begun
