"""The model's patterns, as predicates. They are written for Java's ``String.matches``; here they run in linear time.

Three differences are bridged:

* Unicode classes (``\\p{L}``). Python's ``re`` has none, so every character outside ASCII is first replaced by one that
  stands for its class, and the classes are spelled with ASCII characters and these. That is the costly part: it is left
  out for patterns without classes, and nobody hands over a text of any length (``scalars``).
* Chains such as ``X*{####}X*``, where ``X`` covers the text between: a backtracking engine needs quadratic time for a
  text that does not fit. Taking the earliest match of each part, and never going back, gives the same answer.
* Single classes, ``[...]+``, by far the most frequent: removing all allowed bytes must leave nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

Predicate: TypeAlias = Callable[[str], bool]

_STANDS_FOR: Final = {
    "L": "\u00e9",
    "M": "\u0300",
    "S": "\u00a3",
    "N": "\u00b2",
    "P": "\u00a1",
    "Z": "\u00a0",
    "C": "\u0080",
}
_ASCII: Final = [chr(code) for code in range(128)]
_UNICODE_CLASS: Final = re.compile(r"\\p\{([LMSNPZ])\}")
_SINGLE: Final = re.compile(r"\^?\[(?:[^\[\]\\]|\\.)+\]([+*])\$?", re.DOTALL)
_LINK: Final = re.compile(r"(\[(?:[^\[\]\\]|\\.)+\]|\.)([+*])((?:[^\[\]\\.*+?(){}|^$]|\\[^\w\s])*)", re.DOTALL)


@lru_cache(maxsize=256)
def predicate(pattern: str) -> Predicate:
    """Whether a whole text matches the pattern."""
    spelled = _UNICODE_CLASS.sub(lambda found: _spelled(found[1]), pattern)
    fits = re.compile(_without_return(spelled), re.ASCII).fullmatch
    # Where no class is named, all that is not ASCII is alike: it is no letter, no digit and no space to the expression.
    folded = _folded if spelled != pattern else _as_it_is
    single = _SINGLE.fullmatch(spelled)
    if single is not None:
        return _all_allowed(fits, folded, may_be_empty=single[1] == "*")

    def matches(text: str) -> bool:
        return fits(text if text.isascii() else folded(text)) is not None

    return matches


@lru_cache(maxsize=1)
def _folded(text: str) -> str:
    """ASCII stays, anything else becomes what stands for its class. The last one is kept: what a pattern refuses is
    looked at once more, to say all that is wrong with it."""
    category = unicodedata.category
    return "".join([each if each < "\x80" else _STANDS_FOR[category(each)[0]] for each in text])


def _as_it_is(text: str) -> str:
    return text


def _spelled(major: str) -> str:
    """The members of a Unicode class, to stand within brackets."""
    members = [character for character in _ASCII if unicodedata.category(character)[0] == major]
    return "".join(re.escape(character) for character in members) + _STANDS_FOR[major]


def _all_allowed(fits: Callable[[str], object], folded: Callable[[str], str], *, may_be_empty: bool) -> Predicate:
    allowed = "".join(character for character in _ASCII if fits(character)).encode()

    def matches(text: str) -> bool:
        if not text.isascii():
            return fits(folded(text)) is not None
        return not text.encode().translate(None, allowed) and (may_be_empty or text != "")

    return matches


def _without_return(pattern: str) -> str:
    """The pattern with ``X*lit X*`` spelled so that a failed part is never tried again, where that is the same."""
    links = list(_LINK.finditer(pattern))
    if len(links) < 2 or "".join(link[0] for link in links) != pattern:
        return pattern
    filler = links[0][1]
    covers = re.compile(filler, re.ASCII).fullmatch
    last = links[-1]
    if any(link[1] != filler or not link[3] for link in links[:-1]) or last[1] != filler or last[3]:
        return pattern
    if not all(covers(character) for link in links for character in re.sub(r"\\(.)", r"\1", link[3])):
        return pattern
    return "".join(f"(?>{filler}{link[2]}?{link[3]})" for link in links[:-1]) + filler + last[2]
