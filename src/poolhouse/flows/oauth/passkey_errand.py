"""A client sends its user to add a passkey, and the user comes back to it: no tokens, no code, nothing is given.

The errand waits as a request for a code does, in the browser in which it began, and what comes before it is the same: a
sign-in, where nobody is signed in here, or not lately (security rows 22, 29).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poolhouse.errors import (
    AccountChanged,
    OAuthError,
    PasskeysNotConfigured,
    PasskeysNotEnabled,
    PoolNotFound,
    TransactionEnded,
)
from poolhouse.flows.factors.passkeys import CreationOptions, Holder, PasskeyRegistrations
from poolhouse.flows.factors.passkeys import policy_of as require_passkeys
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.handles import digest
from poolhouse.flows.grants.sessions import Begun, BrowserSessions, SignedIn
from poolhouse.flows.oauth import due
from poolhouse.flows.oauth.checks.addressed import settled
from poolhouse.flows.oauth.checks.request import require_allowed
from poolhouse.flows.oauth.checks.stages import Asked
from poolhouse.flows.oauth.interaction import Browser, Interact, Pending, Send, Show, Step
from poolhouse.flows.oauth.named import NamedClients
from poolhouse.flows.oauth.rules import rule
from poolhouse.flows.oauth.waiting import Waiting
from poolhouse.flows.protection.limits import Limits
from poolhouse.ports.clients import Clients
from poolhouse.ports.pools import Pools
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool

RECENT: Final = 300
"""Seconds since the sign-in within which a passkey can be added without another one."""


class PasskeyErrand(Flow):
    """``request_seconds``: how long the pages wait for a user."""

    def __init__(
        self,
        world: World,
        pools: Pools,
        clients: Clients,
        waiting: Waiting,
        sessions: BrowserSessions,
        registrations: PasskeyRegistrations,
        limits: Limits,
        request_seconds: int,
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._named = NamedClients(clients, limits)
        self._waiting = waiting
        self._sessions = sessions
        self._registrations = registrations
        self._request_seconds = request_seconds

    @rule("E1", "R5")
    async def begin(self, asked: Asked, browser: Browser) -> Show | Interact:
        """What is to be done first in this browser. Client and redirect URI are looked at as if a code were asked for.
        Raises ``StoreAway``, ``TooManyRequests``."""
        pool: Pool | None = None
        client: Client | None = None
        try:
            pool = await self._pools.get(asked.pool_id)
            client = await self._named.of(pool, asked)
            known = settled(pool, client, asked)
            require_allowed(frozenset({"code"}), client, implicit=False)
            require_passkeys(pool)
        except (OAuthError, PoolNotFound, PasskeysNotEnabled, PasskeysNotConfigured) as error:
            return Show(error, pool, client)
        handle, secret = self.world.chance.token(), browser.secret or self.world.chance.token()
        now = self.world.clock.now()
        request = AuthorizationRequest(
            handle=digest(handle),
            pool_id=pool.id,
            client_id=client.id,
            browser=digest(secret),
            created=now,
            expires=now + self._request_seconds,
            redirect_uri=known.redirect_uri,
            max_age=RECENT,
            adds_passkey=True,
        )
        pending = await self._waiting.begin(request, pool, client, handle)
        present = await self.present(pending, browser)
        return Interact(present if isinstance(present, Step) else Step.ADD_PASSKEY, pending, secret)

    async def present(self, pending: Pending, browser: Browser) -> SignedIn | Step:
        """Who gets the passkey, or what has to be done first. Raises ``TransactionEnded`` for another request."""
        if not pending.request.adds_passkey:
            raise TransactionEnded
        live = await self._sessions.live(pending.pool, browser.sessions)
        return due.who(pending.request, live, self.world.clock.now())

    async def start(self, pending: Pending, signed_in: SignedIn) -> CreationOptions:
        """Raises as ``PasskeyRegistrations.start``."""
        return await self._registrations.start_for(Holder(pending.pool, pending.client, signed_in.user))

    async def complete(
        self, pending: Pending, browser: Browser, sub: str, credential: Mapping[str, Any]
    ) -> tuple[Send, Begun]:
        """The passkey is this user's, who goes back to the client with a new handle of the session. Raises
        ``AccountChanged`` where that is not who is present, ``TransactionEnded``, and as
        ``PasskeyRegistrations.complete``."""
        present = await self.present(pending, browser)
        if isinstance(present, Step) or present.user.sub != sub:
            raise AccountChanged
        holder = Holder(pending.pool, pending.client, present.user)
        await self._registrations.complete_for(holder, credential)
        begun = await self._sessions.renew(pending.pool, present, browser.sessions, present.user)
        return await self.leave(pending), begun

    async def leave(self, pending: Pending) -> Send:
        """The user goes back to the client. Raises ``TransactionEnded``."""
        if not pending.request.adds_passkey:
            raise TransactionEnded
        await self._waiting.still(pending.request)
        await self._waiting.take(pending.request)
        return Send(pending.request.redirect_uri, "query", {})
