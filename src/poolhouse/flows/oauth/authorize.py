"""The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core 1.0 section 3): a request is checked, waits for
its user where it has to, is checked again, and answered once."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.errors import (
    AuthorizationClientUnknown,
    ClientNotFound,
    Denied,
    InvalidAccessToken,
    InvalidRequest,
    LoginRequired,
    NotFound,
    OAuthError,
    PoolhouseError,
    PoolNotFound,
    StoreAway,
    TooManyRequests,
    TransactionEnded,
    UserCancelled,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.claims import Hosted
from poolhouse.flows.grants.handles import digest
from poolhouse.flows.grants.issue import Grants
from poolhouse.flows.grants.sessions import BrowserSessions, SignedIn
from poolhouse.flows.oauth import due
from poolhouse.flows.oauth.checks.addressed import (
    CLIENT_ID,
    addressed,
    is_registered,
    require_known,
    settled,
)
from poolhouse.flows.oauth.checks.request import checked, require_allowed
from poolhouse.flows.oauth.checks.stages import Addressed, Asked, Draft, Ground
from poolhouse.flows.oauth.codes import Codes
from poolhouse.flows.oauth.consent import ConsentBook
from poolhouse.flows.oauth.interaction import Browser, Interact, Outcome, Pending, Send, Show, Step
from poolhouse.flows.oauth.rules import rule
from poolhouse.flows.protection.limits import Asked as Counted
from poolhouse.flows.protection.limits import Limits
from poolhouse.ports.arithmetic import Tokens
from poolhouse.ports.clients import Clients
from poolhouse.ports.oauth import AuthorizationRequests, ResourceServers
from poolhouse.ports.pools import Pools
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool

_logger = logging.getLogger("poolhouse.oauth")
_TRIES: Final = 5
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
        self._limits = limits
        self._pools = pools
        self._clients = clients
        self._servers = servers
        self._requests = requests
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
            client = await self._client(pool, asked)
            await self._limits.admit(Counted.AUTHORIZATION, client)
            to = addressed(settled(pool, client, asked))
        except (OAuthError, PoolNotFound) as error:
            return Show(error, pool, client)

        async def go() -> Outcome:
            return await self._begin(to, browser)

        return await self._told(to.settled.redirect_uri, to.mode, to.state, pool, go)

    async def _client(self, pool: Pool, asked: Asked) -> Client:
        if "client_id" in asked.faults:
            reason = asked.faults["client_id"]
            raise InvalidRequest(reason)
        client_id = asked.parameters.get("client_id")
        if client_id is None:
            raise InvalidRequest(Reason.OAUTH_PARAMETER_MISSING, name="client_id")
        try:
            if not CLIENT_ID.fullmatch(client_id):
                raise AuthorizationClientUnknown
            client = await self._clients.get(client_id)
        except ClientNotFound:
            raise AuthorizationClientUnknown from None
        if client.pool_id != pool.id:
            # Not even the name of another pool's client is shown.
            raise AuthorizationClientUnknown
        return client

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
        return Interact(next_one, Pending(await self._requests.add(request), pool, client, handle), secret)

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

    @rule("A19")
    async def pending(self, pool_id: str, tx: str, secret: str | None) -> Pending:
        """The request behind the handle, in the browser in which it began, as it can still be answered. Raises
        ``TransactionEnded``."""
        request = await self._requests.get(pool_id, digest(tx))
        if request is None or secret is None or not self.world.clock.now() < request.expires:
            raise TransactionEnded
        if not hmac.compare_digest(digest(secret), request.browser):
            raise TransactionEnded
        pool, client = await self._still(request)
        return Pending(request, pool, client, tx)

    async def done(self, pending: Pending, step: Step) -> Pending:
        """This interaction is behind the user. Raises ``TransactionEnded``."""
        return await self._changed(pending, lambda request: _with_done(request, step.value))

    async def keep(self, pending: Pending, private: dict[str, Any]) -> Pending:
        """This is what the pages keep to themselves from now on. Raises ``VersionConflict`` where another tab was
        faster: what it has kept is not overwritten."""
        saved = await self._requests.save(replace(pending.request, private=private))
        return Pending(saved, pending.pool, pending.client, pending.handle)

    def asks(self, pending: Pending) -> tuple[str, ...]:
        """The scopes that the user is asked for, those of claims that are asked for one by one among them."""
        return due.asked_of_user(pending.request)

    @rule("A20")
    async def consent(self, pending: Pending, browser: Browser, scopes: Iterable[str]) -> Pending:
        """The present user lets the client have those of these scopes that it asks for, and the request is for no more
        than that. Raises ``TransactionEnded``, also where there is no present user."""
        request, client = pending.request, pending.client
        live = await self._sessions.live(pending.pool, browser.sessions)
        present = due.who(request, live, self.world.clock.now())
        if isinstance(present, Step):
            raise TransactionEnded
        agreed = [scope for scope in due.asked_of_user(request) if scope in {*scopes, "openid"}]
        await self._consents.give(client, present.user, agreed)
        sub = present.user.sub

        def narrowed(current: AuthorizationRequest) -> AuthorizationRequest:
            left = tuple([scope for scope in current.scopes if scope in agreed])
            return _with_done(replace(current, scopes=left), due.agreed_here(sub))

        return await self._changed(pending, narrowed)

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
            await self._take(request)
            return await self._answer(request, pool, client, next_one)

        try:
            return await self._told(request.redirect_uri, request.response_mode, request.state, pool, go)
        except TransactionEnded as error:
            return Show(error, pool, client)

    @rule("A21")
    async def cancel(self, pending: Pending) -> Send:
        """The user does not want to: the client hears of it, once. Raises ``TransactionEnded``."""
        request = pending.request
        await self._still(request)
        if await self._requests.take(request.pool_id, request.handle) is None:
            raise TransactionEnded
        return self._refusal(UserCancelled(), request.redirect_uri, request.response_mode, request.state, pending.pool)

    # --- within ------------------------------------------------------------------------------------------------------

    async def _take(self, request: AuthorizationRequest) -> None:
        """The request is over, and this caller alone may answer it: as it was read, and not as somebody changed it in
        between. Raises ``TransactionEnded``."""
        taken = await self._requests.take(request.pool_id, request.handle)
        if taken is None or taken.version != request.version:
            raise TransactionEnded

    async def _changed(
        self, pending: Pending, change: Callable[[AuthorizationRequest], AuthorizationRequest]
    ) -> Pending:
        request: AuthorizationRequest | None = pending.request
        for _ in range(_TRIES):
            if request is None:
                raise TransactionEnded
            try:
                saved = await self._requests.save(change(request))
                return Pending(saved, pending.pool, pending.client, pending.handle)
            except VersionConflict:
                request = await self._requests.get(pending.pool.id, pending.request.handle)
        raise VersionConflict

    @rule("A19", "G3")
    async def _still(self, request: AuthorizationRequest) -> tuple[Pool, Client]:
        """Pool and client are there, and the client may still have such an answer at this address. Raises
        ``TransactionEnded``."""
        try:
            pool = await self._pools.get(request.pool_id)
            client = await self._clients.get(request.client_id)
            require_known(pool, client)
            words = frozenset(request.response_type.split())
            require_allowed(words, client, implicit=self._terms.implicit)
        except (OAuthError, NotFound):
            raise TransactionEnded from None
        was_usual = not request.redirect_uri_given and request.redirect_uri == client.default_redirect_uri
        if not was_usual and not is_registered(request.redirect_uri, client):
            raise TransactionEnded
        return pool, client

    async def _next(self, request: AuthorizationRequest, pool: Pool, client: Client, browser: Browser) -> _Give | Step:
        live = await self._sessions.live(pool, browser.sessions)
        present = due.who(request, live, self.world.clock.now())
        if isinstance(present, Step):
            return present
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
        return self._sent(fields, request.redirect_uri, request.response_mode, request.state, pool)

    @rule("E2", "E4")
    async def _told(
        self, redirect_uri: str, mode: str, state: str | None, pool: Pool, go: Callable[[], Awaitable[Outcome]]
    ) -> Outcome:
        """What comes of it; whatever goes wrong from here on, the client hears of it. Raises ``TransactionEnded``."""
        try:
            return await go()
        except TransactionEnded:
            raise
        except OAuthError as error:
            return self._refusal(error, redirect_uri, mode, state, pool)
        except (Denied, NotFound) as error:
            # Of the user: signed out, disabled or deleted between one look and the next, or refused by a plugin.
            _logger.info("refused: %s", type(error).__name__)
            return self._refusal(LoginRequired(), redirect_uri, mode, state, pool)
        except (StoreAway, TooManyRequests):
            return self._failure("temporarily_unavailable", redirect_uri, mode, state, pool)
        except PoolhouseError as error:
            _logger.error("failed: %s (%s)", error, error.detail or "no detail")
            return self._failure("server_error", redirect_uri, mode, state, pool)
        except Exception as error:
            # The client is the one that can help the user on, so it hears of what nobody foresaw, too.
            _logger.error("the authorization endpoint raised %s", type(error).__name__, exc_info=error)
            return self._failure("server_error", redirect_uri, mode, state, pool)

    @rule("E3")
    def _refusal(self, error: OAuthError, redirect_uri: str, mode: str, state: str | None, pool: Pool) -> Send:
        return self._sent({"error": error.code, "error_description": str(error)}, redirect_uri, mode, state, pool)

    def _failure(self, word: str, redirect_uri: str, mode: str, state: str | None, pool: Pool) -> Send:
        return self._sent({"error": word}, redirect_uri, mode, state, pool)

    @rule("A5", "A6")
    def _sent(self, fields: dict[str, str], redirect_uri: str, mode: str, state: str | None, pool: Pool) -> Send:
        more = {"iss": self._tokens.issuer(pool.id)}
        if state is not None:
            more["state"] = state
        return Send(redirect_uri, mode, {**fields, **more})


def _with_done(request: AuthorizationRequest, name: str) -> AuthorizationRequest:
    return replace(request, done=tuple(dict.fromkeys((*request.done, name))))
