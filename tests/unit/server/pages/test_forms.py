"""Posted forms become answers, whatever is in them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.errors import FormRefused
from poolhouse.flows.sign_in.questions import (
    Chosen,
    CodeGiven,
    FactorSetUp,
    Fields,
    Given,
    PasswordChosen,
    PasswordGiven,
)
from poolhouse.server.pages import forms
from poolhouse.server.pages.forms import LONGEST, Incomplete, attributes_of, given_of, parsed, read_form
from poolhouse.server.pages.views import Field, Problem

CODES = ("SMS_MFA", "EMAIL_OTP", "SMS_OTP", "SOFTWARE_TOKEN_MFA", "RECOVERY_CODE")
CHALLENGES = (
    *CODES,
    "PASSWORD",
    "SELECT_CHALLENGE",
    "SELECT_MFA_TYPE",
    "MFA_SETUP",
    "NEW_PASSWORD_REQUIRED",
    "WEB_AUTHN",
    "CUSTOM_CHALLENGE",
    "STRANGERS",
)
FIELDS = (Field(name="same"), Field(name="badge", kind="code", required=False))
MISSING = (Field(name="name"), Field(name="custom_floor", kind="number", required=False))


def same(one: Given, other: Given) -> bool:
    """Answers show nothing of themselves, so failures should not either."""
    return one == other


@pytest.mark.parametrize(
    ("challenge", "form", "answer"),
    [
        ("PASSWORD", {"password": " as typed "}, PasswordGiven(" as typed ")),
        ("SELECT_CHALLENGE", {"choice": "EMAIL_OTP"}, Chosen("EMAIL_OTP")),
        ("SELECT_MFA_TYPE", {"choice": "SMS_MFA"}, Chosen("SMS_MFA")),
        ("SELECT_MFA_TYPE", {"choice": "EMAIL_MFA"}, Chosen("EMAIL_OTP")),
        ("MFA_SETUP", {}, FactorSetUp()),
        ("WEB_AUTHN", {"credential": "{}"}, Chosen("WEB_AUTHN", credential="{}")),
    ],
)
def test_a_form_is_the_answer_to_its_challenge(challenge: str, form: dict[str, str], answer: Given) -> None:
    assert same(answer, given_of(challenge, form))


@pytest.mark.parametrize("challenge", CODES)
@pytest.mark.parametrize("typed", ["123456", " 123 456\n", "123-456", "123‑456", "12 34\u00a056", "1–2—3 4 5 6"])
def test_a_code_is_taken_without_what_it_was_shown_with(challenge: str, typed: str) -> None:
    assert same(CodeGiven("123456"), given_of(challenge, {"code": typed}))


def test_a_new_password_comes_with_what_was_missing() -> None:
    form = {"new_password": " p ", "name": " Lena ", "custom_floor": "3", "email": "not asked for", "custom_x": "x"}

    answer = given_of("NEW_PASSWORD_REQUIRED", form, MISSING)

    assert same(PasswordChosen(" p ", {"name": "Lena", "custom:floor": "3"}), answer)


@pytest.mark.parametrize("challenge", ["CUSTOM_CHALLENGE", "STRANGERS"])
def test_the_fields_of_a_plugin_are_its_own_and_no_others(challenge: str) -> None:
    form = {"answer_same": " yes ", "answer_badge": "1-2", "answer_other": "x", "same": "no", "_csrf": "t"}

    assert same(Fields({"same": "yes", "badge": "12"}), given_of(challenge, form, FIELDS))


@pytest.mark.parametrize(
    ("challenge", "fields", "problems"),
    [
        ("PASSWORD", (), [("password.needed", "password")]),
        ("SMS_MFA", (), [("code.needed", "code")]),
        ("SELECT_CHALLENGE", (), [("choose.needed", None)]),
        ("WEB_AUTHN", (), [("passkey.needed", None)]),
        ("STRANGERS", FIELDS, [("field.needed", "answer_same")]),
        ("NEW_PASSWORD_REQUIRED", MISSING, [("field.needed", "name"), ("password.needed", "new_password")]),
    ],
)
@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_what_was_left_out_is_a_problem_of_its_field(
    challenge: str, fields: Iterable[Field], problems: list[tuple[str, str | None]], blank: str
) -> None:
    form = {"password": blank, "code": blank, "choice": blank, "credential": blank, "answer_same": blank, "name": blank}

    with pytest.raises(Incomplete) as raised:
        given_of(challenge, form, fields)

    assert problems == [(problem.id, problem.field) for problem in raised.value.problems]
    assert all(isinstance(problem, Problem) for problem in raised.value.problems)


def test_a_name_is_taken_without_the_spaces_around_it() -> None:
    assert "lena" == forms.username_of({"username": " lena\n"})
    with pytest.raises(Incomplete):
        forms.username_of({"username": " "})


def test_inputs_that_were_not_on_the_page_are_no_attributes() -> None:
    form = {"name": "Lena", "email_verified": "true", "sub": "x", "custom_role": "admin"}

    assert {"name": "Lena"} == attributes_of(form, MISSING)


# --- bytes -----------------------------------------------------------------------------------------------------------


def test_the_first_of_two_values_counts() -> None:
    assert {"a": "1", "b": ""} == parsed(b"a=1&b=&a=2")


def test_letters_are_read_as_browsers_write_them() -> None:
    assert {"name": "Zoë +"} == parsed(b"name=Zo%C3%AB+%2B")
    assert {"name": "�"} == parsed(b"name=%ff")


def test_too_many_fields_are_none() -> None:
    assert {} == parsed(b"&".join(b"a%d=1" % number for number in range(1000)))


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    for value in parsed(body).values():
        assert isinstance(value, str)


@given(
    st.sampled_from(CHALLENGES),
    st.dictionaries(
        st.sampled_from(["password", "code", "choice", "credential", "new_password", "name", "answer_same"])
        | st.text(),
        st.text(),
    ),
)
def test_any_form_is_an_answer_or_incomplete(challenge: str, form: dict[str, str]) -> None:
    fields = FIELDS if challenge in ("CUSTOM_CHALLENGE", "STRANGERS") else MISSING
    try:
        answer: Given | tuple[Problem, ...] = given_of(challenge, form, fields)
    except Incomplete as incomplete:
        answer = incomplete.problems

    assert answer


def posted(
    body: bytes, kind: str = "application/x-www-form-urlencoded", *, whole: bool = True, **headers: str
) -> web.Request:
    loop = asyncio.get_running_loop()
    connection = BaseProtocol(loop)
    connection.connection_made(asyncio.Transport())
    stream = StreamReader(connection, 2**16, loop=loop)
    stream.feed_data(body)
    if whole:
        stream.feed_eof()
    return make_mocked_request("POST", "/", headers={"Content-Type": kind, **headers}, payload=stream)


async def test_a_posted_form_is_read() -> None:
    assert {"a": "1"} == await read_form(posted(b"a=1"))


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json", "x"])
async def test_what_is_no_form_has_no_fields(kind: str) -> None:
    assert {} == await read_form(posted(b"a=1", kind))


async def test_a_form_that_is_packed_has_no_fields() -> None:
    assert {} == await read_form(posted(b"a=1", **{"Content-Encoding": "gzip"}))


async def test_a_form_whose_rest_does_not_come_is_refused() -> None:
    with pytest.raises(FormRefused):
        await read_form(posted(b"a=", whole=False), seconds=0.01)


@pytest.mark.parametrize("broken", [ConnectionResetError(), web.RequestPayloadError()])
async def test_a_form_that_breaks_off_is_refused_and_no_failure_of_ours(broken: Exception) -> None:
    request = posted(b"", whole=False)
    request.content.set_exception(broken)

    with pytest.raises(FormRefused):
        await read_form(request)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": str(LONGEST + 1)}])
async def test_a_form_that_is_too_large_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(web.HTTPRequestEntityTooLarge):
        await read_form(posted(b"a=" + b"x" * LONGEST, **headers))
