"""Which languages pages can be in, and which one a visitor gets: the one they chose on a page, then what the client
asked for (``ui_locales``, then Cognito's ``lang``), then what their browser says, then English.

A language is there when it has a catalogue: ``locale/<tag>/LC_MESSAGES/pages.po``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from poolhouse.server.pages.words import Words

FOLDER: Final = Path(__file__).parent / "locale"
SOURCE: Final = "en"
CHOSEN: Final = "lang"
"""The field of the page's language form, and with a prefix the cookie that remembers what was chosen."""
COOKIE: Final = "poolhouse-lang"
_TAG: Final = re.compile(r"[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8}){0,4}")
_MOST: Final = 20
_LONGEST: Final = 1000


class Languages:
    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._words: dict[str, Words] = {}

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Those that are there, as BCP 47 has them."""
        return tuple(sorted(path.parents[1].name.replace("_", "-") for path in self._folder.glob("*/*/pages.po")))

    @cached_property
    def _known(self) -> dict[str, str]:
        """The tags by how they are looked for."""
        return {tag.lower(): tag for tag in self.tags}

    def choose(self, request: web.Request, wanted: Iterable[str] = ()) -> str:
        """The tag for this visitor. ``wanted`` is what the client asked for, the best first."""
        if len(self.tags) == 1:
            return self.tags[0]
        return (
            self.chosen(request)
            or self._best(wanted)
            or self._best(_accepted(request.headers.get("Accept-Language", "")))
            or SOURCE
        )

    def chosen(self, request: web.Request) -> str | None:
        """What the visitor chose, here or on a page before. None where they did not."""
        return self._best((request.query.get(CHOSEN, ""), request.cookies.get(COOKIE, "")))

    def words(self, tag: str) -> Words:
        """The words of the language; those of English where there is none."""
        tag = tag if tag in self.tags else SOURCE
        if tag not in self._words:
            # Here and not above: what reads catalogues is a tenth of a second, and needed with the first page.
            from poolhouse.server.pages.words import Words

            self._words[tag] = Words(self._folder, tag, SOURCE)
        return self._words[tag]

    def _best(self, wanted: Iterable[str]) -> str | None:
        """The first that is there, by itself or by a shorter form of it (RFC 4647 section 3.4)."""
        for _, each in zip(range(_MOST), wanted, strict=False):
            if len(each) > _LONGEST or not _TAG.fullmatch(each):
                continue
            parts = each.lower().replace("_", "-").split("-")
            for length in range(len(parts), 0, -1):
                if found := self._known.get("-".join(parts[:length])):
                    return found
        return None


def _accepted(header: str) -> list[str]:
    """The tags of ``Accept-Language``, the best first; what cannot be read is left out."""
    found = []
    for place, part in enumerate(header[:_LONGEST].split(",")[:_MOST]):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if 0 < quality <= 1:
            found.append((-quality, place, tag.strip()))
    return [tag for _, _, tag in sorted(found)]
