"""The filter of ListUsers: ``name = "value"`` or ``name ^= "value"``, exactly one (contract: users, section 9)."""

from __future__ import annotations

import re

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.ports.users import UserFilter

SEARCHABLE = frozenset(
    {
        "username",
        "email",
        "phone_number",
        "name",
        "given_name",
        "family_name",
        "preferred_username",
        "cognito:user_status",
        "status",
        "sub",
    }
)

# Each part begins with a character that the one before cannot end with, so no input makes it try twice.
_FORM = re.compile(r'\s*([\w:.-]+)\s*(\^?=)\s*"((?:[^"\\]|\\["\\])*)"\s*')
_ESCAPED = re.compile(r'\\(["\\])')


def read_filter(text: str | None) -> UserFilter | None:
    """None for no filter. Raises ``InvalidParameter``."""
    if text is None or not text.strip():
        return None
    match = _FORM.fullmatch(text)
    if match is None:
        raise InvalidParameter(Reason.FILTER_INVALID)
    attribute, operator, value = match.groups()
    if attribute not in SEARCHABLE:
        raise InvalidParameter(Reason.ATTRIBUTE_NOT_SEARCHABLE, attribute=attribute)
    return UserFilter(attribute, _ESCAPED.sub(r"\1", value), prefix=operator == "^=")
