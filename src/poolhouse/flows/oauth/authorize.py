"""The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core 1.0 section 3): a request is checked, waits for
its user where it has to, is checked again, and answered once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import (
    AccountChanged,
    InvalidAccessToken,
    OAuthError,
    PoolNotFound,
    TransactionEnded,
    UserCancelled,
)
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.claims import Hosted
from poolhouse.flows.grants.handles import digest
from poolhouse.flows.grants.issue import Grants
from poolhouse.flows.grants.sessions import BrowserSessions, SignedIn
from poolhouse.flows.oauth import due
from poolhouse.flows.oauth.checks.addressed import (
    addressed,
    settled,
)
from poolhouse.flows.oauth.checks.request import checked
from poolhouse.flows.oauth.checks.stages import Addressed, Asked, Draft, Ground
from poolhouse.flows.oauth.codes import Codes
from poolhouse.flows.oauth.consent import ConsentBook
from poolhouse.flows.oauth.interaction import Browser, Interact, Outcome, Pending, Send, Show, Step
from poolhouse.flows.oauth.named import NamedClients
from poolhouse.flows.oauth.replies import ReplyTo
from poolhouse.flows.oauth.rules import rule
from poolhouse.flows.oauth.waiting import Waiting, with_done
from poolhouse.flows.protection.limits import Limits
from poolhouse.ports.arithmetic import Tokens
from poolhouse.ports.clients import Clients
from poolhouse.ports.oauth import AuthorizationRequests, ResourceServers
from poolhouse.ports.pools import Pools
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool

_SILENT: Final = "none"


class Terms(Struct, frozen=True, kw_only=True):
    """``request_seconds``: how long the pages wait for a user. ``implicit``: whether clients that have that flow are
    given tokens by this endpoint."""

    request_seconds: int = 1800
    implicit: bool = False


class _Give(Struct, frozen=True):
    """Nothing is missing: the answer is about this user."""

    signed_in: SignedIn
    scopes: tuple[str, ...]
    claims: dict[str, Any]


class Authorization(Flow):
    def __init__(
        self,
        world: World,
        pools: Pools,
        clients: Clients,
        servers: ResourceServers,
        requests: AuthorizationRequests,
        tokens: Tokens,
        grants: Grants,
        sessions: BrowserSessions,
        consents: ConsentBook,
        codes: Codes,
        terms: Terms,
        limits: Limits,
    ) -> None:
        super().__init__(world)
        self._named = NamedClients(clients, limits)
        self._pools = pools
        self._waiting = Waiting(pools, clients, requests, implicit=terms.implicit)
        self.pending, self.done, self.keep = self._waiting.pending, self._waiting.done, self._waiting.keep
        self._servers = servers
        self._tokens = tokens
        self._grants = grants
        self._sessions = sessions
        self._consents = consents
        self._codes = codes
        self._terms = terms

    # --- the endpoint ------------------------------------------------------------------------------------------------

    @rule("A2", "R5", "R8", "E1", "H8")
    async def begin(self, asked: Asked, browser: Browser) -> Outcome:
        """What the request leads to in this browser. Nothing is sent anywhere before client and redirect URI are
        settled. Raises ``StoreAway`` until then, and ``TooManyRequests``: who floods is not sent on to the client."""
        pool: Pool | None = None
        client: Client | None = None
        try:
            pool = await self._pools.get(asked.pool_id)
            client = await self._named.of(pool, asked)
            to = addressed(settled(pool, client, asked))
        except (OAuthError, PoolNotFound) as error:
            return Show(error, pool, client)

        async def go() -> Outcome:
            return await self._begin(to, browser)

        return await self._reply_to(to.settled.redirect_uri, to.mode, to.state, pool).whatever_comes(go)

    async def _begin(self, to: Addressed, browser: Browser) -> Outcome:
        pool, client, now = to.settled.pool, to.settled.client, self.world.clock.now()
        hinted, has_bad_hint = await self._hinted(pool, client, to.settled.asked.parameters.get("id_token_hint"))
        ground = Ground(
            now=now,
            living=await self._servers.scopes(pool.id),
            implicit=self._terms.implicit,
            hinted=hinted,
            has_bad_hint=has_bad_hint,
        )
        handle, secret = self.world.chance.token(), browser.secret or self.world.chance.token()
        blank = AuthorizationRequest(
            handle=digest(handle),
            pool_id=pool.id,
            client_id=client.id,
            browser=digest(secret),
            created=now,
            expires=now + self._terms.request_seconds,
            redirect_uri=to.settled.redirect_uri,
            redirect_uri_given=to.settled.redirect_uri_given,
            response_mode=to.mode,
            state=to.state,
        )
        request = checked(Draft(to.settled, ground, to.words, blank))
        next_one = await self._next(request, pool, client, browser)
        if isinstance(next_one, _Give):
            return await self._answer(request, pool, client, next_one)
        if _SILENT in request.prompt:
            raise due.silently(next_one)
        return Interact(next_one, await self._waiting.begin(request, pool, client, handle), secret)

    @rule("A12")
    async def _hinted(self, pool: Pool, client: Client, hint: str | None) -> tuple[str | None, bool]:
        """Whose ID token it is, and whether one was given that is not good: it has our signature and this client as its
        audience; that it has expired does not matter."""
        if hint is None:
            return None, False
        try:
            said = await self._tokens.verify(hint, "id")
        except InvalidAccessToken:
            return None, True
        is_good = (
            said.get("iss") == self._tokens.issuer(pool.id)
            and said.get("token_use") == "id"
            and client.id in (said.get("aud"), said.get("azp"))
            and isinstance(said.get("sub"), str)
        )
        return (str(said["sub"]), False) if is_good else (None, True)

    # --- the pages ---------------------------------------------------------------------------------------------------

    @rule("A10")
    async def too_weak(self, pending: Pending, browser: Browser) -> SignedIn | None:
        """Who is signed in as the client asked, but for less than it wants to be sure of. None where a whole sign-in is
        due, or nothing is."""
        if not browser.sessions:
            return None
        live = await self._sessions.live(pending.pool, browser.sessions)
        return due.who_is_too_weak(pending.request, live, self.world.clock.now())

    def asks(self, pending: Pending) -> tuple[str, ...]:
        """The scopes that the user is asked for, those of claims that are asked for one by one among them."""
        return due.asked_of_user(pending.request)

    @rule("A20")
    async def consent(self, pending: Pending, browser: Browser, sub: str, scopes: Iterable[str]) -> Pending:
        """The present user, who has to be this one, lets the client have those of these scopes that it asks for, and
        the request is for no more than that. Raises ``AccountChanged`` where it is somebody else by now, and
        ``TransactionEnded``, also where there is no present user, and where nothing is asked for."""
        request, client = pending.request, pending.client
        live = await self._sessions.live(pending.pool, browser.sessions)
        present = due.who(request, live, self.world.clock.now())
        if isinstance(present, Step) or request.adds_passkey:
            raise TransactionEnded
        if present.user.sub != sub:
            raise AccountChanged
        agreed = [scope for scope in due.asked_of_user(request) if scope in {*scopes, "openid"}]
        await self._consents.give(client, present.user, agreed)

        def narrowed(current: AuthorizationRequest) -> AuthorizationRequest:
            left = tuple([scope for scope in current.scopes if scope in agreed])
            return with_done(replace(current, scopes=left), due.agreed_here(sub))

        return await self._waiting.changed(pending, narrowed)

    @rule("A19")
    async def go_on(self, pending: Pending, browser: Browser) -> Outcome:
        """What comes next, all of it looked at again: client, redirect URI, who is signed in, consent. The answer is
        given once."""
        secret = browser.secret or ""
        try:
            pending = await self.pending(pending.pool.id, pending.handle, secret)
        except TransactionEnded as error:
            return Show(error, pending.pool, pending.client)
        request, pool, client = pending.request, pending.pool, pending.client

        async def go() -> Outcome:
            next_one = await self._next(request, pool, client, browser)
            if isinstance(next_one, Step):
                return Interact(next_one, pending, secret)
            await self._waiting.take(request)
            return await self._answer(request, pool, client, next_one)

        try:
            return await self._reply(request, pool).whatever_comes(go)
        except TransactionEnded as error:
            return Show(error, pool, client)

    @rule("A19")
    async def answered_beside(self, pending: Pending, browser: Browser) -> Outcome:
        """What the client's request leads to where this browser has signed in to it twice at the same moment, and the
        other sign-in was answered: it is made once more, with a code of its own. ``pending`` was read while the request
        waited, and ``browser`` has the session of the second sign-in."""
        request, pool, client = with_done(pending.request, Step.SIGN_IN.value), pending.pool, pending.client

        async def go() -> Outcome:
            await self._waiting.still(request)
            next_one = await self._next(request, pool, client, browser)
            if isinstance(next_one, Step):
                raise TransactionEnded
            return await self._answer(request, pool, client, next_one)

        try:
            return await self._reply(request, pool).whatever_comes(go)
        except TransactionEnded as error:
            return Show(error, pool, client)

    @rule("A21")
    async def cancel(self, pending: Pending) -> Send:
        """The user does not want to: the client hears of it, once. Raises ``TransactionEnded``."""
        request = pending.request
        await self._waiting.still(request)
        await self._waiting.take(request)
        return self._reply(request, pending.pool).refusal(UserCancelled())

    # --- within ------------------------------------------------------------------------------------------------------

    async def _next(self, request: AuthorizationRequest, pool: Pool, client: Client, browser: Browser) -> _Give | Step:
        live = await self._sessions.live(pool, browser.sessions)
        present = due.who(request, live, self.world.clock.now())
        if isinstance(present, Step):
            return present
        if request.adds_passkey:
            return Step.ADD_PASSKEY if request.adds_factor is None else Step.ADD_FACTOR
        consent = await self._consents.of(client, present.user.sub) if client.asks_consent else None
        step = due.agreement(request, client, present, consent)
        if step is not None:
            return step
        scopes = due.scopes_given(request, client, consent)
        return _Give(present, scopes, due.claims_given(request, client, consent))

    @rule("A5", "A6", "A7", "A15", "G3", "I1", "AT4")
    async def _answer(self, request: AuthorizationRequest, pool: Pool, client: Client, give: _Give) -> Send:
        words = frozenset(request.response_type.split())
        signed_in = await self._sessions.joined(give.signed_in, client.id)
        acr = due.level_said(request, signed_in.acr)
        fields: dict[str, str] = {}
        code = None
        if "code" in words:
            code = await self._codes.give(request, signed_in, scopes=give.scopes, claims=give.claims, acr=acr)
            fields["code"] = code
        if words - {"code"}:
            session = signed_in.session
            tokens = await self._grants.open(
                pool,
                client,
                signed_in.user,
                event_id=self.world.chance.uuid(),
                source="TokenGeneration_HostedAuth",
                metadata={},
                flow="implicit",
                scopes=give.scopes,
                hosted=Hosted(
                    session=session.id,
                    auth_time=session.auth_time,
                    session_ends=session.expires,
                    nonce=request.nonce,
                    acr=acr,
                    amr=signed_in.amr,
                    sid=self._sessions.sid(session, client.id),
                    code=code,
                    claims=give.claims,
                ),
                refreshes=False,
            )
            if "token" in words:
                fields |= {
                    "access_token": tokens.access,
                    "token_type": "Bearer",
                    "expires_in": str(tokens.expires_in),
                    "scope": " ".join(tokens.scopes),
                }
            # The field's clients ask for "token", and are given both.
            if "id_token" in words or (words == {"token"} and "openid" in give.scopes):
                fields["id_token"] = tokens.id
        return self._reply(request, pool).sent(fields)

    def _reply(self, request: AuthorizationRequest, pool: Pool) -> ReplyTo:
        return self._reply_to(request.redirect_uri, request.response_mode, request.state, pool)

    def _reply_to(self, redirect_uri: str, mode: str, state: str | None, pool: Pool) -> ReplyTo:
        return ReplyTo(redirect_uri, mode, state, self._tokens.issuer(pool.id))
