"""Whether a client of somebody else gets what it asks for (oidc.md A20)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from msgspec.structs import replace

from poolhouse.errors import AccountChanged, NotFound
from poolhouse.flows.clients.resource_servers import ResourceServerAdministration
from poolhouse.flows.grants.sessions import BrowserSessions, SignedIn
from poolhouse.server.pages.accounts import shown_name
from poolhouse.server.pages.places import PAGE as SIGN_IN
from poolhouse.server.pages.views import Consent, Problem
from poolhouse.server.pages.visits import Form, Visit, Visits

PAGE: Final = "consent"


class ConsentPages:
    def __init__(
        self, visits: Visits, sessions: BrowserSessions, resource_servers: ResourceServerAdministration
    ) -> None:
        self._visits = visits
        self._sessions = sessions
        self._resource_servers = resource_servers

    async def show(self, visit: Visit) -> web.Response:
        return await self._page(visit)

    async def _page(self, visit: Visit, problems: tuple[Problem, ...] = ()) -> web.Response:
        present = await self._present(visit)
        if present is None:
            return self._visits.go(visit, SIGN_IN)
        user = present.user
        view = Consent(
            username=shown_name(visit, present),
            account=user.sub,
            scopes=self._visits.authorization.asks(visit.pending),
            descriptions=await self._descriptions(visit),
            redirect_host=urlsplit(visit.pending.request.redirect_uri).hostname or "",
            email=user.attributes.get("email"),
            phone_number=user.attributes.get("phone_number"),
            problems=problems,
        )
        return self._visits.page(visit, view, {"restart": visit.address(SIGN_IN, at="name")})

    async def answer(self, visit: Visit, form: Form) -> web.Response:
        match form.get("do"):
            case "allow":
                authorization = self._visits.authorization
                scopes, account = authorization.asks(visit.pending), form.get("account", "")
                try:
                    pending = await authorization.consent(visit.pending, visit.browser, account, scopes)
                except AccountChanged:
                    # Another tab signed somebody else in: who is asked now was not who looked at the page.
                    return await self._page(visit, (Problem("accounts.changed"),))
                return await self._visits.go_on(replace(visit, pending=pending), visit.browser)
            case "deny":
                return self._visits.outcome(visit, await self._visits.authorization.cancel(visit.pending))
            case _:
                return await self._page(visit, (Problem("choose.needed"),))

    async def _present(self, visit: Visit) -> SignedIn | None:
        """Who is asked; None where nobody is here who could be."""
        subject = visit.pending.request.subject
        live = await self._sessions.live(visit.pool, visit.held)
        return next((one for one in live if subject in (None, one.user.sub)), None)

    async def _descriptions(self, visit: Visit) -> Mapping[str, str]:
        """Those of resource servers, in their owners' words."""
        found: dict[str, str] = {}
        for name in dict.fromkeys(s.rpartition("/")[0] for s in visit.pending.request.scopes if "/" in s):
            with suppress(NotFound):
                server = await self._resource_servers.get(visit.pool.id, name)
                found |= {f"{name}/{scope.name}": scope.description for scope in server.scopes}
        return found
