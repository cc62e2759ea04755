"""A forgotten password: the name, then the code that goes to a contact of it, with a new password. Whoever has both is
signed in by that password, as far as a password goes."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.errors import PoolhouseError
from poolhouse.flows.messages.codes import FORGOT_PASSWORD
from poolhouse.flows.services.user_pools import Services
from poolhouse.flows.sign_in.hosted import PASSWORD
from poolhouse.server.pages.fields import names_of
from poolhouse.server.pages.forms import Incomplete, code_of, password_of, username_of
from poolhouse.server.pages.onward import Onward
from poolhouse.server.pages.places import PAGE as SIGN_IN
from poolhouse.server.pages.problems import problems_of
from poolhouse.server.pages.progress import CodeSent, Progress
from poolhouse.server.pages.rules import policy_of
from poolhouse.server.pages.views import Forgot, Problem, Reset
from poolhouse.server.pages.visits import Form, Visit, Visits

PAGE: Final = "forgotPassword"
RESET: Final = "confirmForgotPassword"
_FIELD: Final = "new_password"
_TO_WAIT: Final = (errors.Limited, errors.AttemptsExceeded, errors.Failed, errors.Conflicted)


class RecoveryPages:
    def __init__(self, visits: Visits, services: Services, onward: Onward) -> None:
        self._visits = visits
        self._services = services
        self._onward = onward

    async def show(self, visit: Visit) -> web.Response:
        return self._page(visit, visit.progress.username)

    def _page(self, visit: Visit, username: str, problems: tuple[Problem, ...] = ()) -> web.Response:
        view = Forgot(username=username, names=names_of(visit.pool), problems=problems)
        return self._visits.page(visit, view, {"signin": visit.address(SIGN_IN, at="name")})

    async def answer(self, visit: Visit, form: Form) -> web.Response:
        try:
            username = username_of(form)
        except Incomplete as incomplete:
            return self._page(visit, "", incomplete.problems)
        return await self._start(visit, username)

    async def _start(self, visit: Visit, username: str, notice: str | None = None) -> web.Response:
        client = self._services.on_pages.client(visit.client)
        proof = self._services.on_pages.secret_hash(client, username)
        try:
            delivery = await self._services.recovery.start(client, username, metadata={}, secret_hash=proof)
        except _TO_WAIT:
            raise
        except PoolhouseError as error:
            return self._page(visit, username, problems_of(error))
        sent = CodeSent(username, delivery.destination, delivery.medium)
        visit = await self._visits.keep(visit, Progress(username=username, resetting=sent, notice=notice))
        return self._visits.go(visit, RESET)

    async def show_reset(self, visit: Visit) -> web.Response:
        return self._reset_page(visit)

    def _reset_page(self, visit: Visit, problems: tuple[Problem, ...] = ()) -> web.Response:
        progress = visit.progress
        sent = progress.resetting
        if sent is None:
            return self._visits.go(visit, PAGE)
        view = Reset(
            username=sent.username,
            policy=policy_of(visit.pool.password_policy),
            destination=sent.destination,
            minutes=FORGOT_PASSWORD.life // 60,
            problems=problems,
            notice=Problem(progress.notice) if progress.notice and not problems else None,
        )
        links = {
            "restart": visit.address(PAGE),
            "resend": visit.address(PAGE),
            "signin": visit.address(SIGN_IN, at="name"),
        }
        return self._visits.page(visit, view, links)

    async def answer_reset(self, visit: Visit, form: Form) -> web.Response:
        sent = visit.progress.resetting
        if sent is None:
            return self._visits.go(visit, PAGE)
        if form.get("do") == "resend":
            return await self._start(visit, sent.username, "code.resent")
        problems: list[Problem] = []
        code = password = ""
        try:
            code = code_of(form)
        except Incomplete as incomplete:
            problems += incomplete.problems
        try:
            password = password_of(form, _FIELD)
        except Incomplete as incomplete:
            problems += incomplete.problems
        if problems:
            return self._reset_page(visit, tuple(problems))
        client = self._services.on_pages.client(visit.client)
        proof = self._services.on_pages.secret_hash(client, sent.username)
        try:
            await self._services.recovery.confirm(client, sent.username, code, password, metadata={}, secret_hash=proof)
        except _TO_WAIT:
            raise
        except PoolhouseError as error:
            policy = policy_of(visit.pool.password_policy)
            return self._reset_page(visit, problems_of(error, password=_FIELD, policy=policy))
        progress = Progress(username=sent.username)
        if PASSWORD in self._services.hosted.ways(visit.pool, visit.client):
            try:
                reply = await self._services.hosted.begin(visit.client, sent.username, PASSWORD, password)
            except errors.Denied:
                # A plugin says no, or the account changed meanwhile: the first page says so, if it is tried there.
                pass
            else:
                return await self._onward.go_on(visit, progress, reply)
        visit = await self._visits.keep(visit, replace(progress, notice="notice.reset"))
        return self._visits.go(visit, SIGN_IN)
