"""A pool that names a function for every occasion, and the bridge to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from poolhouse.hooks.context import Http, HttpAnswer
from poolhouse.hooks.views import Directory, TriggerFunction
from poolhouse.plugins.lambda_bridge.bridge import LambdaBridge
from poolhouse.testing import FakeHttp, plugin_context
from poolhouse.testing.clock import FakeClock

POOL_ID = "eu-west-1_AbCdEfGhI"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"
URL = "https://functions.example.com/f"
INVOKE = "http://127.0.0.1:3001/2015-03-31/functions/f/invocations"
KEY = "ab" * 32
NOON = 1_700_000_000.0
TRIGGERS = (
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "UserMigration",
    "CustomMessage",
    "PreTokenGeneration",
)


def directory(*names: str, events: str = "V1_0", **about: Any) -> Directory:
    triggers = {name: TriggerFunction(arn=ARN, version=events) for name in names or TRIGGERS}
    return Directory(id=POOL_ID, name="people", triggers=triggers, **about)


def bridge(pool: Directory, place: str | None, http: Http | None = None) -> LambdaBridge:
    """The bridge, where the function is at this place (None: nobody said where)."""
    settings: Mapping[str, Any] = {"functions": {ARN: place} if place else {}, "elsewhere": None, "key": KEY}
    clock = FakeClock(NOON)
    return LambdaBridge(
        plugin_context(settings, name="lambda_bridge", clock=clock, http=http, directories=[pool] if pool else [])
    )


def answering(response: Any, **more: Any) -> FakeHttp:
    """A function over HTTP that answers with this ``response``."""
    return FakeHttp([answer({"response": response, **more})])


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, dict(headers or {}), raw)


def told(http: FakeHttp) -> dict[str, Any]:
    """The event that the function got."""
    (request,) = http.requests
    event: dict[str, Any] = json.loads(request.body or b"")
    return event


def faults() -> Iterable[Any]:
    """What no function may answer."""
    return (
        b"",
        b"nonsense",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"response": null}',
        b'{"response": []}',
        b"[" * 100_000,
    )
