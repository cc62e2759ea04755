"""The authorization endpoint: a browser comes with a client's request, and leaves for a page of ours or for the
client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from aiohttp import web

from poolhouse.errors import Failed, Limited, PoolhouseError, PoolNotFound, StoreAway
from poolhouse.flows.oauth.authorize import Authorization
from poolhouse.flows.oauth.interaction import Browser, Interact, Outcome, Send, Show
from poolhouse.flows.oauth.rules import rule
from poolhouse.server.cookies import BETWEEN, BROWSER, SESSIONS, Cookies
from poolhouse.server.oidc.answered import hints, note
from poolhouse.server.oidc.requests import Reading
from poolhouse.server.oidc.responses import PRIVATE, ToClient, go
from poolhouse.server.paths import PAGES, root_of

ErrorPage = Callable[[web.Request, Show, int, str], web.Response]
"""Of an error with this status; the last is the id of the request."""

_STATUS: Final[Mapping[type[PoolhouseError], int]] = {
    PoolhouseError: 400,
    PoolNotFound: 404,
    Limited: 429,
    StoreAway: 503,
    Failed: 500,
}


class AuthorizeEndpoint:
    def __init__(
        self,
        authorization: Authorization,
        reading: Reading,
        cookies: Cookies,
        to_client: ToClient,
        error_page: ErrorPage,
    ) -> None:
        self._authorization = authorization
        self._reading = reading
        self._cookies = cookies
        self._to_client = to_client
        self._error_page = error_page

    @rule("A1")
    async def handle(self, request: web.Request) -> web.Response:
        request_id = self._reading.begin(request)
        try:
            asked = await self._reading.asked(request)
            outcome = await self._authorization.begin(asked, self._browser(request))
        except PoolhouseError as error:
            note(error, request_id)
            outcome = Show(error)
        return self._answered(request, request_id, outcome)

    def _browser(self, request: web.Request) -> Browser:
        pool_id = request.match_info["pool_id"]
        held = self._cookies.read(request, SESSIONS, pool_id) or ""
        secret = self._cookies.read(request, BROWSER, pool_id)
        return Browser(secret, tuple(filter(None, held.split(BETWEEN))))

    def _answered(self, request: web.Request, request_id: str, outcome: Outcome) -> web.Response:
        match outcome:
            case Send():
                return self._to_client(request, outcome)
            case Interact(step, pending, secret):
                response = go(request, f"{root_of(request)}/{PAGES[step]}?tx={pending.handle}")
                if self._cookies.read(request, BROWSER, pending.pool.id) is None:
                    self._cookies.write(response, BROWSER, pending.pool.id, secret)
                return response
            case Show():
                return self._shown(request, request_id, outcome)

    @rule("E1", "R5", "H8")
    def _shown(self, request: web.Request, request_id: str, show: Show) -> web.Response:
        status = next(_STATUS[kind] for kind in type(show.error).__mro__ if kind in _STATUS)
        wanted = request.headers.get("Accept", "")
        if "application/json" in wanted and "text/html" not in wanted:
            said = {"error": getattr(show.error, "code", "invalid_request"), "error_description": str(show.error)}
            response = web.Response(body=msgspec.json.encode(said), status=status, content_type="application/json")
        else:
            response = self._error_page(request, show, status, request_id)
        response.headers.update(PRIVATE)
        response.headers.update(hints(show.error, status))
        return response
