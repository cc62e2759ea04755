"""Sign-up by the pool's schema, and the code that confirms it. Who has both is signed in."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.errors import PoolhouseError
from poolhouse.flows.accounts.sign_up import SignUpRequest
from poolhouse.flows.oauth.interaction import Step
from poolhouse.flows.services.user_pools import Services
from poolhouse.flows.sign_in.hosted import PASSWORD
from poolhouse.records.users import CONFIRMED
from poolhouse.server.pages.fields import asks_username, names_of, sign_up_fields
from poolhouse.server.pages.forms import Incomplete, attributes_of, code_of, password_of, username_of
from poolhouse.server.pages.onward import Onward
from poolhouse.server.pages.places import PAGE as SIGN_IN
from poolhouse.server.pages.problems import problems_of
from poolhouse.server.pages.progress import CodeSent, Progress
from poolhouse.server.pages.rules import policy_of
from poolhouse.server.pages.views import Confirm, Problem, SignUp
from poolhouse.server.pages.visits import Form, Visit, Visits

PAGE: Final = "signup"
CONFIRM: Final = "confirm"
_TO_WAIT: Final = (errors.Limited, errors.AttemptsExceeded, errors.Failed, errors.Conflicted)


class SignUpPages:
    def __init__(self, visits: Visits, services: Services, onward: Onward) -> None:
        self._visits = visits
        self._services = services
        self._onward = onward

    # --- a new account -----------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> web.Response:
        return self._page(visit)

    def _page(self, visit: Visit, problems: tuple[Problem, ...] = (), typed: Form | None = None) -> web.Response:
        if visit.pool.admin_create_only:
            return self._visits.go(visit, SIGN_IN)
        view = SignUp(
            fields=sign_up_fields(visit.pool, visit.client, typed),
            policy=policy_of(visit.pool.password_policy),
            asks_username=asks_username(visit.pool),
            username=(typed or {}).get("username", ""),
            names=names_of(visit.pool) if visit.pool.username_attributes else ("username",),
            problems=problems,
        )
        return self._visits.page(visit, view, {"signin": visit.address(SIGN_IN, at="name")})

    async def answer(self, visit: Visit, form: Form) -> web.Response:
        pool, client = visit.pool, visit.client
        if pool.admin_create_only:
            return self._visits.go(visit, SIGN_IN)
        try:
            username, password, attributes = self._typed(visit, form)
        except Incomplete as incomplete:
            return self._page(visit, incomplete.problems, form)
        request = SignUpRequest(
            username=username,
            password=password,
            attributes=attributes,
            secret_hash=self._services.on_pages.secret_hash(client, username),
            by_pages=True,
        )
        try:
            signed_up = await self._services.sign_up.sign_up(self._services.on_pages.client(client), request)
        except _TO_WAIT:
            raise
        except PoolhouseError as error:
            return self._page(visit, problems_of(error, policy=policy_of(pool.password_policy)), form)
        visit = replace(visit, pending=await self._visits.authorization.done(visit.pending, Step.SIGN_UP))
        progress = Progress(username=username)
        if signed_up.delivery is not None:
            sent = CodeSent(username, signed_up.delivery.destination, signed_up.delivery.medium, signed_up.session)
            visit = await self._visits.keep(visit, replace(progress, confirming=sent))
            return self._visits.go(visit, CONFIRM)
        if signed_up.user.status == CONFIRMED and password:
            # The password is known, and nothing else was asked for: it need not be typed twice.
            reply = await self._services.hosted.begin(client, username, PASSWORD, password)
            return await self._onward.go_on(visit, progress, reply)
        visit = await self._visits.keep(visit, progress)
        return self._visits.go(visit, SIGN_IN)

    @staticmethod
    def _typed(visit: Visit, form: Form) -> tuple[str, str, dict[str, str]]:
        """Name, password and attributes. Raises ``Incomplete`` with all that is missing."""
        problems: list[Problem] = []
        attributes: dict[str, str] = {}
        try:
            attributes = attributes_of(form, sign_up_fields(visit.pool, visit.client))
        except Incomplete as incomplete:
            problems += incomplete.problems
        username = next((attributes[name] for name in visit.pool.username_attributes if name in attributes), "")
        if asks_username(visit.pool):
            try:
                username = username_of(form)
            except Incomplete as incomplete:
                problems = [*incomplete.problems, *problems]
        try:
            password = password_of(form)
        except Incomplete as incomplete:
            password, problems = "", [*problems, *incomplete.problems]
        if problems:
            raise Incomplete(*problems)
        return username, password, attributes

    # --- its confirmation --------------------------------------------------------------------------------------------

    async def show_confirm(self, visit: Visit) -> web.Response:
        return self._confirm_page(visit)

    def _confirm_page(self, visit: Visit, problems: tuple[Problem, ...] = ()) -> web.Response:
        progress = visit.progress
        sent = progress.confirming
        if sent is None:
            return self._visits.go(visit, SIGN_IN)
        view = Confirm(
            username=sent.username,
            destination=sent.destination,
            medium=sent.medium,
            problems=problems,
            notice=Problem(progress.notice) if progress.notice and not problems else None,
        )
        links = {"change": visit.address(PAGE), "signin": visit.address(SIGN_IN, at="name")}
        return self._visits.page(visit, view, links)

    async def answer_confirm(self, visit: Visit, form: Form) -> web.Response:
        sent = visit.progress.confirming
        if sent is None:
            return self._visits.go(visit, SIGN_IN)
        if form.get("do") == "resend":
            return await self._resend(visit, sent)
        try:
            code = code_of(form)
        except Incomplete as incomplete:
            return self._confirm_page(visit, incomplete.problems)
        client = self._services.on_pages.client(visit.client)
        proof = self._services.on_pages.secret_hash(client, sent.username)
        try:
            session = await self._services.sign_up.confirm(
                client, sent.username, code, metadata={}, secret_hash=proof, session=sent.session
            )
        except _TO_WAIT:
            raise
        except PoolhouseError as error:
            return self._confirm_page(visit, problems_of(error))
        progress = Progress(username=sent.username)
        if session is not None:
            try:
                reply = await self._services.hosted.begin_signed_up(visit.client, sent.username, session)
            except errors.Denied:
                # Something changed meanwhile: they prove who they are as everybody does.
                pass
            else:
                return await self._onward.go_on(visit, progress, reply)
        visit = await self._visits.keep(visit, replace(progress, notice="notice.confirmed"))
        return self._visits.go(visit, SIGN_IN)

    async def _resend(self, visit: Visit, sent: CodeSent) -> web.Response:
        client = self._services.on_pages.client(visit.client)
        proof = self._services.on_pages.secret_hash(client, sent.username)
        try:
            delivery = await self._services.sign_up.resend(client, sent.username, metadata={}, secret_hash=proof)
        except _TO_WAIT:
            raise
        except PoolhouseError as error:
            return self._confirm_page(visit, problems_of(error))
        sent = CodeSent(sent.username, delivery.destination, delivery.medium, sent.session)
        visit = await self._visits.keep(visit, replace(visit.progress, confirming=sent, notice="code.resent"))
        return self._visits.go(visit, CONFIRM)
