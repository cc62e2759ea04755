"""What stands within a text, changed: most texts of the protocol have a form of their own, and each part of it has its
own reader."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import strategies as st

_PART: Final = re.compile(r"[0-9]+|[A-Za-z]+|[^0-9A-Za-z]+")
_ODD: Final = (
    "",
    "0",
    "00",
    "0000",
    "99",
    "99999",
    "-1",
    "9" * 400,
    "\u0663",
    "\u00b2",
    "Feb",
    "a",
    "A" * 2000,
    "\u0301" * 50,
    "\u0130",
    "\x00",
    "\x7f",
    "\n",
    " ",
    "  ",
    ":",
    ".",
    "..",
    "/",
    "=",
    "==",
    "\\",
    '"',
    "%00",
    "%",
    "\U0001f600",
    "\ufffd",
)


def changed(text: str, *, odd: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[str]:
    """The text with one or two of its parts replaced, dropped or doubled."""
    parts = _PART.findall(text)
    instead = odd if odd is not None else st.sampled_from(_ODD) | st.text(max_size=20)

    def one(pieces: list[str], number: int, what: str, by: str) -> list[str]:
        at = number % max(len(pieces), 1)
        middle = {"replace": [by], "double": pieces[at : at + 1] * 2, "before": [by, *pieces[at : at + 1]]}[what]
        return [*pieces[:at], *middle, *pieces[at + 1 :]]

    step = st.tuples(st.integers(0, 63), st.sampled_from(["replace", "replace", "double", "before"]), instead)

    def build(steps: list[tuple[int, str, str]]) -> str:
        pieces = list(parts)
        for number, what, by in steps:
            pieces = one(pieces, number, what, by)
        return "".join(pieces)

    return st.lists(step, min_size=1, max_size=2).map(build)


BYTES: Final = st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=12)
"""What a header may hold as far as bytes go, one character each."""
