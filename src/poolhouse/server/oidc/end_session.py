"""The ways out: the end-session endpoint (OpenID Connect RP-Initiated Logout 1.0), and ``/logout`` as the field has it.

What is shown is made by whoever is given for it: this face knows no pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from aiohttp import web

from poolhouse.errors import Failed, InvalidRequest, PoolhouseError
from poolhouse.errors.reasons import Reason
from poolhouse.flows.oauth.interaction import Browser
from poolhouse.flows.oauth.logout import LoggedOut, Question, SignInAgain, SignOut
from poolhouse.flows.oauth.rules import rule
from poolhouse.server.cookies import BROWSER, SESSIONS, Cookies
from poolhouse.server.oidc.answered import note
from poolhouse.server.oidc.requests import LONGEST_QUERY, Reading, parameters
from poolhouse.server.paths import root_of

END_SESSION: Final = "/oauth2/end_session"
"""Under the root of a pool."""
_HANDLE: Final = "tx"
_MOVED: Final = "request"
_CHOICE: Final = "do"


class SignOutPages(Protocol):
    """What the user sees. All answers are whole pages, of which nobody keeps a copy."""

    def question(self, request: web.Request, question: Question, action: str) -> web.StreamResponse:
        """Whether to be signed out. The form posts to ``action``."""

    def signed_out(self, request: web.Request, out: LoggedOut) -> web.StreamResponse:
        """That it is done; clients that the browser tells; and where it goes on."""

    def stayed(self, request: web.Request) -> web.StreamResponse:
        """That nothing has changed."""

    def refused(self, request: web.Request, error: PoolhouseError, request_id: str) -> web.StreamResponse:
        """That it cannot be done. Its status says why."""

    def check(self, request: web.Request, form: Mapping[str, Any], secret: str | None, handle: str) -> None:
        """Raises an error for a form that this page did not make in this browser."""


class EndSession:
    def __init__(self, sign_out: SignOut, reading: Reading, cookies: Cookies, pages: SignOutPages) -> None:
        self._sign_out = sign_out
        self._reading = reading
        self._cookies = cookies
        self._pages = pages

    @rule("LO1")
    async def get(self, request: web.Request) -> web.StreamResponse:
        """A request of a client's page, in its address."""
        return await self._answer(request, self._asked)

    @rule("LO1", "LO4")
    async def post(self, request: web.Request) -> web.StreamResponse:
        """A request of a client's page as a form; or the answer to our question."""
        return await self._answer(request, self._answered if _HANDLE in request.query else self._posted)

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """``/logout``."""
        return await self._answer(request, self._left)

    async def _answer(self, request: web.Request, do: Any) -> web.StreamResponse:
        request_id = self._reading.begin(request)
        try:
            response: web.StreamResponse = await do(request)
        except PoolhouseError as error:
            note(error, request_id)
            response = self._pages.refused(request, error, request_id)
            if isinstance(error, Failed):
                response.headers["X-Request-Id"] = request_id
        return response

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        moved = request.query.get(_MOVED)
        if moved is not None:
            asked = self._sign_out.found(self._pool_id(request), moved)
        else:
            asked = parameters(request.rel_url.raw_query_string.encode())
        outcome = await self._sign_out.asked(self._pool_id(request), asked, self._browser(request))
        if isinstance(outcome, LoggedOut):
            return self._gone(request, outcome)
        action = f"{root_of(request)}{END_SESSION}?{urlencode({_HANDLE: outcome.handle})}"
        response = self._pages.question(request, outcome, action)
        self._cookies.write(response, BROWSER, outcome.pool.id, outcome.browser)
        return response

    async def _posted(self, request: web.Request) -> web.StreamResponse:
        # A form of another site comes without our cookies (SameSite=Lax); with the request that follows they come.
        form = await self._reading.form(request)
        moved = self._sign_out.moved(self._pool_id(request), form)
        if len(moved) > LONGEST_QUERY:
            raise InvalidRequest(Reason.OAUTH_BODY_TOO_LARGE)
        return _sent_on(303, f"{root_of(request)}{END_SESSION}?{urlencode({_MOVED: moved})}")

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        handle, browser = request.query[_HANDLE], self._browser(request)
        form = await self._reading.form(request)
        self._pages.check(request, form, browser.secret, handle)
        if form.get(_CHOICE) == "stay":
            return self._pages.stayed(request)
        return self._gone(request, await self._sign_out.confirmed(self._pool_id(request), handle, browser))

    async def _left(self, request: web.Request) -> web.StreamResponse:
        asked = parameters(request.rel_url.raw_query_string.encode())
        outcome = await self._sign_out.left(self._pool_id(request), asked, self._browser(request))
        if isinstance(outcome, SignInAgain):
            out, again = outcome.out, f"{root_of(request)}/login?{urlencode(outcome.parameters)}"
            return self._gone(request, LoggedOut(out.pool, out.client, out.handles, out.seconds, out.frames, again))
        return self._gone(request, outcome)

    @rule("LO5", "LO8")
    def _gone(self, request: web.Request, out: LoggedOut) -> web.StreamResponse:
        """The browser forgets the handles, tells those whom it has to tell, and goes on."""
        if out.go_on is not None and not out.frames:
            response: web.StreamResponse = _sent_on(302 if request.method == "GET" else 303, out.go_on)
        else:
            response = self._pages.signed_out(request, out)
        if out.handles:
            self._cookies.write(response, SESSIONS, out.pool.id, ".".join(out.handles), out.seconds)
        else:
            self._cookies.drop(response, SESSIONS, out.pool.id)
        return response

    def _browser(self, request: web.Request) -> Browser:
        pool_id = self._pool_id(request)
        held = self._cookies.read(request, SESSIONS, pool_id)
        return Browser(self._cookies.read(request, BROWSER, pool_id), tuple(held.split(".")) if held else ())

    @staticmethod
    def _pool_id(request: web.Request) -> str:
        return request.match_info["pool_id"]


def _sent_on(status: int, address: str) -> web.Response:
    fields = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=status, headers=fields)
