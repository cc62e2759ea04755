"""A second factor is set up in a sign-in, by who has to have one: which one, what it needs, and where its codes go."""

from __future__ import annotations

from aiohttp import web

from poolhouse.errors import InvalidSession
from poolhouse.flows.sign_in.hosted import HostedSignIn
from poolhouse.flows.sign_in.machine import Asking
from poolhouse.flows.sign_in.questions import FactorSetUp, Otherwise, SetUpFactor
from poolhouse.flows.sign_in.second_factor import SET_UP
from poolhouse.server.pages.fields import plugin_fields
from poolhouse.server.pages.forms import Incomplete, choice_of, code_of, values_of
from poolhouse.server.pages.onward import Onward
from poolhouse.server.pages.places import TOTP
from poolhouse.server.pages.progress import SetUp
from poolhouse.server.pages.views import Field, Problem
from poolhouse.server.pages.visits import Form, Visit, Visits


class SettingUp:
    def __init__(self, visits: Visits, hosted: HostedSignIn, onward: Onward) -> None:
        self._visits = visits
        self._hosted = hosted
        self._onward = onward

    async def answer(self, visit: Visit, asking: Asking, form: Form) -> web.Response:
        """What was sent from the page of a factor that is being set up; or from that on which there is none. Raises
        ``Incomplete``, and as ``HostedSignIn.set_up`` and ``complete``."""
        progress = visit.progress
        if progress.set_up is None:
            return await self.choose(visit, form)
        factor = progress.set_up.factor
        code = code_of(form) if factor == TOTP else only_answer(form, progress.set_up)
        label = form.get("device_name", "").strip() or None
        reply = await self._hosted.complete(visit.client, progress.username, asking.handle, factor, code, label)
        return await self._onward.go_on(visit, progress, reply)

    async def choose(self, visit: Visit, form: Form) -> web.Response:
        """The user said which factor; or, where none can be set up, that it is enough. Raises as ``answer``."""
        settable = self._hosted.settable(visit.pool, visit.client)
        if not settable and form.get("do") == "leave":
            return self._visits.outcome(visit, await self._visits.authorization.cancel(visit.pending))
        factor = choice_of(form)
        if factor not in settable:
            raise Incomplete(Problem("choose.needed"))
        visit, asking = await self._back(visit)
        return await self._onward.begin_set_up(visit, visit.progress, asking, factor)

    async def contact(self, visit: Visit, form: Form) -> web.Response:
        """The user said where the codes are to go: the first one is on its way. Raises as ``answer``."""
        factor = visit.progress.adding
        attribute = self._hosted.takes_contact(factor) or ""
        value = values_of(form, (Field(name=attribute),))[attribute]
        visit, asking = await self._back(visit)
        progress = visit.progress
        reply = await self._hosted.answer(
            visit.client, progress.username, asking.challenge, asking.handle, FactorSetUp(factor, contact=value)
        )
        return await self._onward.go_on(visit, progress, reply)

    async def _back(self, visit: Visit) -> tuple[Visit, Asking]:
        """Where a factor is chosen, also from where the code of one is asked for already. Raises ``InvalidSession``."""
        progress = visit.progress
        if progress.waiting is None:
            raise InvalidSession
        asking = progress.waiting.asking
        if isinstance(asking.question, SetUpFactor):
            return visit, asking
        reply = await self._hosted.answer(
            visit.client, progress.username, asking.challenge, asking.handle, Otherwise(SET_UP)
        )
        if not isinstance(reply, Asking):
            raise InvalidSession
        return await self._visits.keep(visit, progress.asked(reply)), reply


def only_answer(form: Form, set_up: SetUp) -> str:
    """What a plugin's factor is set up by. Raises ``Incomplete``."""
    values = values_of(form, plugin_fields(set_up.shown), "answer_")
    return values.get("ANSWER") or next(iter(values.values()), "")
