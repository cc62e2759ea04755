"""Log lines: structlog writes what the standard ``logging`` gets, one line each, without secrets.

Whoever logs is to leave secrets and personal data out. This is the second line of defence: fields with a secret's name
are emptied, what looks like a token is cut out, and of an exception only its kind and its places are told, because its
text may quote what a user sent. At the level ``debug`` the text is told as well.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final, TextIO

OURS: Final = "poolhouse"
REMOVED: Final = "[removed]"

_SECRET_NAMES: Final = frozenset(
    {
        "accesstoken",
        "answer",
        "apikey",
        "assertion",
        "authorization",
        "authparameters",
        "challengeresponses",
        "clientsecret",
        "code",
        "confirmationcode",
        "cookie",
        "credential",
        "credentials",
        "digest",
        "email",
        "hash",
        "idtoken",
        "masterkey",
        "newpassword",
        "otp",
        "passphrase",
        "password",
        "passwordhash",
        "phone",
        "phonenumber",
        "previouspassword",
        "privatekey",
        "proposedpassword",
        "refreshtoken",
        "secret",
        "secretaccesskey",
        "secretcode",
        "secrethash",
        "securitytoken",
        "session",
        "sessiontoken",
        "setcookie",
        "signature",
        "srpa",
        "srpb",
        "temporarypassword",
        "token",
        "usercode",
        "verifier",
    }
)
_SEPARATORS: Final = re.compile(r"[\s_.-]+")
_TOKEN: Final = re.compile(
    r"\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}"  # a JWT: its header is an object
    r"|(?i:\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"  # what stands in an Authorization header
    r"|(?i:(?<=signature=))[0-9a-f]{16,}"
)
_DEPTH: Final = 4


def set_up(*, form: str, level: str, stream: TextIO | None = None) -> None:
    """The process logs to ``stream`` (None: standard error) in this form, ``json`` or ``console``, and nowhere else.

    ``level`` is for what is ours. Libraries are heard from ``warning`` on, at whatever level: what they tell below it
    may hold documents of the store and messages to users.
    """
    lines = Lines(form=form, tells_all=level == "debug", colours=_is_coloured(stream or sys.stderr))
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(lines)
    handler.addFilter(_is_worth_a_line)
    root = logging.getLogger()
    for before in root.handlers[:]:
        root.removeHandler(before)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())


class Lines(logging.Formatter):
    """Formats records as lines. structlog is loaded by the first of them: a server has answered by then."""

    def __init__(self, *, form: str, tells_all: bool = False, colours: bool = False) -> None:
        super().__init__()
        self._form = form
        self._tells_all = tells_all
        self._colours = colours
        self._writer: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._writer is None:
            self._writer = self._new_writer()
        return self._writer.format(record)

    def _new_writer(self) -> logging.Formatter:
        from structlog.dev import ConsoleRenderer
        from structlog.processors import JSONRenderer, TimeStamper
        from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
        from structlog.types import Processor

        renderer: Processor = (
            JSONRenderer(sort_keys=False, default=_shown)
            if self._form == "json"
            else ConsoleRenderer(colors=self._colours, pad_event_to=0)
        )
        return ProcessorFormatter(
            foreign_pre_chain=[ExtraAdder(), add_log_level, add_logger_name, TimeStamper(fmt="iso", utc=True)],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                Exceptions(tells_all=self._tells_all, as_list=self._form == "json"),
                without_secrets,
                _in_order,
                renderer,
            ],
            # Else the plain formatter would write the whole exception behind the line.
            keep_exc_info=False,
            keep_stack_info=False,
        )


class Exceptions:
    """A processor: an exception and its causes are told by kind and place; with ``tells_all`` whole, as one text."""

    def __init__(self, *, tells_all: bool, as_list: bool) -> None:
        self._tells_all = tells_all
        self._as_list = as_list

    def __call__(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        info = event.pop("exc_info", None)
        event.pop("exc_text", None)
        error = info[1] if isinstance(info, tuple) else info
        if isinstance(error, BaseException):
            if self._tells_all:
                event["exception"] = "".join(traceback.format_exception(error)).rstrip()
            else:
                told = list(places(error))
                event["exception"] = told if self._as_list else "\n".join(told)
        return event


def places(error: BaseException) -> Iterator[str]:
    """The kinds of the exception and of what led to it, the cause first, each with the places it went through."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from places(cause)
    yield type(error).__qualname__
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"


def without_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: no field with a secret's name has a value, and no text holds what looks like a token."""
    return {name: REMOVED if is_secret(name) else _cleaned(value, _DEPTH) for name, value in event.items()}


def is_secret(name: str) -> bool:
    """Whether a field of this name may hold a secret, in whatever spelling: ``AccessToken``, ``access_token``."""
    return _SEPARATORS.sub("", name).lower() in _SECRET_NAMES


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _TOKEN.sub(REMOVED, value)
    if isinstance(value, bool | int | float | None):
        return value
    if depth == 0:
        return REMOVED
    if isinstance(value, Mapping):
        return {
            str(name): REMOVED if is_secret(str(name)) else _cleaned(each, depth - 1) for name, each in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(each, depth - 1) for each in value]
    return _shown(value)


def _shown(value: Any) -> str:
    """What is known of a value that is no plain data: its kind. Its ``repr`` could say anything."""
    return f"<{type(value).__name__}>"


def _in_order(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    first = ("timestamp", "level", "logger", "event", "request_id")
    return {name: event[name] for name in (*first, *(key for key in event if key not in first)) if name in event}


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """False for requests that are not HTTP: anybody can send them, as many as they like. Their address goes unsaid."""
    if record.name == "aiohttp.server" and isinstance(record.msg, str):
        error = record.exc_info[1] if record.exc_info else None
        if type(error).__module__ == "aiohttp.http_exceptions":
            return False
        record.msg, record.args = record.msg.replace(" from %s", ""), ()
    return True


def _is_coloured(stream: TextIO) -> bool:
    import os

    # https://no-color.org: set to anything but an empty text.
    return not os.environ.get("NO_COLOR") and stream.isatty()
