"""Posted forms become answers to the questions of a sign-in. Nothing is decided here: what is missing is a problem that
the page shows, and all else is for the flow to judge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

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
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.server.pages.fields import attribute_name
from poolhouse.server.pages.views import Field, Problem

Form = Mapping[str, str]
"""The fields of a form by their names, each with its first value."""

ANSWER: Final = "answer_"
"""What stands before the name of a plugin's field."""
LONGEST: Final = 65_536
"""Bytes of a form. The answer of an authenticator has some thousands."""
BODY_SECONDS: Final = 20.0
"""For how long a form may come in."""
_MOST_FIELDS: Final = 120
_TYPE: Final = "application/x-www-form-urlencoded"
_DASHES: Final = str.maketrans("", "", "-‐‑‒–—― \t\r\n\u00a0\u2009\u202f")
"""What people and apps write between the digits of a code."""


class Incomplete(Exception):
    """Something was left out. ``problems`` say what, for the page that comes again."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


async def read_form(request: web.Request, seconds: float = BODY_SECONDS) -> dict[str, str]:
    """The fields that were posted, each with its first value; of what is no form, none. Raises
    ``HTTPRequestEntityTooLarge``, and ``FormRefused`` for what is not whole within so many seconds."""
    if request.content_type != _TYPE or "Content-Encoding" in request.headers:
        return {}
    if (request.content_length or 0) > LONGEST:
        raise web.HTTPRequestEntityTooLarge(LONGEST, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > LONGEST:
                    raise web.HTTPRequestEntityTooLarge(LONGEST, len(body))
    except (TimeoutError, web.RequestPayloadError, ConnectionError):
        raise FormRefused from None
    return parsed(bytes(body))


def parsed(body: bytes) -> dict[str, str]:
    """The fields of a form that browsers encode. Letters that are none become U+FFFD."""
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        return {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def username_of(form: Form) -> str:
    """The name that was typed. Raises ``Incomplete``."""
    return _needed(form, "username", "name.needed").strip()


def code_of(form: Form, name: str = "code") -> str:
    """The code without the spaces and dashes that it was shown with. Raises ``Incomplete``."""
    code = form.get(name, "").translate(_DASHES)
    if not code:
        raise Incomplete(Problem("code.needed", name))
    return code


def password_of(form: Form, name: str = "password") -> str:
    """As it was typed. Raises ``Incomplete``."""
    return _needed(form, name, "password.needed")


def choice_of(form: Form) -> str:
    """The value of the button that was pressed. Raises ``Incomplete``."""
    return _needed(form, "choice", "choose.needed", shown=False)


def values_of(form: Form, fields: Iterable[Field], prefix: str = "") -> dict[str, str]:
    """What was typed into the fields, by the names of their inputs; what was left empty is left out. Raises
    ``Incomplete`` with a problem for each that may not be."""
    found, problems = {}, []
    for field in fields:
        name = prefix + field.name
        value = form.get(name, "")
        value = value if field.kind == "password" else value.strip()
        if field.kind == "code":
            value = value.translate(_DASHES)
        if value:
            found[field.name] = value
        elif field.required:
            problems.append(Problem("field.needed", name))
    if problems:
        raise Incomplete(*problems)
    return found


def attributes_of(form: Form, fields: Iterable[Field]) -> dict[str, str]:
    """What was typed, by the names of the attributes. Raises ``Incomplete``."""
    return {attribute_name(name): value for name, value in values_of(form, fields).items()}


def given_of(challenge: str, form: Form, fields: Iterable[Field] = ()) -> Given:
    """The answer to a challenge. ``fields`` are those that the page had for the schema's attributes, or for a plugin.
    Raises ``Incomplete``."""
    read = _READ.get(challenge)
    return Fields(values_of(form, fields, ANSWER)) if read is None else read(form, tuple(fields))


def _new_password(form: Form, fields: tuple[Field, ...]) -> Given:
    problems: list[Problem] = []
    attributes: dict[str, str] = {}
    password = form.get("new_password", "")
    try:
        attributes = attributes_of(form, fields)
    except Incomplete as incomplete:
        problems.extend(incomplete.problems)
    if not password:
        problems.append(Problem("password.needed", "new_password"))
    if problems:
        raise Incomplete(*problems)
    return PasswordChosen(password, attributes)


def _factor(form: Form, _: tuple[Field, ...]) -> Given:
    choice = choice_of(form)
    return Chosen("EMAIL_OTP" if choice == "EMAIL_MFA" else choice)


def _code(form: Form, _: tuple[Field, ...]) -> Given:
    return CodeGiven(code_of(form))


_READ: Final[Mapping[str, Callable[[Form, tuple[Field, ...]], Given]]] = {
    "PASSWORD": lambda form, _: PasswordGiven(password_of(form)),
    "SELECT_CHALLENGE": lambda form, _: Chosen(choice_of(form)),
    "SELECT_MFA_TYPE": _factor,
    "MFA_SETUP": lambda *_: FactorSetUp(),
    "NEW_PASSWORD_REQUIRED": _new_password,
    WEB_AUTHN: lambda form, _: Chosen(WEB_AUTHN, credential=_needed(form, "credential", "passkey.needed", shown=False)),
    **dict.fromkeys(("SMS_MFA", "EMAIL_OTP", "EMAIL_MFA", "SMS_OTP", "SOFTWARE_TOKEN_MFA", "RECOVERY_CODE"), _code),
}


def _needed(form: Form, name: str, problem: str, *, shown: bool = True) -> str:
    value = form.get(name, "")
    if not value.strip():
        raise Incomplete(Problem(problem, name if shown else None))
    return value
