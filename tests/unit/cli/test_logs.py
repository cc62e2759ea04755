"""Log lines: one each, with what helps, without what is secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from poolhouse.server import logs

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl"


@pytest.fixture
def stream() -> io.StringIO:
    """Where the lines go."""
    return io.StringIO()


def written(stream: io.StringIO, form: str = "json", *, tells_all: bool = False) -> logging.Logger:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Lines(form=form, tells_all=tells_all))
    logger = logging.Logger("test.logs", logging.DEBUG)  # noqa: LOG001 - of its own: it leaves nothing behind
    logger.addHandler(handler)
    return logger


def only_line(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_line_says_when_how_bad_where_from_and_what(stream: io.StringIO) -> None:
    written(stream).warning("%s refused", "SignUp", extra={"request_id": "r-1", "pool": "p"})
    line = only_line(stream)

    assert ["timestamp", "level", "logger", "event", "request_id", "pool"] == list(line)
    assert ["warning", "test.logs", "SignUp refused", "r-1", "p"] == list(line.values())[1:]


@pytest.mark.parametrize(
    "name", ["password", "Password", "AccessToken", "refresh_token", "client-secret", "code", "Authorization", "email"]
)
def test_a_field_with_a_secrets_name_is_emptied_at_any_depth(stream: io.StringIO, name: str) -> None:
    written(stream).info("it happened", extra={name: "hidden", "request": {"of": [{name: "hidden"}]}})

    assert "hidden" not in stream.getvalue()
    assert only_line(stream)[name] == logs.REMOVED


@pytest.mark.parametrize("text", [JWT, "Bearer abcdefgh12345", "Signature=0123456789abcdef0123"])
def test_what_looks_like_a_token_is_cut_out_of_any_text(stream: io.StringIO, text: str) -> None:
    written(stream).info("refused: %s", text, extra={"detail": [f"<{text}>"]})

    assert text.split()[-1].removeprefix("Signature=") not in stream.getvalue()
    assert logs.REMOVED in only_line(stream)["event"]


def test_an_object_is_shown_by_its_kind_only(stream: io.StringIO) -> None:
    class Telling:
        def __repr__(self) -> str:
            return "hidden"

    written(stream).info("it happened", extra={"what": Telling()})

    assert only_line(stream)["what"] == "<Telling>"


def fail_twice() -> None:
    try:
        raise KeyError("Passw0rd!")
    except KeyError as error:
        raise ValueError("jane@example.com") from error


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_exception_is_told_by_kind_and_place(stream: io.StringIO, form: str) -> None:
    try:
        fail_twice()
    except ValueError:
        written(stream, form).exception("it failed")

    told = stream.getvalue()
    assert "Passw0rd!" not in told
    assert "jane@example.com" not in told
    assert told.index("KeyError") < told.index("ValueError")
    assert "fail_twice" in told


def test_with_all_told_an_exception_has_its_text(stream: io.StringIO) -> None:
    try:
        fail_twice()
    except ValueError:
        written(stream, tells_all=True).exception("it failed")

    assert "ValueError: jane@example.com" in only_line(stream)["exception"]


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The process's logging, as it was again afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("poolhouse")
    before = (root.handlers[:], root.level, ours.level)
    yield root
    root.handlers[:], _, _ = before
    root.setLevel(before[1])
    ours.setLevel(before[2])


def test_libraries_are_heard_from_warnings_on_whatever_our_level(
    root_logger: logging.Logger, stream: io.StringIO
) -> None:
    logs.set_up(form="json", level="debug", stream=stream)
    logging.getLogger("pymongo.command").info("a document")
    logging.getLogger("pymongo.command").warning("heard")
    logging.getLogger("poolhouse.flows").debug("heard")

    assert ["heard", "heard"] == [json.loads(line)["event"] for line in stream.getvalue().splitlines()]


def test_requests_that_are_no_http_are_not_worth_a_line(root_logger: logging.Logger, stream: io.StringIO) -> None:
    from aiohttp.http_exceptions import BadStatusLine

    logs.set_up(form="json", level="info", stream=stream)
    server = logging.getLogger("aiohttp.server")
    server.error("Error handling request from %s", "203.0.113.7", exc_info=BadStatusLine("rubbish"))
    server.error("Error handling request from %s", "203.0.113.7", exc_info=RuntimeError("text"))

    assert only_line(stream)["event"] == "Error handling request"
    assert "203.0.113.7" not in stream.getvalue()
