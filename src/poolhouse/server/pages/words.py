"""The words of a language: sentences by their ids, filled with facts, and its ways to write times and durations.

It is imported with the first page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

_WRITTEN: Final = {"en": "en-GB"}
"""Our English writes dates as most of the world does."""


class _Facts(dict[str, Any]):
    """A fact that nobody gave is empty: a page with a gap is better than none."""

    def __missing__(self, _: str) -> str:
        return ""


class Words:
    """Texts are escaped, and so are the facts in them that are no ``Markup``. What is not translated is in the language
    of ``source``."""

    def __init__(self, folder: Path, tag: str, source: str) -> None:
        self.tag = tag
        self._locale = Locale.parse(_WRITTEN.get(tag, tag), sep="-")
        self._catalogue = _catalogue(folder, tag, source)

    @property
    def direction(self) -> str:
        return self._locale.text_direction

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return Locale.parse(self.tag, sep="-").get_display_name() or self.tag

    def text(self, id: str, /, **facts: Any) -> Markup:  # noqa: A002 - the field's word
        """The sentence, where it has forms in that of the number ``n``. An id without a sentence is shown as it is."""
        n = facts.get("n")
        found = self._catalogue.ngettext(id, id, n) if isinstance(n, int) else id
        found = found if found != id else self._catalogue.gettext(id)
        return _filled(found, facts) if found != id else escape(id)

    def count(self, id: str, n: int, /, **facts: Any) -> Markup:  # noqa: A002
        """The sentence in the form that the number takes; it is the fact ``n``."""
        return self.text(id, n=n, **facts)

    def has(self, id: str) -> bool:  # noqa: A002
        return self._catalogue.gettext(id) != id

    def clock(self, at: float) -> str:
        """The time of day, in UTC."""
        return f"{format_time(_moment(at), 'HH:mm', locale=self._locale)} UTC"

    def stamp(self, at: float) -> str:
        """For programs (RFC 3339)."""
        return _moment(at).strftime("%Y-%m-%dT%H:%M:%SZ")

    def date(self, at: float) -> str:
        moment = _moment(at)
        return f"{format_date(moment, 'long', locale=self._locale)}, {self.clock(at)}"

    def minutes(self, seconds: float) -> int:
        """Whole minutes, at least one."""
        return max(1, math.ceil(seconds / 60))


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _filled(sentence: str, facts: Mapping[str, Any]) -> Markup:
    return escape(sentence).format_map(_Facts(facts)) if "{" in sentence else escape(sentence)


@cache
def _catalogue(folder: Path, tag: str, source: str) -> GNUTranslations:
    with (folder / tag.replace("-", "_") / "LC_MESSAGES" / "pages.po").open("rb") as file:
        read = read_po(file, locale=tag.replace("-", "_"), abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    found = GNUTranslations(compiled)
    if tag != source:
        found.add_fallback(_catalogue(folder, source, source))
    return found
