"""Each question of a sign-in has its page, and each refusal its sentence."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.errors import PoolhouseError, UnsupportedOperation
from poolhouse.errors.reasons import Reason
from poolhouse.errors.statements import Statement
from poolhouse.flows.directory.passwords import LONGEST, SYMBOLS, require_policy
from poolhouse.flows.sign_in.machine import Asking
from poolhouse.flows.sign_in.questions import (
    AnswerPlugin,
    AnswerStranger,
    BeginDeviceSrp,
    BeginSrp,
    ChooseChallenge,
    ChooseFactor,
    ChooseNewPassword,
    GiveCode,
    GivePassword,
    PasskeyHint,
    ProveDevice,
    ProvePassword,
    Question,
    SetUpFactor,
    UsePasskey,
)
from poolhouse.records.messages import Delivery
from poolhouse.records.pools import PasswordPolicy
from poolhouse.server.pages.asked import view_of
from poolhouse.server.pages.languages import Languages
from poolhouse.server.pages.problems import problems_of
from poolhouse.server.pages.rules import password_rules, policy_of
from poolhouse.server.pages.views import Choose, Code, Custom, NewPassword, Passkey, Password, Problem
from tests.unit.server.pages.test_fields import POOL

WORDS = Languages().words("en")


def page(question: Question, challenge: str = "X", **more: Any) -> Any:
    return view_of(Asking(challenge, "handle", question), POOL, username="lena", **more)


def test_a_password_is_asked_for() -> None:
    assert Password(username="lena") == page(GivePassword())


def test_a_choice_leaves_out_what_only_programs_can_do() -> None:
    view = page(ChooseChallenge(("EMAIL_OTP", "PASSWORD_SRP", "PASSWORD")))

    assert isinstance(view, Choose)
    assert ("challenge", ["EMAIL_OTP", "PASSWORD"]) == (view.purpose, [option.value for option in view.options])


@pytest.mark.parametrize(
    ("question", "purpose"),
    [
        (ChooseFactor("u", ("SMS_MFA", "WORDS")), "factor"),
        (SetUpFactor("u", ("SMS_MFA", "WORDS"), "pool"), "set_up"),
    ],
)
def test_a_choice_of_factors_says_what_it_is_for(question: Question, purpose: str) -> None:
    view = page(question)

    assert isinstance(view, Choose)
    assert (purpose, ["SMS_MFA", "WORDS"]) == (view.purpose, [option.name for option in view.options])


def test_a_new_password_comes_with_the_policy_and_what_is_missing() -> None:
    view = page(ChooseNewPassword("u", ("custom:floor",)), typed={"custom_floor": "3"})

    assert isinstance(view, NewPassword)
    assert (8, "custom_floor", "3") == (view.policy["length"], view.missing[0].name, view.missing[0].value)


def test_a_code_says_where_it_went_and_never_the_inner_name() -> None:
    sent = Delivery(destination="l***@e***", medium="EMAIL", attribute="email")

    view = page(GiveCode("inner-name", sent, "My phone"), "EMAIL_OTP", can_resend=True)

    assert Code(username="lena", factor="EMAIL_OTP", destination="l***@e***", label="My phone", can_resend=True) == view


def test_the_code_of_an_app_cannot_be_sent_again() -> None:
    assert not page(GiveCode("u"), "SOFTWARE_TOKEN_MFA", can_resend=True).can_resend


def test_a_recovery_code_is_asked_for_as_one() -> None:
    assert page(GiveCode("u"), "RECOVERY_CODE").recovery


def test_the_factor_of_a_plugin_has_its_own_fields() -> None:
    view = page(GiveCode("u", shown={"question": "A word"}), "WORDS")

    assert ({"question": "A word"}, ["ANSWER"]) == (view.shown, [field.name for field in view.fields])


def test_a_passkey_gets_the_options_that_browsers_read() -> None:
    view = page(UsePasskey("Y2g", "example.org", (PasskeyHint("a2V5", ("usb",)),), "required", 60))

    assert isinstance(view, Passkey)
    assert {
        "challenge": "Y2g",
        "timeout": 60_000,
        "rpId": "example.org",
        "allowCredentials": [{"type": "public-key", "id": "a2V5", "transports": ["usb"]}],
        "userVerification": "required",
    } == view.options


@pytest.mark.parametrize("question", [AnswerPlugin("u", {"a": "b"}), AnswerStranger("X", {"a": "b"})])
def test_a_plugin_asks_by_a_form_of_its_own(question: Question) -> None:
    view = page(question)

    assert isinstance(view, Custom)
    assert {"a": "b"} == view.shown


@pytest.mark.parametrize(
    "question",
    [
        BeginSrp(),
        BeginDeviceSrp("u", "k"),
        ProvePassword("0", "1", "u"),
        ProveDevice("u", "k", "0", "1"),
    ],
)
def test_what_only_programs_can_answer_is_refused(question: Question) -> None:
    with pytest.raises(UnsupportedOperation):
        page(question)


def test_every_kind_of_question_was_asked_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")

    assert [] == [kind.__name__ for kind in Question.__subclasses__() if f"{kind.__name__}(" not in source]


# --- passwords -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "policy",
    [
        PasswordPolicy(),
        PasswordPolicy(minimum_length=12, require_symbols=False),
        PasswordPolicy(
            minimum_length=6,
            require_lowercase=False,
            require_uppercase=False,
            require_numbers=False,
            require_symbols=False,
            history=5,
        ),
    ],
)
def test_the_rules_on_the_page_are_those_of_the_policy(policy: PasswordPolicy) -> None:
    rules = password_rules(policy_of(policy))
    tests = [re.compile(rule.test.replace("[^]", "(?s:.)")) for rule in rules.rules if rule.test]
    password = "aA1-bB2-cC3-"

    require_policy(policy, password)
    assert all(test.search(password) for test in tests)
    for broken in ("aA1-", "AA1-BB2-CC3-", "aa1-bb2-cc3-", "aAx-bBx-cCx-", "aA1xbB2xcC3x"):
        try:
            require_policy(policy, broken)
        except errors.PasswordPolicyViolation:
            assert not all(test.search(broken) for test in tests)
        else:
            assert all(test.search(broken) for test in tests)


def test_every_symbol_of_the_policy_is_one_on_the_page() -> None:
    (symbols,) = [rule for rule in password_rules({"length": 1, "symbols": True}).rules if rule.id == "rule.symbols"]
    assert symbols.test is not None

    assert SYMBOLS - {" "} == {chr(n) for n in range(0x250) if re.fullmatch(symbols.test, chr(n))}


def test_password_managers_are_told_the_policy() -> None:
    assert "minlength: 12;" == password_rules({"length": 12}).line
    strict = password_rules({"length": 8, "upper": True, "lower": True, "digits": True, "symbols": True})
    assert strict.line.startswith(
        f"minlength: 8; maxlength: {LONGEST}; required: upper; required: lower; required: digit; required: [-"
    )


# --- refusals --------------------------------------------------------------------------------------------------------

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PoolhouseError) and kind.__init__ is PoolhouseError.__init__
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_sentence_of_ours(kind: type[PoolhouseError]) -> None:
    for problem in problems_of(kind()):
        assert WORDS.has(problem.id)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence_of_ours(reason: Reason) -> None:
    facts: dict[str, Any] = {
        name: (Statement(Reason.NOT_AUTHORIZED),) if between else "1"
        for _, name, between, _ in string.Formatter().parse(reason.value)
        if name is not None
    }
    error = errors.InvalidParameter(Statement(reason, **facts))

    for problem in problems_of(error, policy={"length": 12}):
        assert WORDS.has(problem.id)
        assert "{" not in WORDS.text(problem.id, **problem.facts)


def test_a_password_that_is_too_short_is_told_how_long_it_has_to_be() -> None:
    error = errors.PasswordPolicyViolation(Reason.PASSWORD_TOO_SHORT)

    (problem,) = problems_of(error, password="new_password", policy={"length": 12})

    assert Problem("password.short", "new_password", {"n": 12}) == problem


def test_each_attribute_that_does_not_fit_has_its_problem() -> None:
    parts = (
        Statement(Reason.ATTRIBUTE_REQUIRED, attribute="custom:floor"),
        Statement(Reason.ATTRIBUTE_TOO_LONG, attribute="name", most=3),
    )
    error = errors.InvalidParameter(Reason.ATTRIBUTES_DO_NOT_CONFORM, problems=parts)

    assert [("field.needed", "custom_floor"), ("field.long", "name")] == [
        (problem.id, problem.field) for problem in problems_of(error)
    ]


def test_the_words_of_a_plugin_are_shown_as_they_are() -> None:
    (problem,) = problems_of(errors.Refused("Ask <b>Jo</b> first."))

    assert "Ask &lt;b&gt;Jo&lt;/b&gt; first." == WORDS.text(problem.id, **problem.facts)


def test_a_wrong_password_and_a_user_that_is_not_there_are_one_sentence() -> None:
    wrong = problems_of(errors.WrongCredentials())

    assert wrong == problems_of(errors.UserDisabled()) == problems_of(errors.AttemptsExceeded())
    assert replace(wrong[0], facts={}) == Problem("signin.wrong")
