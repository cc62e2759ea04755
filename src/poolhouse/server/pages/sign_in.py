"""Sign-in on pages: the name (and the password, where that is the only way to begin), the way, and then what the
machine asks, question by question, until it has enough.

A page is shown by where the request stands, and never by its address: whoever goes back, reloads, or has it open twice
sees what is to be done now. ``at=name`` and ``at=choose`` show an earlier step; only what is sent from there begins
anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Final

from aiohttp import web
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.errors import PoolhouseError
from poolhouse.flows.directory.naming import name_to_type
from poolhouse.flows.services.user_pools import Services
from poolhouse.flows.sign_in.hosted import PASSWORD
from poolhouse.flows.sign_in.machine import Asking
from poolhouse.flows.sign_in.questions import (
    Given,
    Otherwise,
    Recovering,
    SetUpFactor,
    UsePasskey,
)
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.server.pages.forms import Incomplete, choice_of, code_of, given_of, password_of, username_of
from poolhouse.server.pages.offer import PasskeyOffer
from poolhouse.server.pages.onward import Onward
from poolhouse.server.pages.places import PAGE, Place, Places, code_field, fields_of
from poolhouse.server.pages.problems import problems_of
from poolhouse.server.pages.progress import CodeSent, Progress, Waiting
from poolhouse.server.pages.rules import policy_of
from poolhouse.server.pages.setting_up import SettingUp
from poolhouse.server.pages.views import (
    Problem,
)
from poolhouse.server.pages.visits import Form, Visit, Visits
from poolhouse.server.passkey_options import request_options

_TO_WAIT: Final = (errors.Limited, errors.AttemptsExceeded)
_ENDED: Final = Problem("attempt.ended")


class SignInPages:
    def __init__(self, visits: Visits, services: Services, onward: Onward, offer: PasskeyOffer) -> None:
        self._visits = visits
        self._services = services
        self._onward = onward
        self._offer = offer
        self._hosted = services.hosted
        self._places = Places(services.hosted)
        self._setting_up = SettingUp(visits, services.hosted, onward)

    # --- looking -----------------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> web.Response:
        visit = await self._of_who_is_here(visit)
        if (rising := await self._rising(visit)) is not None:
            return rising
        place, notice = self._places.now(visit), visit.progress.notice
        if place is Place.OFFER:
            return await self._offer.show(visit)
        return await self._page(visit, place, Problem(notice) if notice else None)

    async def _of_who_is_here(self, visit: Visit) -> Visit:
        """Recovery codes are for whom they were made, and only while that is who is signed in here: whoever comes to
        the browser after a sign-out does not find them, nor what was offered to another."""
        owner = visit.progress.owner
        if not visit.progress.is_to_be_seen:
            return visit
        live = await self._services.sessions.live(visit.pool, visit.held)
        if any(one.user.sub == owner for one in live):
            return visit
        return await self._visits.keep(visit, Progress())

    async def _rising(self, visit: Visit) -> web.Response | None:
        """Who is signed in, but for less than the client wants to be sure of, is asked for what is missing and for
        nothing else. None where there is nobody such, or where this page has been sent from before."""
        if visit.progress != Progress() or visit.request.query.get("at"):
            return None
        weak = await self._visits.authorization.too_weak(visit.pending, visit.browser)
        reply = None if weak is None else await self._hosted.step_up(visit.client, weak)
        if weak is None or reply is None:
            return None
        return await self._onward.go_on(visit, Progress(username=name_to_type(visit.pool, weak.user)), reply)

    async def _page(
        self,
        visit: Visit,
        place: Place,
        notice: Problem | None = None,
        problems: tuple[Problem, ...] = (),
        typed: Form | None = None,
    ) -> web.Response:
        passkey = None
        if place is Place.NAME and WEB_AUTHN in self._places.ways(visit):
            visit, passkey = await self._with_passkey(visit)
        view, links = self._places.view(visit, place, notice, problems, typed, passkey)
        return self._visits.page(visit, view, links)

    async def _with_passkey(self, visit: Visit) -> tuple[Visit, Mapping[str, Any] | None]:
        """What an authenticator is asked on the first page, before there is a name: afresh each time, for it does not
        wait for long. Where too many are asked, nobody is."""
        try:
            asking = await self._hosted.begin_by_passkey(visit.client)
        except errors.Limited:
            return visit, None
        if not isinstance(asking, Asking) or not isinstance(asking.question, UsePasskey):
            return visit, None
        visit = await self._visits.keep(visit, replace(visit.progress, passkey=Waiting.of(asking)))
        return visit, request_options(asking.question)

    # --- answering ---------------------------------------------------------------------------------------------------

    async def answer(self, visit: Visit, form: Form) -> web.Response:
        visit = await self._of_who_is_here(visit)
        place = self._places.now(visit)
        try:
            match place:
                case Place.NAME:
                    return await self._name(visit, form)
                case Place.CHOOSE:
                    return await self._chosen(visit, form)
                case Place.PASSWORD:
                    return await self._password(visit, form)
                case Place.QUESTION:
                    return await self._answered(visit, form)
                case Place.OTHER:
                    return await self._given(visit, Otherwise(choice_of(form)), form, place)
                case Place.OFFER:
                    return await self._offer.answer(visit, form)
                case Place.CODES:
                    return await self._codes_kept(visit, form)
                case Place.RECOVERY:
                    return await self._given(visit, Recovering(code_of(form)), form, place)
                case Place.WAYS:
                    return await self._tried(visit, self._setting_up.choose(visit, form), form, place)
                case Place.CONTACT:
                    return await self._tried(visit, self._setting_up.contact(visit, form), form, place)
        except Incomplete as incomplete:
            return await self._page(visit, place, problems=incomplete.problems, typed=form)

    async def _name(self, visit: Visit, form: Form) -> web.Response:
        ways = self._places.ways(visit)
        if form.get("credential") and visit.progress.passkey is not None:
            return await self._by_passkey(visit, visit.progress.passkey, form)
        progress = Progress(username=form.get("username", "").strip(), remembers="remember" in form)
        if ways == (PASSWORD,):
            missing: list[Problem] = []
            for read in (username_of, password_of):
                try:
                    read(form)
                except Incomplete as incomplete:
                    missing += incomplete.problems
            if missing:
                raise Incomplete(*missing)
            return await self._begin(visit, progress, Place.NAME, PASSWORD, password_of(form), typed=form)
        username_of(form)
        if len(ways) == 1:
            return await self._begin(visit, progress, Place.NAME, ways[0], typed=form)
        return await self._onward.keep_and_go(visit, progress)

    async def _by_passkey(self, visit: Visit, passkey: Waiting, form: Form) -> web.Response:
        """An authenticator answered, and says whose it is."""
        given = given_of(WEB_AUTHN, form)
        try:
            reply = await self._hosted.answer(visit.client, "", WEB_AUTHN, passkey.handle, given, visit.remembered)
        except errors.DeviceNotFound:
            return await self._onward.browser_forgotten(visit, visit.progress)
        except (*_TO_WAIT, errors.Failed, errors.Conflicted):
            raise
        except PoolhouseError as error:
            problems = _wrong(error, "passkey.wrong")
            return await self._page(visit, Place.NAME, problems=problems)
        name = getattr(reply.question, "username", "") if isinstance(reply, Asking) else ""
        return await self._onward.go_on(visit, Progress(username=name), reply)

    async def _chosen(self, visit: Visit, form: Form) -> web.Response:
        way = choice_of(form)
        if way not in self._places.ways(visit):
            raise Incomplete(Problem("choose.needed"))
        progress = visit.progress.again()
        if way == PASSWORD:
            return await self._onward.keep_and_go(visit, replace(progress, way=way))
        return await self._begin(visit, progress, Place.CHOOSE, way)

    async def _password(self, visit: Visit, form: Form) -> web.Response:
        return await self._begin(visit, visit.progress, Place.PASSWORD, PASSWORD, password_of(form))

    async def _begin(
        self,
        visit: Visit,
        progress: Progress,
        place: Place,
        way: str,
        password: str | None = None,
        typed: Form | None = None,
    ) -> web.Response:
        """The sign-in of the name begins. ``place`` is the page that comes again where it does not."""
        try:
            reply = await self._hosted.begin(visit.client, progress.username, way, password, visit.remembered)
        except errors.DeviceNotFound:
            return await self._onward.browser_forgotten(visit, progress)
        except _TO_WAIT:
            raise
        except errors.Failed:
            raise
        except PoolhouseError as error:
            if (led := self._elsewhere(visit, progress, error)) is not None:
                return await led
            problem = _wrong(error, "signin.wrong" if place is Place.NAME else "password.wrong")
            return await self._page(visit, place, problems=problem, typed=typed)
        return await self._onward.go_on(visit, progress, reply, way=way if password is None else None)

    async def _answered(self, visit: Visit, form: Form) -> web.Response:
        progress = visit.progress
        waiting = progress.waiting
        if waiting is None:
            return self._visits.go(visit, PAGE)
        asking = waiting.asking
        if isinstance(asking.question, SetUpFactor):
            return await self._tried(visit, self._setting_up.answer(visit, asking, form), form)
        if form.get("do") == "resend":
            return await self._resend(visit, progress, waiting, form)
        return await self._given(visit, given_of(waiting.challenge, form, fields_of(visit, asking)), form)

    async def _resend(self, visit: Visit, progress: Progress, waiting: Waiting, form: Form) -> web.Response:
        """The same code once more, with other digits."""
        if progress.way is None:
            return await self._given(visit, Otherwise(waiting.challenge), form, notice="code.resent")
        reply = await self._hosted.begin(visit.client, progress.username, progress.way, None, visit.remembered)
        return await self._onward.go_on(visit, progress, reply, way=progress.way, notice="code.resent")

    async def _given(
        self, visit: Visit, given: Given, form: Form, place: Place = Place.QUESTION, notice: str | None = None
    ) -> web.Response:
        """The answer, to what waits for one. ``place`` is the page that it was given on."""
        progress = visit.progress
        waiting = progress.waiting
        if waiting is None:
            return self._visits.go(visit, PAGE)
        if "remember_device" in form:
            progress = replace(progress, remembers_browser=True)
        try:
            reply = await self._hosted.answer(
                visit.client, progress.username, waiting.challenge, waiting.handle, given, visit.remembered
            )
        except errors.DeviceNotFound:
            return await self._onward.browser_forgotten(visit, progress)
        except PoolhouseError as error:
            return await self._not_answered(visit, error, form, place)
        return await self._onward.go_on(visit, progress, reply, notice=notice)

    async def _tried(
        self, visit: Visit, answering: Awaitable[web.Response], form: Form, place: Place = Place.QUESTION
    ) -> web.Response:
        try:
            return await answering
        except PoolhouseError as error:
            return await self._not_answered(visit, error, form, place)

    async def _not_answered(
        self, visit: Visit, error: PoolhouseError, form: Form, place: Place = Place.QUESTION
    ) -> web.Response:
        """The page again, where the same question may be answered once more; else the first one."""
        progress = visit.progress
        if isinstance(error, (*_TO_WAIT, errors.Failed, errors.Conflicted)):
            raise error
        if isinstance(error, errors.CodeMismatch | errors.CodeExpired | errors.Invalid | errors.NotFound):
            return await self._page(visit, place, problems=self._problems(visit, error), typed=form)
        if (led := self._elsewhere(visit, progress, error)) is not None:
            return await led
        if isinstance(error, errors.InvalidSession):
            now = await self._visits.authorization.pending(visit.pool.id, visit.pending.handle, visit.secret)
            if now.request.private != visit.pending.request.private:
                # Sent twice, or from another tab: what the first one led to counts.
                return self._visits.go(visit, PAGE)
            problems: tuple[Problem, ...] = (_ENDED,)
        else:
            is_passkey = progress.waiting is not None and progress.waiting.challenge == WEB_AUTHN
            problems = _wrong(error, "passkey.wrong" if is_passkey else "signin.wrong")
        visit = await self._visits.keep(visit, progress.again())
        place = self._places.now(visit)
        return await self._page(visit, place if place is not Place.QUESTION else Place.NAME, problems=problems)

    def _problems(self, visit: Visit, error: PoolhouseError) -> tuple[Problem, ...]:
        if isinstance(error, errors.CodeMismatch | errors.CodeExpired):
            # In our words, also where a plugin that looked at the code has some of its own.
            said = "code.wrong" if isinstance(error, errors.CodeMismatch) else "code.ended"
            return (Problem(said, code_field(visit.progress)),)
        return problems_of(error, password="new_password", policy=policy_of(visit.pool.password_policy))  # noqa: S106

    def _elsewhere(self, visit: Visit, progress: Progress, error: PoolhouseError) -> Awaitable[web.Response] | None:
        """Where something else has to be done first; told only to who has proven to be the user."""
        if isinstance(error, errors.UserNotConfirmed):
            sent = CodeSent(progress.username)
            return self._onward.keep_and_go(visit, replace(progress.again(), confirming=sent), "confirm")
        if isinstance(error, errors.PasswordResetRequired):
            return self._onward.keep_and_go(visit, progress.again(), "forgotPassword")
        return None

    async def _codes_kept(self, visit: Visit, form: Form) -> web.Response:
        """They are shown until the user says so, and not a moment longer."""
        if "kept" not in form:
            raise Incomplete(Problem("recoverycodes.needed", "kept"))
        visit = await self._visits.keep(visit, Progress())
        return await self._visits.go_on(visit, visit.browser)


def _wrong(error: PoolhouseError, otherwise: str) -> tuple[Problem, ...]:
    """What a refusal before the first proof looks like: one sentence for all that is wrong with name or password."""
    if isinstance(error, errors.Refused):
        return problems_of(error)
    return (Problem(otherwise, "password" if otherwise == "password.wrong" else None),)
