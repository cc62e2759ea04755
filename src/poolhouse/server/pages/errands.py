"""The beginning of an errand: a client sends its user to a page of the account, and the user goes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from aiohttp import web

from poolhouse.errors import PoolhouseError
from poolhouse.flows.oauth.checks.stages import Asked
from poolhouse.flows.oauth.errands import Errand
from poolhouse.flows.oauth.interaction import Browser, Show
from poolhouse.server.cookies import BETWEEN, BROWSER, SESSIONS, Cookies
from poolhouse.server.pages.visits import TX, Visit, Visits
from poolhouse.server.paths import PAGES, root_of

Kind = TypeVar("Kind", bound=Errand)


class ErrandPages(Generic[Kind]):
    """``read`` makes what a client asks of the address that it sent its user to."""

    def __init__(self, visits: Visits, errand: Kind, cookies: Cookies, read: Callable[[web.Request], Asked]) -> None:
        self._visits = visits
        self._errand = errand
        self._cookies = cookies
        self._read = read

    async def look(self, request: web.Request) -> web.StreamResponse:
        """The page; or its beginning, where a client has sent the user."""
        if TX in request.query:
            return await self._visits.get(self.show)(request)
        request_id = self._visits.begin(request)
        pool_id = request.match_info["pool_id"]
        secret = self._cookies.read(request, BROWSER, pool_id)
        held = tuple(filter(None, (self._cookies.read(request, SESSIONS, pool_id) or "").split(BETWEEN)))
        try:
            outcome = await self._errand.begin(self._read(request), Browser(secret, held))
        except PoolhouseError as error:
            return self._visits.failed(request, request_id, error)
        if isinstance(outcome, Show):
            return self._visits.failed(request, request_id, outcome.error)
        address = f"{root_of(request)}/{PAGES[outcome.step]}?{TX}={outcome.pending.handle}"
        response = web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})
        if secret is None:
            self._cookies.write(response, BROWSER, pool_id, outcome.browser)
        return response

    async def show(self, visit: Visit) -> web.Response:
        raise NotImplementedError

    async def leave(self, visit: Visit) -> web.Response:
        """The user goes back to the client. Raises ``TransactionEnded``."""
        return self._visits.outcome(visit, await self._errand.leave(visit.pending))
