"""What the flows refuse, as a problem of a page: the sentence of ours that says it, and the field that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poolhouse.errors import (
    AliasTaken,
    AttemptsExceeded,
    CodeExpired,
    CodeMismatch,
    DeliveryFailed,
    NotAuthorized,
    PasskeyRefused,
    PasswordHistoryViolation,
    PasswordPolicyViolation,
    PoolhouseError,
    UsernameTaken,
    WrongCredentials,
)
from poolhouse.errors.reasons import Reason
from poolhouse.server.pages.fields import input_name
from poolhouse.server.pages.rules import Policy
from poolhouse.server.pages.views import Problem

_REASONS: Final[Mapping[Reason, tuple[str, str | None]]] = {
    Reason.PASSWORD_TOO_SHORT: ("password.short", "password"),
    Reason.PASSWORD_TOO_LONG: ("password.long", "password"),
    Reason.PASSWORD_WITHOUT_UPPERCASE: ("password.upper", "password"),
    Reason.PASSWORD_WITHOUT_LOWERCASE: ("password.lower", "password"),
    Reason.PASSWORD_WITHOUT_NUMBERS: ("password.digits", "password"),
    Reason.PASSWORD_WITHOUT_SYMBOLS: ("password.symbols", "password"),
    Reason.EMAIL_INVALID: ("email.shape", "email"),
    Reason.PHONE_NUMBER_INVALID: ("phone.shape", "phone_number"),
    Reason.BIRTHDATE_INVALID: ("birthdate.shape", "birthdate"),
}
_ATTRIBUTES: Final[Mapping[Reason, str]] = {
    Reason.ATTRIBUTE_REQUIRED: "field.needed",
    Reason.ATTRIBUTE_TOO_LONG: "field.long",
    Reason.ATTRIBUTE_TOO_SHORT: "field.short",
    Reason.ATTRIBUTE_NOT_A_NUMBER: "field.number",
    Reason.ATTRIBUTE_TOO_GREAT: "field.great",
    Reason.ATTRIBUTE_TOO_SMALL: "field.small",
    Reason.ATTRIBUTE_NOT_AN_INSTANT: "field.shape",
    Reason.ATTRIBUTE_NOT_A_BOOLEAN: "field.shape",
    Reason.BIRTHDATE_INVALID: "birthdate.shape",
}
_KINDS: Final[tuple[tuple[type[PoolhouseError], str, str | None], ...]] = (
    (PasswordHistoryViolation, "password.used", "password"),
    (PasswordPolicyViolation, "password.rules", "password"),
    (CodeMismatch, "code.wrong", "code"),
    (CodeExpired, "code.ended", "code"),
    (PasskeyRefused, "passkey.wrong", None),
    (UsernameTaken, "name.taken", "username"),
    (DeliveryFailed, "code.unsent", None),
    (AttemptsExceeded, "signin.wrong", None),
    (WrongCredentials, "signin.wrong", None),
    (NotAuthorized, "signin.wrong", None),
)


def problems_of(
    error: PoolhouseError,
    *,
    password: str = "password",  # noqa: S107 - the name of the field
    policy: Policy | None = None,
) -> tuple[Problem, ...]:
    """What the page shows of an error, at least one. ``password`` is the name of the field for a new password,
    ``policy`` the rules that it has to keep. A sentence of a plugin's own is shown as it is."""
    statement = error.statement
    if statement is None:
        return (Problem("plugin.refused", None, {"text": str(error)}),)
    if statement.reason is Reason.ATTRIBUTES_DO_NOT_CONFORM:
        parts = statement.facts.get("problems", ())
        listed = [_attribute(part.reason, part.facts) for part in parts] if isinstance(parts, tuple) else []
        return tuple(listed) or (Problem("page.refused"),)
    if isinstance(error, AliasTaken):
        return (Problem("name.taken", str(statement.facts.get("attribute", "")) or None),)
    if found := _REASONS.get(statement.reason):
        name, field = found
        facts = {"n": int((policy or {}).get("length", 0))} if statement.reason is Reason.PASSWORD_TOO_SHORT else {}
        return (Problem(name, password if field == "password" else field, facts),)
    for kind, name, field in _KINDS:
        if isinstance(error, kind):
            return (Problem(name, password if field == "password" else field),)
    return (Problem("page.refused"),)


def _attribute(reason: Reason, facts: Mapping[str, object]) -> Problem:
    told = {name: fact for name, fact in facts.items() if isinstance(fact, str | int)}
    return Problem(_ATTRIBUTES.get(reason, "field.shape"), input_name(str(facts.get("attribute", ""))), told)
