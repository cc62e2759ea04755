"""A passkey is added by who is signed in in this browser: a client sends its user here, and the user goes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web

from poolhouse.errors import AccountChanged, PasskeyRefused, PoolhouseError
from poolhouse.flows.oauth.checks.stages import Asked
from poolhouse.flows.oauth.interaction import Browser, Show, Step
from poolhouse.flows.oauth.passkey_errand import PasskeyErrand
from poolhouse.server.cookies import BETWEEN, BROWSER, SESSIONS, Cookies
from poolhouse.server.pages.accounts import shown_name
from poolhouse.server.pages.views import Problem, SetUpPasskey
from poolhouse.server.pages.visits import TX, Form, Visit, Visits
from poolhouse.server.passkey_options import creation_options
from poolhouse.server.paths import PAGES, root_of

PAGE: Final = PAGES[Step.ADD_PASSKEY]


class AddPasskeyPages:
    """``read`` makes what a client asks of the address that it sent its user to."""

    def __init__(
        self, visits: Visits, errand: PasskeyErrand, cookies: Cookies, read: Callable[[web.Request], Asked]
    ) -> None:
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
        return await self._page(visit)

    async def _page(self, visit: Visit, problems: tuple[Problem, ...] = ()) -> web.Response:
        present = await self._errand.present(visit.pending, visit.browser)
        if isinstance(present, Step):
            return self._visits.go(visit, PAGES[present])
        options = await self._errand.start(visit.pending, present)
        view = SetUpPasskey(
            username=shown_name(visit, present),
            account=present.user.sub,
            options=creation_options(options, visit.pool.name),
            can_leave=True,
            problems=problems,
        )
        return self._visits.page(visit, view)

    async def answer(self, visit: Visit, form: Form) -> web.Response:
        if form.get("do") == "later":
            return self._visits.outcome(visit, await self._errand.leave(visit.pending))
        try:
            sent, begun = await self._errand.complete(
                visit.pending, visit.browser, form.get("account", ""), _credential(form)
            )
        except AccountChanged:
            return await self._page(visit, (Problem("accounts.changed"),))
        except PasskeyRefused:
            return await self._page(visit, (Problem("passkey.not_made"),))
        return self._visits.leave(visit, sent, Browser(visit.secret, begun.handles), begun.seconds)


def _credential(form: Form) -> Mapping[str, Any]:
    """What the authenticator said; what is no such thing is refused as a wrong one is."""
    try:
        said = json.loads(form.get("credential", ""))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
