"""Sign-in names: the one canonicaliser, and which names a user holds (security row 47, decision 0011).

A *text* (user names, preferred names, telephone numbers) is compared without what cannot be seen, and without what
Unicode calls compatible. An *address* is a mailbox, and what it means is for another program to say: only what surely
leads to the same mailbox is one address.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
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
LONGEST_CHOSEN = 128
"""Characters of the longest name that anybody can choose."""
LONGEST_DOMAIN = 253

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+[0-9]{2,15}")
_NAMEABLE = frozenset("LMSNP")
"""First letters of the Unicode categories that a name is made of: letters, marks, symbols, numbers, punctuation."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
"""Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties.txt): what is not seen where it is not supported. And
what is drawn as nothing where it is: U+2800, a pattern of braille without dots, U+16FE4, a filler, U+1D159, a note
without a head."""


class Name(Struct, frozen=True):
    """A sign-in name that only one user of a pool can hold: ``kind`` is ``username``, ``email``, ``phone_number`` or
    ``preferred_username``; ``value`` is canonical. ``former`` is what was canonical once, where that was something
    else: names that were kept then stand under it (decision 0011)."""

    kind: str
    value: str
    former: str | None = None


@lru_cache(maxsize=4096)
def canonical(kind: str, value: str, *, case_sensitive: bool) -> str:
    """The form in which names are compared and kept unique. Telephone numbers have no case, and domains none that
    counts."""
    if kind == "email":
        return _mailbox(value, case_sensitive=case_sensitive)
    seen = visible(value)
    if case_sensitive or kind == "phone_number":
        return seen
    # Folding can leave a text that is not normalised any more (Unicode 3.13, canonical caseless matching).
    return seen.lower() if seen.isascii() else visible("".join(map(_folded, seen)))


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


def visible(text: str) -> str:
    """The text as it is seen: look-alikes that Unicode calls compatible are one (NFKC), what is not seen is not
    there."""
    if text.isascii():
        return text
    # What stood between two characters kept them from being composed, so the second time is needed.
    return normalised(_INVISIBLE.sub("", normalised(text)))


def lower_case(address: str) -> str:
    """The address without capitals. A letter is only changed where its small form has no other capital: the long s and
    the Kelvin sign are letters of their own here, since they may be in somebody's mailbox."""
    if address.isascii():
        return address.lower()
    return "".join(small if (small := letter.lower()).upper() == letter else letter for letter in address)


def ascii_domain(domain: str) -> str:
    """The domain as DNS has it, by the rules of 2008 (IDNA 2008): ß and ς are letters, and their domains are others'
    than those of ss and σ. Raises ``ValueError`` for what is no domain."""
    if domain.isascii():
        return domain.lower()
    if len(domain) > LONGEST_DOMAIN:
        raise ValueError("too long for a domain")
    # Loads tables of a megabyte, for a domain that most servers never meet.
    import idna

    return idna.encode(domain, uts46=True, transitional=False).decode()


def _mailbox(address: str, *, case_sensitive: bool) -> str:
    local, at, domain = address.rpartition("@")
    # Where it is no domain it is nobody's address, and stays what it is: no domain is spelled so.
    with suppress(ValueError):
        domain = ascii_domain(domain)
    return (local if case_sensitive else lower_case(local)) + at + domain


def _folded(letter: str) -> str:
    """Simple case folding (CaseFolding.txt, C and S): what would become several letters only gets small, so that ß and
    ss stay two."""
    folded = letter.casefold()
    return folded if len(folded) == 1 else letter.lower()


def former(kind: str, value: str, *, case_sensitive: bool) -> str:
    """What was canonical in the first version: full case folding, for addresses too, and nothing was left out."""
    folded = normalised(value)
    if case_sensitive or kind == "phone_number":
        return folded
    return normalised(folded.casefold())


def name(pool: Pool, kind: str, value: str) -> Name:
    form = canonical(kind, value, case_sensitive=pool.case_sensitive)
    before = former(kind, value, case_sensitive=pool.case_sensitive)
    return Name(kind, form, before if before != form else None)


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


def is_choosable(value: str) -> bool:
    """Whether somebody may call themselves so: no spaces, no controls, and something of it can be seen."""
    if not 0 < len(value) <= LONGEST_CHOSEN:
        return False
    return all(unicodedata.category(letter)[0] in _NAMEABLE for letter in value) and visible(value) != ""


def is_showable(value: str) -> bool:
    """Whether it can stand beside somebody as what they are called: as what can be chosen, but of any length, and with
    spaces. Each character can be seen for itself: no control, nothing that turns or hides what is around it."""
    return (
        all((kind := unicodedata.category(letter))[0] in _NAMEABLE or kind == "Zs" for letter in value)
        and not _INVISIBLE.search(value)
        and not value.isspace()
    )


def looks_like_email(value: str) -> bool:
    """Also when it is an e-mail address only in its canonical form: a full-width at sign is one."""
    return _EMAIL.fullmatch(visible(value)) is not None


def looks_like_phone(value: str) -> bool:
    return _PHONE.fullmatch(visible(value)) is not None


def looks_like_sub(value: str) -> bool:
    return _UUID.fullmatch(value) is not None


def masked_email(value: str) -> str:
    local, _, domain = value.partition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def masked_phone(value: str) -> str:
    return f"+*******{value[-4:]}"
