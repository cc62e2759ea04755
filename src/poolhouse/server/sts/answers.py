"""What is answered, in XML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Final, TypeAlias

from poolhouse.server.answers import Answer, Head
from poolhouse.server.cors import ANSWER_HEADERS

NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"

Tree: TypeAlias = Mapping[str, "str | Tree"]


def result(action: str, tree: Tree, request_id: str) -> Answer:
    body = _elements({f"{action}Result": tree, "ResponseMetadata": {"RequestId": request_id}})
    answer = _answer(200, f'<{action}Response xmlns="{NAMESPACE}">{body}</{action}Response>', request_id)
    answer.operation, answer.outcome = action, "ok"
    return answer


def refusal(action: str, code: str, sentence: str, status: int, request_id: str) -> Answer:
    """``action`` is empty where none was asked for."""
    error = {"Type": "Sender" if status < 500 else "Receiver", "Code": code, "Message": sentence}
    body = _elements({"Error": error, "RequestId": request_id})
    answer = _answer(status, f'<ErrorResponse xmlns="{NAMESPACE}">{body}</ErrorResponse>', request_id)
    answer.operation, answer.outcome = action, code if action else ""
    return answer


def instant(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _elements(tree: Tree) -> str:
    return "".join(
        f"<{name}>{_text(value) if isinstance(value, str) else _elements(value)}</{name}>"
        for name, value in tree.items()
    )


def _text(value: str) -> str:
    """Without what XML cannot bear."""
    return escape("".join([character if character.isprintable() else "?" for character in value]), quote=False)


def _answer(status: int, body: str, request_id: str) -> Answer:
    return Answer(_head(status), body.encode("utf-8", "replace"), {"x-amzn-RequestId": request_id})


@lru_cache(maxsize=16)
def _head(status: int) -> Head:
    return Head(status, {"Content-Type": "text/xml", **ANSWER_HEADERS})
