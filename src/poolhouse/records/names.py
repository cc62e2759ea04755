"""Sign-in names: the one canonicaliser, and which names a user holds (security row 47)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import groupby

from msgspec import Struct

from poolhouse.records.pools import Pool
from poolhouse.records.users import User

LONGEST = 256
"""Characters of the longest name that anybody can sign in with."""
_SHORT = 128
"""Characters of a text that is normalised by the library as it is."""
_MARKS_IN_DISGUISE = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
"""What is no mark, and made of marks alone."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+[0-9]{2,15}")


class Name(Struct, frozen=True):
    """A sign-in name that only one user of a pool can hold: ``kind`` is ``username``, ``email``, ``phone_number`` or
    ``preferred_username``; ``value`` is canonical."""

    kind: str
    value: str


@lru_cache(maxsize=4096)
def canonical(kind: str, value: str, *, case_sensitive: bool) -> str:
    """The form in which names are compared and kept unique.

    Look-alikes that Unicode calls compatible are one name (NFKC). Telephone numbers have no case.
    """
    folded = normalised(value)
    if case_sensitive or kind == "phone_number":
        return folded
    # Folding can leave a text that is not normalised any more (Unicode 3.13, canonical caseless matching).
    return normalised(folded.casefold())


def normalised(value: str) -> str:
    """The text by NFKC. It takes as long as the text is long, also for marks without end upon one letter: the library
    puts them into their order by moving each past all others, so they are put into it before."""
    if len(value) > _SHORT and not unicodedata.is_normalized("NFKC", value):
        value = in_order(value)
    return unicodedata.normalize("NFKC", value)


def in_order(text: str) -> str:
    """A text that is canonically the same, with marks that follow each other in their order (Unicode 3.11, D109)."""
    parts: list[str] = []
    for are_marks, run in groupby(text, _is_mark):
        if are_marks:
            parts.extend(
                sorted("".join([unicodedata.normalize("NFKD", one) for one in run]), key=unicodedata.combining)
            )
        else:
            parts.extend(run)
    return "".join(parts)


def _is_mark(one: str) -> bool:
    return unicodedata.combining(one) != 0 or one in _MARKS_IN_DISGUISE


def name(pool: Pool, kind: str, value: str) -> Name:
    return Name(kind, canonical(kind, value, case_sensitive=pool.case_sensitive))


def held(pool: Pool, user: User) -> tuple[Name, ...]:
    """The names by which this user can be found, from the record alone.

    Where e-mail or phone stand for the user name they count at once; as aliases they count when they are verified.
    """
    names = [name(pool, "username", user.username)]
    for attribute in ("email", "phone_number"):
        value = user.attributes.get(attribute)
        if not value:
            continue
        if attribute in pool.username_attributes or (
            attribute in pool.alias_attributes and user.has_verified(attribute)
        ):
            names.append(name(pool, attribute, value))
    preferred = user.attributes.get("preferred_username")
    if preferred and "preferred_username" in pool.alias_attributes:
        names.append(name(pool, "preferred_username", preferred))
    return tuple(names)


def candidates(pool: Pool, submitted: str) -> tuple[Name, ...]:
    """The names that a submitted text may mean, in the order in which they are tried."""
    found = [name(pool, "username", submitted)]
    reachable = (*pool.username_attributes, *pool.alias_attributes)
    if "email" in reachable and looks_like_email(submitted):
        found.append(name(pool, "email", submitted))
    if "phone_number" in reachable and looks_like_phone(submitted):
        found.append(name(pool, "phone_number", submitted))
    return tuple(found)


def looks_like_email(value: str) -> bool:
    """Also when it is an e-mail address only in its canonical form: a full-width at sign is one."""
    return _EMAIL.fullmatch(normalised(value)) is not None


def looks_like_phone(value: str) -> bool:
    return _PHONE.fullmatch(normalised(value)) is not None


def looks_like_sub(value: str) -> bool:
    return _UUID.fullmatch(value) is not None


def masked_email(value: str) -> str:
    local, _, domain = value.partition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def masked_phone(value: str) -> str:
    return f"+*******{value[-4:]}"
