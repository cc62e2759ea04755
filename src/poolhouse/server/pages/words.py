"""The words of a language: sentences by their ids, filled with facts, and its ways to write times.

A catalogue is a file of gettext's, as Babel and every translator's program write it. It is read with the first page,
and by ourselves: what is needed of Babel would be a hundredth of what it installs. A test compares both readings.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from gettext import c2py
from pathlib import Path
from string import Formatter
from typing import Any, Final

from markupsafe import Markup, escape
from msgspec import Struct

_LINE: Final = re.compile(r'(?:(msgid|msgid_plural|msgstr)(?:\[(\d)\])? )?(".*")')
_PLURALS: Final = re.compile(r"plural=([^;\n]+)")
_ALWAYS_FIRST: Final = "0"


class Catalogue(Struct, frozen=True):
    """Sentences by their ids, each in all its forms. ``form`` says which one a number takes."""

    sentences: Mapping[str, tuple[str, ...]]
    form: Callable[[int], int]


class Words:
    """Texts are escaped, and so are the facts in them that are no ``Markup``. What is not translated is in the language
    of ``source``."""

    def __init__(self, folder: Path, tag: str, source: str) -> None:
        self.tag = tag
        self._own = _catalogue(folder, tag)
        self._source = _catalogue(folder, source)

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return "rtl" if self._sentence("language.direction", None) == "rtl" else "ltr"

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return self._sentence("language.name", None) or self.tag

    def text(self, id: str, /, **facts: Any) -> Markup:  # noqa: A002 - the field's word
        """The sentence, where it has forms in that of the number ``n``. An id without a sentence is shown as it is."""
        found = self._sentence(id, facts.get("n"))
        return escape(id) if found is None else _filled(found, facts)

    def count(self, id: str, n: int, /, **facts: Any) -> Markup:  # noqa: A002
        """The sentence in the form that the number takes; it is the fact ``n``."""
        return self.text(id, n=n, **facts)

    def has(self, id: str) -> bool:  # noqa: A002
        return self._sentence(id, None) is not None

    def clock(self, at: float) -> Markup:
        """The time of day, in UTC."""
        return self.text("time.clock", time=_moment(at).strftime("%H:%M"))

    def stamp(self, at: float) -> str:
        """For programs (RFC 3339)."""
        return _moment(at).strftime("%Y-%m-%dT%H:%M:%SZ")

    def date(self, at: float) -> Markup:
        moment = _moment(at)
        months = str(self.text("time.months")).split(", ")
        month = months[moment.month - 1] if len(months) == 12 else f"{moment.month:02}"
        return self.text("time.date", day=moment.day, month=month, year=moment.year, clock=self.clock(at))

    def minutes(self, seconds: float) -> int:
        """Whole minutes, at least one."""
        return max(1, math.ceil(seconds / 60))

    def _sentence(self, id: str, n: Any) -> str | None:  # noqa: A002
        for catalogue in (self._own, self._source):
            if forms := catalogue.sentences.get(id):
                form = catalogue.form(n) if isinstance(n, int) and len(forms) > 1 else len(forms) - 1
                return forms[min(form, len(forms) - 1)]
        return None


def read_catalogue(text: str) -> Catalogue:
    """What a file of gettext's says, without what is not translated or not certain (``fuzzy``). Raises ``ValueError``
    for a line that is none of such a file."""
    found, plural = {}, _ALWAYS_FIRST
    for name, forms in _entries(text):
        if not name:
            plural = said[1] if (said := _PLURALS.search(forms[0])) else plural
        elif all(forms):
            found[name] = forms
    return Catalogue(found, c2py(plural))


def _entries(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each id with its sentence, in all forms; the empty id is the head of the file."""
    for entry in re.split(r"\n\s*\n", text):
        parts: dict[str, str] = {}
        at = ""
        lines = [line.strip() for line in entry.splitlines()]
        if any(line.startswith("#,") and "fuzzy" in line for line in lines):
            continue
        for line in lines:
            if not line or line.startswith("#"):
                continue
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"no line of a catalogue: {line}")
            at = match[1] + (match[2] or "") if match[1] else at
            parts[at] = parts.get(at, "") + ast.literal_eval(match[3])
        if "msgid" in parts:
            forms = tuple(said for part, said in parts.items() if part.startswith("msgstr"))
            yield parts["msgid"], forms or ("",)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _filled(sentence: str, facts: Mapping[str, Any]) -> Markup:
    """A fact that nobody gave is empty: a page with a gap is better than none."""
    if "{" not in sentence:
        return escape(sentence)
    # Not by Markup.format_map, which reads the sentence anew each time.
    said: list[Any] = []
    for text, name in _parts(sentence):
        said += (text,) if name is None else (text, facts.get(name, ""))
    return Markup().join(said)  # escapes what is no Markup


@cache
def _parts(sentence: str) -> tuple[tuple[Markup, str | None], ...]:
    """The sentence of a catalogue, cut at its facts: what stands before each, and its name. None: nothing follows."""
    return tuple([(escape(text), name) for text, name, _, _ in Formatter().parse(sentence)])


@cache
def _catalogue(folder: Path, tag: str) -> Catalogue:
    path = folder / tag.replace("-", "_") / "LC_MESSAGES" / "pages.po"
    return read_catalogue(path.read_text(encoding="utf-8"))
