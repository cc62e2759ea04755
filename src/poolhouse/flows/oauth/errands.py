"""A client sends its user to do something for the account, and the user comes back to it: no tokens, no code, nothing
is given (decision 0037).

The errand waits as a request for a code does, in the browser in which it began, and what comes before it is the same: a
sign-in, where nobody is signed in here, or not lately, or by less than a sign-in would ask for now (security rows 22,
28, 29).
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from poolhouse.errors import (
    AccountChanged,
    FactorNotOffered,
    OAuthError,
    PasskeysNotConfigured,
    PasskeysNotEnabled,
    PoolNotFound,
    TransactionEnded,
)
from poolhouse.flows.factors.known import Factors
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.assurance import TWO
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
from poolhouse.hooks.views import Directory, Person
from poolhouse.ports.clients import Clients
from poolhouse.ports.pools import Pools
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

RECENT: Final = 300
"""Seconds since the sign-in within which an errand can be run without another one."""
_DEVICE: Final = "device"
_KNOWLEDGE: Final = frozenset({"password", "custom"})


class Needs(Struct, frozen=True):
    """What every errand is run by. ``request_seconds``: how long the pages wait for a user."""

    world: World
    pools: Pools
    clients: Clients
    waiting: Waiting
    sessions: BrowserSessions
    factors: Factors
    limits: Limits
    request_seconds: int


class Errand(Flow):
    step: Step

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs.world)
        self._pools = needs.pools
        self._named = NamedClients(needs.clients, needs.limits)
        self._waiting = needs.waiting
        self._sessions = needs.sessions
        self._factors = needs.factors
        self._request_seconds = needs.request_seconds

    def wanted(self, pool: Pool, asked: Asked) -> dict[str, Any]:
        """What the request holds of the errand. Raises what says that there is no such errand in the pool."""
        raise NotImplementedError

    def is_of(self, request: AuthorizationRequest) -> bool:
        """Whether the request is for this kind of errand."""
        raise NotImplementedError

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
            wanted = self.wanted(pool, asked)
        except (OAuthError, PoolNotFound, PasskeysNotEnabled, PasskeysNotConfigured, FactorNotOffered) as error:
            return Show(error, pool, client)
        handle, secret = self.world.chance.token(), browser.secret or self.world.chance.token()
        now = self.world.clock.now()
        live = await self._sessions.live(pool, browser.sessions)
        request = AuthorizationRequest(
            handle=digest(handle),
            pool_id=pool.id,
            client_id=client.id,
            browser=digest(secret),
            created=now,
            expires=now + self._request_seconds,
            redirect_uri=known.redirect_uri,
            max_age=RECENT,
            acr_values=(TWO,) if live and self._lacks_nothing_else(pool, live[0]) else (),
            adds_passkey=True,
            **wanted,
        )
        pending = await self._waiting.begin(request, pool, client, handle)
        present = await self.present(pending, browser)
        return Interact(present if isinstance(present, Step) else self.step, pending, secret)

    @rule("A10")
    async def present(self, pending: Pending, browser: Browser) -> SignedIn | Step:
        """Whose account it is about, or what has to be done first. Raises ``TransactionEnded`` for another request."""
        self._require(pending)
        live = await self._sessions.live(pending.pool, browser.sessions)
        present = due.who(pending.request, live, self.world.clock.now())
        if isinstance(present, SignedIn) and not self._is_run(pending) and self._lacks(pending.pool, present):
            return Step.SIGN_IN
        return present

    def _is_run(self, pending: Pending) -> bool:
        """Whether all is done but for what its user is still shown."""
        return self.step.value in pending.request.done

    async def present_as(self, pending: Pending, browser: Browser, sub: str) -> SignedIn:
        """Raises ``AccountChanged`` where it is not this user by now, and ``TransactionEnded``."""
        present = await self.present(pending, browser)
        if isinstance(present, Step) or present.user.sub != sub:
            raise AccountChanged
        return present

    def _lacks(self, pool: Pool, signed_in: SignedIn) -> bool:
        """Whether a sign-in would ask for a second factor that was not proven in this session."""
        proofs = signed_in.session.proofs
        person = Person.of(signed_in.user)
        return self._factors.due(Directory.of(pool), person, proofs, on_device=_DEVICE in proofs) is not None

    def _lacks_nothing_else(self, pool: Pool, signed_in: SignedIn) -> bool:
        """Whether it is enough to ask for that factor. After a sign-up by its code, say, it is not."""
        return not _KNOWLEDGE.isdisjoint(signed_in.session.proofs) and self._lacks(pool, signed_in)

    async def renewed(self, pending: Pending, browser: Browser, present: SignedIn, user: User) -> Begun:
        """The session has a new handle, for what its user signs in by was changed in it."""
        return await self._sessions.renew(pending.pool, present, browser.sessions, user)

    async def leave(self, pending: Pending) -> Send:
        """The user goes back to the client. Raises ``TransactionEnded``."""
        self._require(pending)
        await self._waiting.still(pending.request)
        await self._waiting.take(pending.request)
        return Send(pending.request.redirect_uri, "query", {})

    def _require(self, pending: Pending) -> None:
        if not self.is_of(pending.request):
            raise TransactionEnded
