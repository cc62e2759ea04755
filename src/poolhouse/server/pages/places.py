"""Where a sign-in on pages stands, and the page of each place."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from poolhouse.errors import UnsupportedOperation
from poolhouse.flows.sign_in.hosted import PASSWORD, HostedSignIn
from poolhouse.flows.sign_in.machine import Asking
from poolhouse.flows.sign_in.questions import AnswerPlugin, AnswerStranger, ChooseFactor, GiveCode, SetUpFactor
from poolhouse.records.factors import RECOVERY_CODE
from poolhouse.server.pages.asked import view_of
from poolhouse.server.pages.fields import missing_fields, names_of, plugin_fields, told_by_plugin
from poolhouse.server.pages.progress import Progress, SetUp, Waiting
from poolhouse.server.pages.views import (
    Choose,
    Code,
    Contact,
    Custom,
    Field,
    Option,
    Password,
    Problem,
    RecoveryCodes,
    SetUpAuthenticator,
    SignIn,
    Stuck,
    View,
)
from poolhouse.server.pages.visits import Form, Visit
from poolhouse.server.pages.wording import WAYS

PAGE: Final = "login"
TOTP: Final = "SOFTWARE_TOKEN_MFA"


class Place(Enum):
    """Where the sign-in stands, for the user."""

    NAME = "name"
    CHOOSE = "choose"
    PASSWORD = "password"  # noqa: S105 - a step
    QUESTION = "question"
    OTHER = "other"
    RECOVERY = "recovery"
    CODES = "codes"
    OFFER = "offer"
    WAYS = "ways"
    """How to set up a second factor."""
    CONTACT = "contact"
    """Where its codes are to go."""


class Places:
    def __init__(self, hosted: HostedSignIn) -> None:
        self._hosted = hosted

    def view(
        self,
        visit: Visit,
        place: Place,
        notice: Problem | None = None,
        problems: tuple[Problem, ...] = (),
        typed: Form | None = None,
        passkey: Mapping[str, Any] | None = None,
    ) -> tuple[View, dict[str, str]]:
        """The page of this place, and its ways out. ``typed`` is a form that comes again, ``passkey`` what an
        authenticator is asked."""
        progress, ways = visit.progress, self.ways(visit)
        links = self._links(visit) if place is Place.NAME else {"restart": visit.address(PAGE, at="name")}
        view: View
        match place:
            case Place.NAME:
                typed = typed or {}
                view = SignIn(
                    names=names_of(visit.pool),
                    username=typed.get("username") or self._known_name(visit),
                    asks_password=ways == (PASSWORD,),
                    passkey=passkey,
                    notice=notice,
                    problems=problems,
                )
            case Place.CHOOSE:
                options = tuple(Option(value=way, name=way) for way in ways)
                view = Choose(
                    username=progress.username,
                    purpose="challenge",
                    options=options,
                    notice=notice,
                    problems=problems,
                )
                links["recover"] = visit.address("forgotPassword")
            case Place.PASSWORD:
                view = Password(username=progress.username, notice=notice, problems=problems)
                links["forgot"] = visit.address("forgotPassword")
                links |= self._other(visit)
            case Place.QUESTION:
                if progress.waiting is None:
                    return self.view(visit, Place.NAME, notice, problems, typed, passkey)
                view = self._question(visit, progress.waiting, notice, problems, typed)
                links |= self._other(visit)
                if _asks_code_of_added(progress):
                    links["change"] = visit.address(PAGE, at=Place.CONTACT.value)
                if _is_recoverable(progress):
                    links["recovery"] = visit.address(PAGE, at=Place.RECOVERY.value)
            case Place.OTHER:
                options = tuple(Option(value=name, name=name) for name in _others(progress))
                view = Choose(username=progress.username, purpose="factor", options=options, problems=problems)
            case Place.WAYS:
                view = self._ways_to_set_up(visit, problems)
            case Place.CONTACT:
                attribute = self._hosted.takes_contact(progress.adding) or ""
                missing = missing_fields(visit.pool, (attribute,), typed)
                medium = "SMS" if attribute == "phone_number" else "EMAIL"
                view = Contact(username=progress.username, medium=medium, missing=missing, problems=problems)
                links |= self._other(visit)
            case Place.OFFER:
                raise UnsupportedOperation  # it needs an authenticator's options (offer.py)
            case Place.CODES:
                view, links = RecoveryCodes(codes=progress.codes, problems=problems), {}
            case Place.RECOVERY:
                view = Code(username=progress.username, factor=RECOVERY_CODE, recovery=True, problems=problems)
                links["other"] = visit.address(PAGE)
        return view, links

    def _question(
        self,
        visit: Visit,
        waiting: Waiting,
        notice: Problem | None,
        problems: tuple[Problem, ...],
        typed: Form | None,
    ) -> View:
        progress, asking = visit.progress, waiting.asking
        if isinstance(asking.question, SetUpFactor):
            if progress.set_up is not None:
                return set_up_view(progress, progress.set_up, problems, typed)
            return self._ways_to_set_up(visit, problems)
        return view_of(
            asking,
            visit.pool,
            username=progress.username,
            problems=problems,
            notice=notice,
            typed=typed,
            offers_device=_can_be_remembered(visit, progress),
            can_resend=isinstance(asking.question, GiveCode) and asking.question.delivery is not None,
        )

    def _ways_to_set_up(self, visit: Visit, problems: tuple[Problem, ...]) -> View:
        username = visit.progress.username
        options = tuple(Option(value=name, name=name) for name in self.settable(visit))
        if not options:
            return Stuck(username=username)
        return Choose(username=username, purpose="set_up", options=options, problems=problems)

    def now(self, visit: Visit) -> Place:
        """Where the sign-in stands; or where the address says, as far as it has come."""
        progress, at = visit.progress, visit.request.query.get("at")
        if progress.codes:
            return Place.CODES
        if progress.offers:
            return Place.OFFER
        can_choose = bool(progress.username) and len(self.ways(visit)) > 1
        if at == Place.NAME.value:
            return Place.NAME
        if at == Place.CHOOSE.value and self._is_at_beginning(progress):
            return Place.CHOOSE if can_choose else Place.NAME
        if at == Place.OTHER.value and _others(progress):
            return Place.OTHER
        if at == Place.RECOVERY.value and _is_recoverable(progress):
            return Place.RECOVERY
        if _is_setting_up(progress) and at == Place.WAYS.value and len(self.settable(visit)) > 1:
            return Place.WAYS
        if progress.adding and _is_setting_up(progress):
            has_to_say = isinstance(progress.question, SetUpFactor) or at == Place.CONTACT.value
            return Place.CONTACT if has_to_say else Place.QUESTION
        if progress.waiting is not None:
            return Place.QUESTION
        if progress.way == PASSWORD:
            return Place.PASSWORD
        return Place.CHOOSE if can_choose else Place.NAME

    @staticmethod
    def _is_at_beginning(progress: Progress) -> bool:
        """Whether nothing was proven yet."""
        return progress.waiting is None or progress.way is not None

    def ways(self, visit: Visit) -> tuple[str, ...]:
        return self._hosted.ways(visit.pool, visit.client)

    def settable(self, visit: Visit) -> tuple[str, ...]:
        return self._hosted.settable(visit.pool, visit.client)

    def _other(self, visit: Visit) -> dict[str, str]:
        """The link to another way, where there is one."""
        progress = visit.progress
        if _is_setting_up(progress):
            is_begun = progress.set_up is not None or progress.adding != ""
            others = is_begun and len(self.settable(visit)) > 1
            return {"other": visit.address(PAGE, at=Place.WAYS.value)} if others else {}
        if _others(visit.progress):
            return {"other": visit.address(PAGE, at=Place.OTHER.value)}
        if len(self.ways(visit)) < 2 or not self._is_at_beginning(visit.progress):
            return {}
        return {"other": visit.address(PAGE, at=Place.CHOOSE.value)}

    @staticmethod
    def _known_name(visit: Visit) -> str:
        """What stands in the field already. Whoever comes back to it wants another name."""
        if visit.request.query.get("at") == Place.NAME.value:
            return ""
        return visit.progress.username or visit.pending.request.login_hint or ""

    def _links(self, visit: Visit) -> dict[str, str]:
        links = {"forgot": visit.address("forgotPassword")}
        if not visit.pool.admin_create_only:
            links["signup"] = visit.address("signup")
        return links


def _can_be_remembered(visit: Visit, progress: Progress) -> bool:
    """Whether the user is to be asked if this browser is to stand for a second factor."""
    tracking = visit.pool.devices
    return tracking is not None and tracking.instead and tracking.on_prompt and progress.way is None


def _others(progress: Progress) -> tuple[str, ...]:
    """The second factors that can be asked for instead."""
    question = progress.question
    return question.others if isinstance(question, GiveCode) else ()


def _is_setting_up(progress: Progress) -> bool:
    """Whether a second factor is being set up, or the code is asked for that ends it."""
    return isinstance(progress.question, SetUpFactor) or _asks_code_of_added(progress)


def _asks_code_of_added(progress: Progress) -> bool:
    return bool(progress.adding) and progress.waiting is not None and progress.waiting.challenge == progress.adding


def _is_recoverable(progress: Progress) -> bool:
    question = progress.question
    return isinstance(question, GiveCode | ChooseFactor) and question.recoverable


def code_field(progress: Progress) -> str:
    """The input that a code is typed into."""
    own: Mapping[str, str] | None
    if progress.set_up is not None:
        own = None if progress.set_up.factor == TOTP else progress.set_up.shown
    else:
        asking = progress.waiting.asking if progress.waiting else None
        question = asking.question if asking else None
        is_own = isinstance(question, GiveCode) and asking is not None and asking.challenge not in WAYS
        own = question.shown if is_own and isinstance(question, GiveCode) else None
    return "code" if own is None else f"answer_{plugin_fields(own)[0].name}"


def fields_of(visit: Visit, asking: Asking) -> tuple[Field, ...]:
    """Those that the page of the question had, beside the known ones."""
    question = asking.question
    if isinstance(question, AnswerPlugin | AnswerStranger) or (
        isinstance(question, GiveCode) and asking.challenge not in WAYS
    ):
        return plugin_fields(question.shown)
    missing = getattr(question, "missing", ())
    return missing_fields(visit.pool, missing) if missing else ()


def set_up_view(
    progress: Progress, set_up: SetUp, problems: tuple[Problem, ...], typed: Mapping[str, str] | None
) -> View:
    if set_up.factor == TOTP:
        return SetUpAuthenticator(
            username=progress.username,
            key=set_up.shown.get("secret", ""),
            address=set_up.shown.get("address", ""),
            problems=problems,
        )
    return Custom(
        username=progress.username,
        shown=told_by_plugin(set_up.shown),
        fields=plugin_fields(set_up.shown, typed),
        problems=problems,
    )
