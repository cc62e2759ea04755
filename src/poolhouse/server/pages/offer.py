"""A passkey is offered to who has just signed in by a password and has none, at most once in thirty days in a browser
(decision 0038)."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from poolhouse.errors import Conflicted, Limited, PasskeyRefused
from poolhouse.flows.factors.passkeys import Holder
from poolhouse.flows.grants.sessions import SignedIn
from poolhouse.flows.oauth.interaction import Browser
from poolhouse.flows.services.user_pools import Services
from poolhouse.flows.sign_in.machine import Finished
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.server.pages.accounts import shown_name
from poolhouse.server.pages.add_passkey import credential_of
from poolhouse.server.pages.places import PAGE
from poolhouse.server.pages.progress import Progress
from poolhouse.server.pages.views import Problem, SetUpPasskey
from poolhouse.server.pages.visits import Form, Visit, Visits
from poolhouse.server.passkey_options import creation_options

NOT_NOW: Final = 30 * 86400
"""Seconds without another offer in this browser, whatever its user says to the first one."""
NEVER: Final = 400 * 86400
"""The same where the user does not want to be asked: as long as browsers keep a cookie."""


class PasskeyOffer:
    def __init__(self, visits: Visits, services: Services) -> None:
        self._visits = visits
        self._services = services

    async def is_due(self, visit: Visit, finished: Finished) -> bool:
        """Whether to ask whoever has just signed in. A step-up is no sign-in, and who is on an errand has enough to
        do."""
        pool = finished.pool
        policy = pool.passkey_policy
        return (
            policy is not None
            and self._services.first_factors.can_begin(pool, finished.user, WEB_AUTHN)
            and _is_of(visit.request.url.host or "", policy.rp_id or "")
            and "password" in finished.proofs
            and finished.session is None
            and not visit.pending.request.adds_passkey
            and not self._visits.was_offered(visit)
            and not await self._services.passkeys.has_any(pool, finished.user)
        )

    async def show(self, visit: Visit, problems: tuple[Problem, ...] = ()) -> web.Response:
        present = await self._present(visit)
        if present is None:
            return await self._on(visit, visit.browser)
        try:
            options = await self._services.passkeys.start_for(Holder(visit.pool, visit.client, present.user))
        except Limited:
            # It is no more than an offer.
            return await self._on(visit, visit.browser)
        view = SetUpPasskey(
            username=shown_name(visit, present),
            options=creation_options(options, visit.pool.name),
            can_leave=True,
            can_refuse=True,
            problems=problems,
        )
        return self._visits.page(visit, view)

    async def answer(self, visit: Visit, form: Form) -> web.Response:
        present = await self._present(visit)
        if form.get("do") in ("later", "never") or present is None:
            response = await self._on(visit, visit.browser)
            if form.get("do") == "never":
                self._visits.note_offer(response, visit, NEVER)
            return response
        try:
            holder = Holder(visit.pool, visit.client, present.user)
            await self._services.passkeys.complete_for(holder, credential_of(form))
        except PasskeyRefused:
            return await self.show(visit, (Problem("passkey.not_made"),))
        begun = await self._services.sessions.renew(visit.pool, present, visit.held, present.user)
        return await self._on(visit, Browser(visit.secret, begun.handles), begun.seconds)

    async def _present(self, visit: Visit) -> SignedIn | None:
        """Whom it was offered to; None where that user is not signed in here any more."""
        live = await self._services.sessions.live(visit.pool, visit.held)
        return next((one for one in live if one.user.sub == visit.progress.owner), None)

    async def _on(self, visit: Visit, browser: Browser, seconds: int | None = None) -> web.Response:
        """The way that the offer has interrupted."""
        try:
            visit = await self._visits.keep(visit, Progress())
        except Conflicted:
            # Another tab was faster. The session may have a new handle all the same.
            return self._visits.go_signed_in(visit, PAGE, browser, seconds)
        return await self._visits.go_on(visit, browser, seconds=seconds)


def _is_of(host: str, rp_id: str) -> bool:
    """Whether a browser that is at this host takes passkeys of the domain. The host is what the request says: nothing
    but the offer hangs on it."""
    return host == rp_id or (rp_id != "" and host.endswith(f".{rp_id}"))
