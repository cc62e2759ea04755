"""A passkey is added by who is signed in in this browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from poolhouse.errors import AccountChanged, PasskeyRefused
from poolhouse.flows.oauth.interaction import Browser, Step
from poolhouse.flows.oauth.passkey_errand import PasskeyErrand
from poolhouse.server.pages.accounts import shown_name
from poolhouse.server.pages.errands import ErrandPages
from poolhouse.server.pages.views import Problem, SetUpPasskey
from poolhouse.server.pages.visits import Form, Visit
from poolhouse.server.passkey_options import creation_options
from poolhouse.server.paths import PAGES

PAGE: Final = PAGES[Step.ADD_PASSKEY]


class AddPasskeyPages(ErrandPages[PasskeyErrand]):
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
            return await self.leave(visit)
        try:
            sent, begun = await self._errand.complete(
                visit.pending, visit.browser, form.get("account", ""), credential_of(form)
            )
        except AccountChanged:
            return await self._page(visit, (Problem("accounts.changed"),))
        except PasskeyRefused:
            return await self._page(visit, (Problem("passkey.not_made"),))
        return self._visits.leave(visit, sent, Browser(visit.secret, begun.handles), begun.seconds)


def credential_of(form: Form) -> Mapping[str, Any]:
    """What the authenticator said; what is no such thing is refused as a wrong one is."""
    try:
        said = json.loads(form.get("credential", ""))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
