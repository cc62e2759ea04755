"""The access log: a line per request, with nothing in it that a user sent: the route instead of the path, no address,
and not what a client calls itself.

The lines look like those of ``logs``, but are put together by hand and written many at a time: through ``logging`` a
line costs more than answering a discovery document.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from contextlib import suppress
from typing import Final, TextIO

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from poolhouse.server.answers import Answer

LOGGER: Final = "poolhouse.access"
WITHIN: Final = 0.2
"""Seconds within which a line is written."""
BLOCK: Final = 256
"""How many lines wait at most."""

_METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})


class AccessLog:
    """Writes to ``stream`` (None: standard error) in this form, ``json`` or ``console``."""

    def __init__(self, form: str, stream: TextIO | None = None) -> None:
        self._note = self._as_json if form == "json" else self._for_people
        self._stream = stream or sys.stderr
        self._waiting: list[str] = []
        self._routes: dict[str, str] = {}
        self._second = -1
        self._stamp = ""

    def lines(self) -> type[AbstractAccessLogger]:
        """What aiohttp makes one of for each connection, to tell it of every answer."""
        log = self

        class Lines(AbstractAccessLogger):
            @property
            def enabled(self) -> bool:
                return self.logger.isEnabledFor(logging.INFO)

            def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
                log.note(request, response, time)

        return Lines

    def note(self, request: web.BaseRequest, response: web.StreamResponse, seconds: float) -> None:
        """The request is in the log, soon."""
        # What was no HTTP has no route, and ``match_info`` cannot say so.
        found = getattr(request, "_match_info", None)
        resource = found.route.resource if found is not None else None
        if isinstance(response, Answer):
            fields, operation, outcome = response.more, response.operation, response.outcome
        else:
            fields, operation, outcome = response.headers, "", ""
        request_id = fields.get("x-amzn-RequestId", "")
        if not self._waiting:
            asyncio.get_running_loop().call_later(WITHIN, self.flush)
        self._waiting.append(
            self._note(
                # A client can call its method anything, and only these say something.
                request.method if request.method in _METHODS else "-",
                self._route(resource.canonical) if resource is not None else "-",
                response.status,
                seconds * 1000,
                request_id if request_id.replace("-", "").isalnum() else "",
                operation,
                outcome,
            )
        )
        if len(self._waiting) >= BLOCK:
            self.flush()

    def flush(self) -> None:
        """All lines so far are written. A log that cannot be written keeps nobody from being served."""
        lines = "".join(self._waiting)
        self._waiting.clear()
        with suppress(OSError, ValueError):
            self._stream.write(lines)
            self._stream.flush()

    def _as_json(
        self, method: str, route: str, status: int, milliseconds: float, request_id: str, operation: str, outcome: str
    ) -> str:
        # Names of operations and errors are ours, and hold nothing that JSON would have to escape.
        called = f', "operation": "{operation}", "outcome": "{outcome}"' if operation else ""
        return (
            f'{{"timestamp": "{self._now()}", "level": "info", "logger": "{LOGGER}", "event": "{method} {route} '
            f'{status}", "request_id": "{request_id}", "milliseconds": {milliseconds:.1f}{called}}}\n'
        )

    def _for_people(
        self, method: str, route: str, status: int, milliseconds: float, request_id: str, operation: str, outcome: str
    ) -> str:
        called = f" operation={operation} outcome={outcome}" if operation else ""
        return (
            f"{self._now()} [info     ] {method} {route} {status} [{LOGGER}] milliseconds={milliseconds:.1f} "
            f"request_id={request_id}{called}\n"
        )

    def _route(self, canonical: str) -> str:
        """As it stands in a JSON text; there are as many as the server has."""
        shown = self._routes.get(canonical)
        if shown is None:
            shown = self._routes[canonical] = json.dumps(canonical)[1:-1]
        return shown

    def _now(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._stamp}.{int((now - second) * 1_000_000):06d}Z"
