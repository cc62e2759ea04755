"""Whole answers: head and body leave in one write, and what is the same in every head is put together once.

aiohttp's own response builds a dictionary of headers, looks through it and writes it down for each request, which takes
as long as answering does. It is still the base of ours, so that aiohttp takes an answer for one of its responses;
nothing of what it keeps is used, and what it would do is done here with aiohttp's public names alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Final, NoReturn

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion10
from aiohttp.web_response import REASON_PHRASES
from multidict import CIMultiDict

SERVER: Final = "Poolhouse"
"""What the server calls itself. A version would tell which of its weaknesses are not mended yet."""
NO_STORE: Final = "no-store"

Fields = Mapping[str, str]
_NO_FIELDS: Final[Fields] = {}
_NO_CONTENT: Final = 204
_NOT_MODIFIED: Final = 304
"""Says how long the body is that is not sent (RFC 9110 section 8.6)."""


def default_fields(headers: CIMultiDict[str]) -> None:
    """The header fields of a response that aiohttp writes say no versions, and nobody keeps what does not say that it
    may be kept."""
    headers["Server"] = SERVER
    headers.setdefault("Cache-Control", NO_STORE)


class Head:
    """The part of a head that is the same for every answer of its kind: status and fields, made once.

    Nobody keeps an answer unless ``fields`` has a ``Cache-Control`` that says otherwise. Raises ``ValueError`` for
    what no head may hold, and for a status whose answers have no length.
    """

    __slots__ = ("_constant", "_second", "_start", "fields", "has_body", "status")

    def __init__(self, status: int, fields: Fields = _NO_FIELDS) -> None:
        if status < 200 or status == _NO_CONTENT:
            raise ValueError(f"an answer with the status {status} has no length")
        all_fields = CIMultiDict(fields)
        default_fields(all_fields)
        self.status = status
        self.has_body = status != _NOT_MODIFIED
        self.fields: Fields = all_fields
        self._constant = f" {status} {REASON_PHRASES.get(status, '')}".encode() + _lines(all_fields)
        self._second = -1
        self._start = b""

    def start(self) -> bytes:
        """What follows the version, up to the number in ``Content-Length``. The date is written once a second."""
        second = int(time.time())
        if second != self._second:
            date = formatdate(second, usegmt=True)
            self._start = b"%b\r\nDate: %b\r\nContent-Length: " % (self._constant, date.encode())
            self._second = second
        return self._start


class Answer(web.Response):
    """One answer to one request. ``more`` are fields that this answer has beside those of its head.

    ``operation`` and ``outcome`` are what figures and the access log call it: an operation's name, and ``ok`` or the
    name of the error; empty where no operation was asked for.

    Raises ``ValueError`` for a field that would end its line: nothing that a caller sends makes a header of its own.
    """

    operation = ""
    outcome = ""

    def __init__(self, head: Head, body: bytes = b"", more: Fields = _NO_FIELDS) -> None:
        # The base is not initialised on purpose: that is what is saved. Whatever it would give is given below.
        self._head = head
        self._whole = body
        self._more = _lines(more) if more else b""
        self.more = more
        self._keeps: bool | None = None
        self._is_written = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Everything is with the transport, and the client reads fast enough. Raises ``ConnectionError`` if it is
        gone."""
        if self._is_written:
            return None
        self._is_written = True
        keeps = request.keep_alive if self._keeps is None else self._keeps
        # What is left of its body may never be read, so what follows on this connection might not be either.
        keeps = keeps and request.content.is_eof()
        self._keeps = keeps
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        if request.version == HttpVersion10:
            version, connection = b"HTTP/1.0", b"\r\nConnection: keep-alive" if keeps else b""
        else:
            version, connection = b"HTTP/1.1", b"" if keeps else b"\r\nConnection: close"
        body = self._whole if self._head.has_body and request.method != "HEAD" else b""
        text = b"%b%b%d%b%b\r\n\r\n%b" % (version, self._head.start(), len(self._whole), self._more, connection, body)
        # Whoever asks aiohttp's writer whether an answer has begun is told the truth.
        request.writer.output_size += len(text)
        transport.write(text)
        if request.protocol.writing_paused:
            await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to do. Raises ``RuntimeError`` for more: the length of an answer is told with its head."""
        if data:
            raise RuntimeError("an answer is whole when it is made")

    @property
    def body(self) -> bytes:
        return self._whole

    @body.setter
    def body(self, body: Any) -> NoReturn:
        raise AttributeError("an answer does not change")

    @property
    def headers(self) -> CIMultiDict[str]:
        """A copy: the fields of an answer do not change."""
        return CIMultiDict({**self._head.fields, **self.more})

    @property
    def status(self) -> int:
        return self._head.status

    @property
    def reason(self) -> str:
        return REASON_PHRASES.get(self._head.status, "")

    @property
    def prepared(self) -> bool:
        return self._is_written

    @property
    def keep_alive(self) -> bool | None:
        return self._keeps

    def force_close(self) -> None:
        self._keeps = False

    @property
    def body_length(self) -> int:
        return len(self._whole)

    def __repr__(self) -> str:
        return f"<Answer {self._head.status}>"


def told(value: Mapping[str, Any], *, status: int = 200, more: Fields = _NO_FIELDS) -> Answer:
    """A small JSON object, for whoever asked."""
    return Answer(_json_head(status), msgspec.json.encode(value), more)


@lru_cache(maxsize=32)
def _json_head(status: int) -> Head:
    return Head(status, {"Content-Type": "application/json; charset=utf-8"})


def _lines(fields: Fields) -> bytes:
    text = ""
    for name, value in fields.items():
        line = f"{name}: {value}"
        if not (line.isascii() and line.isprintable()):
            raise ValueError("a header field holds what no head may hold")
        text += f"\r\n{line}"
    return text.encode("ascii")
