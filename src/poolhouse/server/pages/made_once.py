"""Pages that are the same for everybody, but for two values: the token of their forms, and the handle of the request
that they belong to. Such a page is made once, with marks in place of the two, and is put together from its pieces
afterwards.

Nothing else of a visitor is in one. Which pages are such is for their views to say (``View.is_for_all``); what they are
made of is what they are kept by. The marks are random, so no name of a pool holds one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from poolhouse.server.answers import Answer, Fields, Head
from poolhouse.server.pages.views import Frame, View

_PLAIN: Final = re.compile(r"[\w-]{20,128}", re.ASCII)
"""What is the same in HTML and in an address."""
MOST: Final = 256
"""Pages, of some four kilobytes each."""

_Key = tuple[View, Frame]


class _Page(Struct, frozen=True):
    """``pieces`` have gaps (empty ones) where the token and the handle belong."""

    head: Head
    pieces: tuple[bytes, ...]
    tokens: tuple[int, ...]
    handles: tuple[int, ...]

    def filled(self, token: bytes, handle: bytes) -> bytes:
        pieces = [*self.pieces]
        for gap in self.tokens:
            pieces[gap] = token
        for gap in self.handles:
            pieces[gap] = handle
        return b"".join(pieces)


class PagesMadeOnce:
    """``make`` makes the text of a page, ``fields`` are those of its answer."""

    def __init__(self, make: Callable[[Frame, View], str], fields: Callable[[Frame, View], Fields]) -> None:
        self._make = make
        self._fields = fields
        self._token_gap, self._handle_gap = f"T{secrets.token_hex(16)}", f"H{secrets.token_hex(16)}"
        self._marks = re.compile(f"({self._token_gap}|{self._handle_gap})")
        self._pages: dict[_Key, _Page] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def answer(self, frame: Frame, view: View) -> Answer | None:
        """The page. None where it is not one of these."""
        token, handle = frame.csrf, frame.handle
        if not (view.is_for_all and _PLAIN.fullmatch(token) and _PLAIN.fullmatch(handle)):
            return None
        links = tuple([(name, address.replace(handle, self._handle_gap)) for name, address in frame.links.items()])
        # The whole frame, and what it gets one day: only what cannot be a key has another form here.
        key = (view, replace(frame, csrf=self._token_gap, handle=self._handle_gap, links=links))
        page = self._pages.get(key)
        if page is None:
            page = self._made(replace(frame, csrf=self._token_gap, handle=self._handle_gap, links=dict(links)), view)
            while len(self._pages) >= MOST:
                del self._pages[next(iter(self._pages))]
            self._pages[key] = page
        return Answer(page.head, page.filled(token.encode(), handle.encode()))

    def _made(self, frame: Frame, view: View) -> _Page:
        pieces = self._marks.split(self._make(frame, view))
        return _Page(
            Head(view.status, {"Content-Type": "text/html; charset=utf-8", **self._fields(frame, view)}),
            tuple(b"" if piece in (self._token_gap, self._handle_gap) else piece.encode() for piece in pieces),
            tuple(number for number, piece in enumerate(pieces) if piece == self._token_gap),
            tuple(number for number, piece in enumerate(pieces) if piece == self._handle_gap),
        )
