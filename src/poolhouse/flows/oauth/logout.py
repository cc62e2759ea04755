"""The ways out: RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0), and the field's own form of it.

Who asks is a page that anybody can make. So the browser is sent on to no address but one that is registered for a
client that is known for sure, and where nothing proves that the user's own app asks, the user does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from poolhouse.errors import (
    AuthorizationClientUnknown,
    ClientNotFound,
    InvalidAccessToken,
    InvalidRequest,
    LogoutEnded,
    RedirectMismatch,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.flow import Flow, World
from poolhouse.flows.grants.handles import digest
from poolhouse.flows.grants.sessions import BrowserSessions, SignedIn
from poolhouse.flows.oauth.interaction import Browser
from poolhouse.flows.oauth.rules import rule
from poolhouse.ports.arithmetic import Tokens
from poolhouse.ports.clients import Clients
from poolhouse.ports.pools import Pools
from poolhouse.records.clients import Client
from poolhouse.records.grants import BrowserSession
from poolhouse.records.pools import Pool

PARAMETERS: Final = (
    "id_token_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "logout_hint",
    "ui_locales",
)
"""Those of the end-session endpoint. ``logout_hint`` is taken and changes nothing: it proves nothing."""
QUESTION_SECONDS: Final = 30 * 60
"""How long the question may stand."""
_AGAIN: Final = ("scope", "state", "nonce", "response_type", "redirect_uri", "code_challenge", "code_challenge_method")
_ASKED: Final = "logout-question"
_MOVED: Final = "logout-request"


class Question(Struct, frozen=True):
    """The user has to say whether to be signed out. ``handle`` is what the page carries, ``browser`` the value of the
    browser's cookie, a new one where it had none. ``username`` is who is signed in; None: nobody. ``leads_to`` is
    where the browser goes after a yes; None: nowhere."""

    pool: Pool
    client: Client | None
    username: str | None
    handle: str
    browser: str
    leads_to: str | None = None

    def __repr__(self) -> str:
        return "Question(...)"


class LoggedOut(Struct, frozen=True):
    """Nobody whom it was about is signed in any more. ``handles`` are what the browser holds from now on, ``seconds``
    for how long (None: until it is closed). ``frames`` are the addresses that it loads so that clients hear of it,
    ``go_on`` is where it goes then (None: nowhere, a page says that it is done)."""

    pool: Pool
    client: Client | None
    handles: tuple[str, ...] = ()
    seconds: int | None = None
    frames: tuple[str, ...] = ()
    go_on: str | None = None

    def __repr__(self) -> str:
        return f"LoggedOut(frames={len(self.frames)})"


class SignInAgain(Struct, frozen=True):
    """As ``LoggedOut``; then the browser begins a new sign-in with these parameters."""

    out: LoggedOut
    parameters: Mapping[str, str]

    def __repr__(self) -> str:
        return "SignInAgain(...)"


class _Hint(Struct, frozen=True):
    """Whose session an ID token of ours says it is from. ``sid`` is None where it names none."""

    client: Client
    sub: str
    sid: str | None


class _Asked(Struct, frozen=True, kw_only=True):
    """What a request settled: kept, sealed, while the user is asked."""

    expires: float
    client_id: str | None = None
    uri: str | None = None
    state: str | None = None


class SignOut(Flow):
    """``ends_tokens``: whether the field's own way out ends the tokens of the session, as the standard's does."""

    def __init__(
        self,
        world: World,
        pools: Pools,
        clients: Clients,
        sessions: BrowserSessions,
        tokens: Tokens,
        *,
        ends_tokens: bool = True,
    ) -> None:
        super().__init__(world)
        self._pools = pools
        self._clients = clients
        self._sessions = sessions
        self._tokens = tokens
        self._ends_tokens = ends_tokens

    # --- OpenID Connect ----------------------------------------------------------------------------------------------

    @rule("LO1", "LO2", "LO3", "LO4")
    async def asked(self, pool_id: str, parameters: Mapping[str, str], browser: Browser) -> LoggedOut | Question:
        """What a request at the end-session endpoint leads to. Only where a good hint is about somebody who is signed
        in here, or nobody is and nothing is asked for beside it, it is done without a question.

        Raises ``PoolNotFound``.
        """
        pool = await self._pools.get(pool_id)
        hint = await self._hint(pool, parameters.get("id_token_hint"))
        client = await self._client(pool, parameters, hint)
        live = await self._sessions.live(pool, browser.sessions)
        uri, state = parameters.get("post_logout_redirect_uri"), parameters.get("state")
        if client is None or uri not in client.logout_urls:
            uri = None
        is_clear = uri is not None or "post_logout_redirect_uri" not in parameters
        if hint is not None and client is not None and is_clear:
            mine = [one for one in live if self._is_of(hint, one)]
            if mine or not live:
                return await self._end(pool, client, live, mine, uri and _with(uri, state), revokes=True)
        if not live and "post_logout_redirect_uri" not in parameters:
            return LoggedOut(pool, client)
        secret = browser.secret or self.world.chance.token()
        expires = self.world.clock.now() + QUESTION_SECONDS
        kept = _Asked(expires=expires, client_id=client.id if client else None, uri=uri, state=state)
        return Question(
            pool,
            client,
            live[0].user.username if live else None,
            self.world.secrets.seal(_ASKED, _bound(pool.id, secret), msgspec.json.encode(kept)),
            secret,
            uri,
        )

    @rule("LO2", "LO4")
    async def confirmed(self, pool_id: str, handle: str, browser: Browser) -> LoggedOut:
        """The user has said yes: everybody in this browser is signed out. Raises ``LogoutEnded`` for a question that
        was asked in another browser, or too long ago; ``PoolNotFound``."""
        pool = await self._pools.get(pool_id)
        try:
            plain = self.world.secrets.open(_ASKED, _bound(pool.id, browser.secret or ""), handle)
            kept = msgspec.json.decode(plain, type=_Asked)
        except (ValueError, msgspec.MsgspecError):
            raise LogoutEnded from None
        if browser.secret is None or not self.world.clock.now() < kept.expires:
            raise LogoutEnded
        client = None if kept.client_id is None else await self._known(pool, kept.client_id)
        live = await self._sessions.live(pool, browser.sessions)
        go_on = None
        # The client may have gone meanwhile, and the address may not be one of its own any more.
        if client is not None and kept.uri is not None and kept.uri in client.logout_urls:
            go_on = _with(kept.uri, kept.state)
        return await self._end(pool, client, live, live, go_on, revokes=True)

    def moved(self, pool_id: str, parameters: Mapping[str, str]) -> str:
        """The request, sealed for an address. A form that another site posts comes without our cookies; the browser
        brings them with the request that follows."""
        kept = {name: parameters[name] for name in PARAMETERS if name in parameters}
        return self.world.secrets.seal(_MOVED, pool_id, msgspec.json.encode(kept))

    def found(self, pool_id: str, sealed: str) -> Mapping[str, str]:
        """The parameters of a request that was moved. Raises ``LogoutEnded``."""
        try:
            return msgspec.json.decode(self.world.secrets.open(_MOVED, pool_id, sealed), type=dict[str, str])
        except (ValueError, msgspec.MsgspecError):
            raise LogoutEnded from None

    async def _hint(self, pool: Pool, token: str | None) -> _Hint | None:
        """Whose ID token it is; None for any that this pool did not sign, or not for a client that is there. It may
        have expired (LO2)."""
        if token is None:
            return None
        try:
            said = await self._tokens.verify(token, "id")
        except InvalidAccessToken:
            return None
        sub, audience, sid = said.get("sub"), said.get("aud"), said.get("sid")
        if said.get("token_use") != "id" or said["iss"] != self._tokens.issuer(pool.id):
            return None
        client = await self._known(pool, audience) if isinstance(audience, str) else None
        if client is None or not isinstance(sub, str):
            return None
        return _Hint(client, sub, sid if isinstance(sid, str) else None)

    async def _client(self, pool: Pool, parameters: Mapping[str, str], hint: _Hint | None) -> Client | None:
        """The one client that the request names. None where it names none, one that is not there, or two; a hint that
        is no good names nobody, and nobody else is believed beside it."""
        named = parameters.get("client_id")
        if "id_token_hint" in parameters:
            if hint is None or named not in (None, hint.client.id):
                return None
            return hint.client
        return None if named is None else await self._known(pool, named)

    def _is_of(self, hint: _Hint, one: SignedIn) -> bool:
        if hint.sub != one.user.sub:
            return False
        return hint.sid is None or hint.sid == self._sessions.sid(one.session, hint.client.id)

    # --- Cognito -----------------------------------------------------------------------------------------------------

    async def left(self, pool_id: str, parameters: Mapping[str, str], browser: Browser) -> LoggedOut | SignInAgain:
        """What ``/logout`` leads to: everybody in this browser is signed out, and goes to ``logout_uri``, or signs in
        again for ``redirect_uri``.

        Raises ``InvalidRequest`` where the client or the address is missing, ``AuthorizationClientUnknown``,
        ``RedirectMismatch``, ``PoolNotFound``; nobody is signed out then.
        """
        pool = await self._pools.get(pool_id)
        named = parameters.get("client_id")
        if named is None:
            raise InvalidRequest(Reason.OAUTH_PARAMETER_MISSING, name="client_id")
        client = await self._known(pool, named)
        if client is None:
            raise AuthorizationClientUnknown
        logout_uri, redirect_uri = parameters.get("logout_uri"), parameters.get("redirect_uri")
        if logout_uri is None and redirect_uri is None:
            raise InvalidRequest(Reason.OAUTH_LOGOUT_ADDRESS_MISSING)
        if logout_uri is not None:
            if logout_uri not in client.logout_urls:
                raise RedirectMismatch(Reason.OAUTH_LOGOUT_ADDRESS)
            return await self._leave(pool, client, browser, _with(logout_uri, parameters.get("state")))
        if redirect_uri not in client.callback_urls:
            raise RedirectMismatch(Reason.OAUTH_LOGOUT_ADDRESS)
        if "response_type" not in parameters:
            raise InvalidRequest(Reason.OAUTH_PARAMETER_MISSING, name="response_type")
        again = {name: parameters[name] for name in _AGAIN if name in parameters}
        return SignInAgain(await self._leave(pool, client, browser, None), {"client_id": client.id, **again})

    async def _leave(self, pool: Pool, client: Client, browser: Browser, go_on: str | None) -> LoggedOut:
        live = await self._sessions.live(pool, browser.sessions)
        return await self._end(pool, client, live, live, go_on, revokes=self._ends_tokens)

    # --- both --------------------------------------------------------------------------------------------------------

    @rule("LO5")
    async def _end(
        self,
        pool: Pool,
        client: Client | None,
        live: Sequence[SignedIn],
        meant: Sequence[SignedIn],
        go_on: str | None,
        *,
        revokes: bool,
    ) -> LoggedOut:
        frames: list[str] = []
        for one in meant:
            for session in await self._sessions.end(pool, (one.handle,), revokes=revokes):
                frames += await self._frames(session)
        gone = {one.handle for one in meant}
        left = [one for one in live if one.handle not in gone]
        handles = tuple([one.handle for one in left])
        return LoggedOut(pool, client, handles, self._sessions.seconds(left), tuple(dict.fromkeys(frames)), go_on)

    @rule("LO8")
    async def _frames(self, session: BrowserSession) -> list[str]:
        """What the browser loads so that the clients of the session hear of its end there."""
        found = []
        for client_id in session.clients:
            client = await self._any(client_id)
            if client is None or client.frontchannel_logout_uri is None:
                continue
            said: dict[str, str] = {}
            if client.frontchannel_session:
                said = {
                    "iss": self._tokens.issuer(session.pool_id),
                    "sid": self._sessions.sid(session, client.id),
                }
            found.append(_with_all(client.frontchannel_logout_uri, said))
        return found

    async def _known(self, pool: Pool, client_id: str) -> Client | None:
        client = await self._any(client_id)
        return client if client is not None and client.pool_id == pool.id else None

    async def _any(self, client_id: str) -> Client | None:
        try:
            return await self._clients.get(client_id)
        except ClientNotFound:
            return None


def _bound(pool_id: str, secret: str) -> str:
    """A question is for the browser in which it was asked."""
    return f"{pool_id}/{digest(secret)}"


def _with(uri: str, state: str | None) -> str:
    return _with_all(uri, {} if state is None else {"state": state})


def _with_all(uri: str, said: Mapping[str, str]) -> str:
    """The address with these as well: what its own query says stays as it is."""
    if not said:
        return uri
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(said)}"
