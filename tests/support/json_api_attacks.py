"""Requests that no client would send, for every operation; and what any answer to one must look like."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from poolhouse.server.cognito.engine.model import Operation, ServiceModel
from tests.support.json_api import Answer, sign
from tests.support.json_api_inputs import HOSTILE, smallest

PROTOCOL = {
    "AccessDeniedException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "RequestEntityTooLargeException",
    "SerializationException",
    "TooManyRequestsException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "UnsupportedOperationException",
}
"""Errors that any operation may answer, beside those that it declares."""

JSON = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Attack:
    """``signed`` with a good key, where the operation wants that."""

    name: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    signed: bool = True


def attacks(model: ServiceModel, operation: Operation) -> Iterator[Attack]:
    """The deterministic table."""
    right = smallest(model, operation)
    members = model.shapes[operation.input].members
    for number, value in enumerate(HOSTILE):
        yield Attack(f"hostile value {number}", json.dumps(dict.fromkeys(members, value)).encode())
    for name in right:
        yield Attack(f"without {name}", json.dumps({**right, name: None}).encode())
    text = json.dumps({**right, "Unknown": {"a": [1]}, "__proto__": 1}).encode()
    yield Attack("unknown members", text)
    for name, body in (
        ("nothing", b""),
        ("a list", b"[]"),
        ("half an object", text[:-1]),
        ("two objects", text + text),
        ("a member twice", b'{"a":1,' + text[1:-1] + b',"a":1}'),
        ("half a surrogate", b'{"a":"\\ud800"}'),
        ("no UTF-8", b'{"a":"\xff"}'),
        ("no number", b'{"a":NaN}'),
        ("deep lists", b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
        ("deep objects", b'{"a":' * 5000 + b"1" + b"}" * 5000),
        ("too much", b'{"a":"' + b"x" * 65_536 + b'"}'),
    ):
        yield Attack(name, body)
    yield Attack("compressed", text, {"Content-Encoding": "gzip"})
    for content_type in ("text/plain", "application/xml", "multipart/form-data; boundary=a", "é"):
        yield Attack(f"as {content_type}", text, {"Content-Type": content_type})
    for authorization in ("", "Bearer a", "AWS4-HMAC-SHA256 Credential=a", "AWS4-HMAC-SHA256 " + "," * 4000, "é"):
        yield Attack(f"authorized by {authorization[:30]!r}", text, {"Authorization": authorization}, signed=False)
    yield Attack("not signed", text, signed=False)


def dressed(
    attack: Attack,
    operation: Operation,
    url: str,
    *,
    key: tuple[str, str],
    now: float,
    service: str = "cognito-idp",
) -> dict[str, str]:
    """The headers of an attack."""
    headers = {"Content-Type": JSON, "X-Amz-Target": operation.target, **attack.headers}
    if attack.signed and operation.caller == "signed":
        return sign(url, attack.body, headers, key=key, now=now, service=service)
    return headers


def complaint(answer: Answer, operation: Operation, *, also: Collection[str] = ()) -> str | None:
    """What is wrong with an answer; None when it is one that a client can live with. ``also`` are errors of the service
    that no operation declares."""
    if answer.status == 200:
        return None
    if not 400 <= answer.status < 500:
        return f"status {answer.status}"
    content = answer.json
    if content.keys() != {"__type", "message"} or not isinstance(content["message"], str):
        return f"the body {answer.body!r}"
    if answer.error not in operation.errors.union(PROTOCOL, also):
        return f"the undeclared error {answer.error}"
    if answer.headers.get("x-amzn-ErrorType") != f"{answer.error}:":
        return "the error header"
    return None if answer.headers.get("x-amzn-RequestId") else "no request id"
