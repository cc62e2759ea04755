"""The questions of a sign-in become pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from poolhouse.errors import UnsupportedOperation
from poolhouse.flows.sign_in.machine import Asking
from poolhouse.flows.sign_in.questions import (
    AnswerPlugin,
    AnswerStranger,
    ChooseChallenge,
    ChooseFactor,
    ChooseNewPassword,
    GiveCode,
    GivePassword,
    SetUpFactor,
    UsePasskey,
)
from poolhouse.records.pools import Pool
from poolhouse.server.pages.fields import missing_fields, plugin_fields, told_by_plugin
from poolhouse.server.pages.rules import policy_of
from poolhouse.server.pages.views import (
    Choose,
    Code,
    Custom,
    NewPassword,
    Option,
    Passkey,
    Password,
    Problem,
    View,
)
from poolhouse.server.pages.wording import WAYS
from poolhouse.server.passkey_options import request_options

_SRP = "PASSWORD_SRP"
"""Pages send the password itself."""
_ALONE = ("SOFTWARE_TOKEN_MFA",)
"""Factors whose codes nobody sends."""


def view_of(
    asking: Asking,
    pool: Pool,
    *,
    username: str,
    problems: tuple[Problem, ...] = (),
    notice: Problem | None = None,
    typed: Mapping[str, str] | None = None,
    offers_device: bool = False,
    can_resend: bool = False,
    resend_after: int = 0,
    minutes: int | None = None,
) -> View:
    """The page that asks it. ``username`` is what the user typed, ``typed`` the fields of a form that comes again.

    Raises ``UnsupportedOperation`` for what only programs can answer.
    """
    match asking.question:
        case GivePassword():
            return Password(username=username, problems=problems, notice=notice)
        case ChooseChallenge() as choice:
            names = [name for name in choice.available if name != _SRP]
            return _choose("challenge", username, names, problems)
        case ChooseFactor() as factors:
            return _choose("factor", username, factors.factors, problems)
        case SetUpFactor() as set_up:
            return _choose("set_up", username, set_up.factors, problems)
        case ChooseNewPassword() as chosen:
            return NewPassword(
                username=username,
                policy=policy_of(pool.password_policy),
                missing=missing_fields(pool, chosen.missing, typed),
                problems=problems,
            )
        case GiveCode() as code:
            known = asking.challenge in WAYS
            return Code(
                username=username,
                factor=asking.challenge,
                destination=code.delivery.destination if code.delivery else None,
                label=code.label,
                shown=told_by_plugin(code.shown),
                fields=() if known else plugin_fields(code.shown, typed),
                recovery=asking.challenge == "RECOVERY_CODE",
                offers_device=offers_device,
                can_resend=can_resend and asking.challenge not in _ALONE,
                resend_after=resend_after,
                minutes=minutes,
                problems=problems,
                notice=notice,
            )
        case UsePasskey() as passkey:
            return Passkey(username=username, options=request_options(passkey), problems=problems)
        case AnswerPlugin(shown=shown) | AnswerStranger(shown=shown):
            return Custom(
                username=username,
                shown=told_by_plugin(shown),
                fields=plugin_fields(shown, typed),
                problems=problems,
                notice=notice,
            )
        case _:
            raise UnsupportedOperation


def _choose(purpose: str, username: str, names: Sequence[str], problems: tuple[Problem, ...]) -> Choose:
    options = tuple(Option(value=name, name=name) for name in names)
    return Choose(username=username, purpose=purpose, options=options, problems=problems)
