"""A second factor is set up, or new recovery codes are had, by who is signed in in this browser.

What is under way belongs to the user for whom it began: where another account is present by now, it begins anew.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.errors import AccountChanged
from poolhouse.flows.grants.sessions import Begun, SignedIn
from poolhouse.flows.oauth.factor_errand import FactorErrand
from poolhouse.flows.oauth.interaction import Browser, Step
from poolhouse.records.factors import RECOVERY_CODE
from poolhouse.server.pages.accounts import shown_name
from poolhouse.server.pages.errands import ErrandPages
from poolhouse.server.pages.fields import missing_fields
from poolhouse.server.pages.forms import Incomplete, choice_of, code_of, values_of
from poolhouse.server.pages.places import PAGE as SIGN_IN
from poolhouse.server.pages.places import TOTP, code_field, set_up_view
from poolhouse.server.pages.problems import problems_of
from poolhouse.server.pages.progress import CodeSent, Progress, SetUp
from poolhouse.server.pages.setting_up import only_answer
from poolhouse.server.pages.views import (
    BeginFactor,
    Choose,
    Code,
    Contact,
    Field,
    Option,
    Problem,
    RecoveryCodes,
    Stuck,
    View,
)
from poolhouse.server.pages.visits import Form, Visit
from poolhouse.server.paths import PAGES

PAGE: Final = PAGES[Step.ADD_FACTOR]
_WAYS: Final = "ways"
_CONTACT: Final = "contact"
_WRONG: Final = (errors.CodeMismatch, errors.CodeExpired)


class AddFactorPages(ErrandPages[FactorErrand]):
    # --- looking -----------------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> web.Response:
        present = await self._errand.present(visit.pending, visit.browser)
        if isinstance(present, Step):
            return self._visits.go(visit, PAGES[present])
        if visit.progress.owner != present.user.sub:
            visit = await self._visits.keep(visit, Progress(owner=present.user.sub))
        if Step.ADD_FACTOR.value in visit.pending.request.done and not visit.progress.codes:
            return await self.leave(visit)
        factor = self._factor(visit, present)
        if self._is_begun_by_looking(factor) and visit.progress.set_up is None and not visit.progress.codes:
            shown = await self._errand.start(visit.pending, present, factor)
            visit = await self._visits.keep(visit, replace(visit.progress, set_up=SetUp(factor, dict(shown))))
        return self._page(visit, present)

    def _factor(self, visit: Visit, present: SignedIn) -> str:
        """The one that is set up; empty where it is to be chosen."""
        if not self._may_choose(visit, present):
            return visit.pending.request.adds_factor or ""
        return "" if visit.request.query.get("at") == _WAYS else visit.progress.adding

    def _may_choose(self, visit: Visit, present: SignedIn) -> bool:
        """The client said nothing; or it wants recovery codes for who has no second factor that they would stand in
        for."""
        said = visit.pending.request.adds_factor
        return not said or (said == RECOVERY_CODE and said not in self._choices(visit, present))

    def _choices(self, visit: Visit, present: SignedIn) -> tuple[str, ...]:
        return self._errand.choices(visit.pending, present.user)

    def _is_begun_by_looking(self, factor: str) -> bool:
        """Nothing that the user has changes by it, and nothing is sent."""
        return factor not in ("", RECOVERY_CODE) and self._errand.takes_contact(factor) is None

    def _page(
        self, visit: Visit, present: SignedIn, problems: tuple[Problem, ...] = (), typed: Form | None = None
    ) -> web.Response:
        if visit.progress.codes:
            return self._visits.page(visit, RecoveryCodes(codes=visit.progress.codes, problems=problems))
        factor = self._factor(visit, present)
        view = replace(self._view(visit, present, factor, typed), can_leave=True, problems=problems)
        links = {"restart": visit.address(SIGN_IN, at="name")}
        if factor and self._may_choose(visit, present):
            links["other"] = visit.address(PAGE, at=_WAYS)
        if isinstance(view, Code) and self._errand.destination(present.user, factor) is None:
            links["change"] = visit.address(PAGE, at=_CONTACT)
        return self._visits.page(visit, view, links)

    def _view(self, visit: Visit, present: SignedIn, factor: str, typed: Form | None) -> View:
        progress, username = visit.progress, shown_name(visit, present)
        names = self._choices(visit, present)
        if not names or (factor and factor not in names):
            return Stuck(username=username)
        if not factor:
            options = tuple(Option(value=name, name=name) for name in names)
            return Choose(username=username, purpose="set_up", options=options)
        if factor == RECOVERY_CODE:
            return BeginFactor(username=username, medium="CODES")
        attribute = self._errand.takes_contact(factor)
        if attribute is None:
            return set_up_view(replace(progress, username=username), progress.set_up or SetUp(factor), (), typed)
        medium = "SMS" if attribute == "phone_number" else "EMAIL"
        sent = progress.confirming
        if sent is not None and sent.medium == factor and visit.request.query.get("at") != _CONTACT:
            notice = Problem(progress.notice) if progress.notice else None
            return Code(username=username, factor=factor, destination=sent.destination, can_resend=True, notice=notice)
        if (held := self._errand.destination(present.user, factor)) is not None:
            return BeginFactor(username=username, medium=medium, destination=held)
        return Contact(username=username, medium=medium, missing=missing_fields(visit.pool, (attribute,), typed))

    # --- answering ---------------------------------------------------------------------------------------------------

    async def answer(self, visit: Visit, form: Form) -> web.Response:
        if form.get("do") in ("later", "leave"):
            return await self.leave(visit)
        present = await self._errand.present(visit.pending, visit.browser)
        if isinstance(present, Step):
            return self._visits.go(visit, PAGES[present])
        if visit.progress.owner != present.user.sub:
            # Another tab signed somebody else in: what was shown was not for them.
            return self._visits.go(visit, PAGE)
        try:
            return await self._answered(visit, present, form)
        except Incomplete as incomplete:
            return self._page(visit, present, incomplete.problems, form)
        except AccountChanged:
            return self._visits.go(visit, PAGE)
        except _WRONG as error:
            said = "code.wrong" if isinstance(error, errors.CodeMismatch) else "code.ended"
            return self._page(visit, present, (Problem(said, code_field(visit.progress)),), form)
        except (errors.Invalid, errors.FactorNotOffered) as error:
            return self._page(visit, present, problems_of(error), form)

    async def _answered(self, visit: Visit, present: SignedIn, form: Form) -> web.Response:
        progress, factor = visit.progress, self._factor(visit, present)
        if progress.codes:
            if "kept" not in form:
                raise Incomplete(Problem("recoverycodes.needed", "kept"))
            return await self.leave(visit)
        if not factor:
            return await self._chosen(visit, present, form)
        if factor == RECOVERY_CODE:
            _require(form, "begin")
            begun, codes = await self._errand.new_codes(visit.pending, visit.browser, present.user.sub)
            return await self._done(visit, begun, codes)
        if self._errand.takes_contact(factor) is not None:
            return await self._by_message(visit, present, factor, form)
        if progress.set_up is None:
            return self._visits.go(visit, PAGE)
        code = code_of(form) if factor == TOTP else only_answer(form, progress.set_up)
        return await self._complete(visit, present, factor, code, form.get("device_name", "").strip() or None)

    async def _chosen(self, visit: Visit, present: SignedIn, form: Form) -> web.Response:
        factor = choice_of(form)
        if factor not in self._choices(visit, present):
            raise Incomplete(Problem("choose.needed"))
        visit = await self._visits.keep(visit, Progress(owner=present.user.sub, adding=factor))
        return self._visits.go(visit, PAGE)

    async def _by_message(self, visit: Visit, present: SignedIn, factor: str, form: Form) -> web.Response:
        attribute = self._errand.takes_contact(factor) or ""
        if attribute in form:
            contact = values_of(form, (Field(name=attribute),))[attribute]
            return await self._sent(visit, present, factor, contact)
        if form.get("do") == "begin":
            return await self._sent(visit, present, factor, None)
        if form.get("do") == "resend" and visit.progress.confirming is not None:
            return await self._sent(visit, present, factor, None, "code.resent")
        return await self._complete(visit, present, factor, code_of(form), None)

    async def _sent(
        self, visit: Visit, present: SignedIn, factor: str, contact: str | None, notice: str | None = None
    ) -> web.Response:
        delivery = await self._errand.send(visit.pending, present, factor, contact)
        sent = CodeSent(present.user.username, delivery.destination, factor)
        visit = await self._visits.keep(visit, replace(visit.progress, confirming=sent, notice=notice))
        return self._visits.go(visit, PAGE)

    async def _complete(
        self, visit: Visit, present: SignedIn, factor: str, code: str, label: str | None
    ) -> web.Response:
        begun, codes = await self._errand.complete(visit.pending, visit.browser, present.user.sub, factor, code, label)
        return await self._done(visit, begun, codes)

    async def _done(self, visit: Visit, begun: Begun, codes: tuple[str, ...]) -> web.Response:
        """The user sees the recovery codes, where there are any, and goes back."""
        browser = Browser(visit.secret, begun.handles)
        try:
            if not codes:
                return self._visits.leave(visit, await self._errand.leave(visit.pending), browser, begun.seconds)
            visit = await self._visits.keep(visit, Progress(codes=codes, owner=begun.signed_in.user.sub))
            await self._visits.authorization.done(visit.pending, Step.ADD_FACTOR)
        except (errors.Conflicted, errors.TransactionEnded):
            # Another tab was faster. The session has its new handle all the same.
            pass
        return self._visits.go_signed_in(visit, PAGE, browser, begun.seconds)


def _require(form: Form, pressed: str) -> None:
    """Raises ``Incomplete``."""
    if form.get("do") != pressed:
        raise Incomplete(Problem("choose.needed"))
