"""What a well-formed e-mail address, telephone number, date, instant, number and boolean look like.

The common forms are decided here by one expression each. The two libraries that know the rare ones take a tenth of a
second and some megabytes to load, so they are loaded by the first value that needs them.
"""

from __future__ import annotations

import re
from datetime import datetime

from poolhouse.records.names import ascii_domain

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"(?!xn--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_MAYBE_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_WHOLE = re.compile(r"(-?)0*([0-9]+)")
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")

LONGEST_LOCAL = 64
LONGEST_EMAIL = 254
LONGEST_NUMBER = 2048
"""Digits, without zeros at the front: what fits into a value. Reading one takes the square of its length, in time."""


def is_email(value: str) -> bool:
    """Whether mail could be sent to it (RFC 5321, RFC 6531, IDNA 2008). Hosts of one's own network count: nothing is
    looked up."""
    if len(value) > LONGEST_EMAIL or not _MAYBE_EMAIL.fullmatch(value):
        return False
    if _PLAIN_EMAIL.fullmatch(value):
        return value.index("@") <= LONGEST_LOCAL
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(value, check_deliverability=False, globally_deliverable=False)
        ascii_domain(value.rpartition("@")[2])
    except (EmailNotValidError, ValueError):
        return False
    return True


def is_phone(value: str) -> bool:
    """Whether it is an E.164 number of a country that exists. National numbering plans are not looked at: they change
    faster than any library."""
    if not _E164.fullmatch(value):
        return False
    from phonenumbers import NumberParseException, parse

    try:
        parse(value)
    except NumberParseException:
        return False
    return True


def is_date(value: str) -> bool:
    """Whether it is ``YYYY-MM-DD``; the year may be 0000 where it is not told (OpenID Connect Core 5.1)."""
    return _DATE.fullmatch(value) is not None


def whole(value: str) -> int | None:
    """The whole number that is written here, however large; None where it is none."""
    written = _WHOLE.fullmatch(value)
    if written is None or len(written[2]) > LONGEST_NUMBER:
        return None
    return int(written[1] + written[2])


def is_instant(value: str) -> bool:
    """Whether it is an ISO 8601 date and time, or epoch seconds."""
    if whole(value) is not None:
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def boolean(value: str) -> str | None:
    """``true`` or ``false``, or None where it is neither."""
    folded = value.lower()
    return folded if folded in ("true", "false") else None
