"""Who goes on, where several people, or several accounts of one, are signed in in a browser."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from msgspec.structs import replace

from poolhouse.flows.directory.naming import name_to_type
from poolhouse.flows.grants.sessions import BrowserSessions, SignedIn
from poolhouse.flows.oauth.interaction import Browser, Step
from poolhouse.server.pages.places import PAGE as SIGN_IN
from poolhouse.server.pages.progress import Progress
from poolhouse.server.pages.views import Account, Accounts, Problem
from poolhouse.server.pages.visits import Form, Visit, Visits

PAGE: Final = "accounts"
_OTHER: Final = "other"


class AccountPages:
    def __init__(self, visits: Visits, sessions: BrowserSessions) -> None:
        self._visits = visits
        self._sessions = sessions

    async def show(self, visit: Visit) -> web.Response:
        return await self._page(visit)

    async def _page(self, visit: Visit, problems: tuple[Problem, ...] = ()) -> web.Response:
        live = await self._sessions.live(visit.pool, visit.held)
        if not live:
            return self._visits.go(visit, SIGN_IN)
        accounts = tuple(_account(visit, one) for one in live)
        return self._visits.page(visit, Accounts(accounts=accounts, problems=problems))

    async def answer(self, visit: Visit, form: Form) -> web.Response:
        chosen = form.get("account", "")
        if chosen == _OTHER:
            visit = await self._visits.keep(visit, Progress())
            return self._visits.go(visit, SIGN_IN, at="name")
        ordered = await self._sessions.first(visit.pool, visit.held, chosen)
        if not ordered or ordered[0].user.sub != chosen:
            return await self._page(visit, (Problem("choose.needed"),))
        handles = tuple(one.handle for one in ordered)
        pending = await self._visits.authorization.done(visit.pending, Step.CHOOSE_ACCOUNT)
        return await self._visits.go_on(
            replace(visit, pending=pending), Browser(visit.secret, handles), seconds=self._sessions.seconds(ordered)
        )


def shown_name(visit: Visit, signed_in: SignedIn) -> str:
    """What the user signs in by."""
    return name_to_type(visit.pool, signed_in.user)


def _account(visit: Visit, one: SignedIn) -> Account:
    attributes = one.user.attributes
    name = shown_name(visit, one)
    called = attributes.get("name") or " ".join(
        part for part in (attributes.get("given_name"), attributes.get("family_name")) if part
    )
    return Account(value=one.user.sub, name=called or name, detail=name if called else attributes.get("email"))
