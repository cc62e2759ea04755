"""One call of a function, from the event to its ``response``. Nothing is called twice."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from poolhouse import (
    Chance,
    Clock,
    Http,
    HttpAnswer,
    HttpFailed,
    HttpNotSent,
    InvocationFailed,
    OutputUnusable,
    Refused,
)
from poolhouse.plugins.lambda_bridge.in_process import FunctionContext, NoThread, Threads
from poolhouse.plugins.lambda_bridge.targets import (
    HttpTarget,
    PythonTarget,
    function_name,
    place_of,
    read_all,
    read_target,
)

_LONGEST_MESSAGE: Final = 1000
_ECHOED: Final = ("triggerSource", "userPoolId", "userName")
"""What the function has to give back as it was. Who answers for another user, answers nothing."""
_BUSY: Final = frozenset({429})
"""The other side says that it did not take the call. A 503 does not: it may come from a proxy, for what was done."""
_PATIENCE: Final = 600.0
"""Seconds: the hook's own limit comes first."""


class NotReached(InvocationFailed):
    """The function was surely not called."""


def sign(key: str, timestamp: str, body: bytes) -> str:
    """The value of the header ``Poolhouse-Signature``."""
    return "v1=" + hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Functions:
    """All functions that the operator has said the place of. ``elsewhere`` is where the others are (None: nowhere),
    ``key`` what calls by HTTP are signed with."""

    def __init__(
        self,
        functions: Mapping[str, str],
        *,
        elsewhere: str | None,
        key: str,
        http: Http,
        clock: Clock,
        chance: Chance,
        logger: logging.Logger,
    ) -> None:
        self._places = dict(functions)
        self._elsewhere = elsewhere
        self._key = key
        self._http = http
        self._clock = clock
        self._chance = chance
        self._logger = logger
        self._threads = Threads()
        # Read at once: a place that cannot be meant keeps the server from starting.
        self._targets = read_all(functions, elsewhere)

    async def call(self, trigger: str, arn: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """The function's ``response``.

        Raises ``Refused`` with what the function raised, ``InvocationFailed`` (``NotReached``) and ``OutputUnusable``.
        """
        answer = await self._answer(trigger, arn, json.dumps(event).encode())
        return _response(trigger, event, _decoded(trigger, answer))

    async def tell(self, trigger: str, arn: str, event: Mapping[str, Any]) -> None:
        """The function has done its part; what it returned is nothing to anybody. Raises as ``call``, but for
        ``OutputUnusable``."""
        await self._answer(trigger, arn, json.dumps(event).encode())

    async def _answer(self, trigger: str, arn: str, body: bytes) -> bytes:
        place = place_of(arn, self._places, self._elsewhere)
        if place is None:
            raise NotReached(trigger, "no target", detail=f"[triggers] does not name {arn}")
        target = self._targets.get(place) or read_target(place)
        if isinstance(target, PythonTarget):
            return await self._in_process(trigger, arn, target, body)
        return await self._by_http(trigger, arn, target, body)

    async def _in_process(self, trigger: str, arn: str, target: PythonTarget, body: bytes) -> bytes:
        context = FunctionContext(function_name(arn), arn, self._chance.uuid())
        try:
            answer = await self._threads.call(target.function, json.loads(body), context)
        except NoThread as error:
            raise NotReached(trigger, "not reached", detail="no thread for it could be started") from error
        except Exception as error:
            self._logger.warning("%s: function %s raised %s", trigger, function_name(arn), type(error).__name__)
            raise Refused(_message(str(error) or type(error).__name__)) from error
        try:
            return json.dumps(answer, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError):
            return b""  # no JSON: whoever wants an answer finds none

    async def _by_http(self, trigger: str, arn: str, target: HttpTarget, body: bytes) -> bytes:
        timestamp = str(int(self._clock.now()))
        headers = {
            "Content-Type": "application/json",
            "Poolhouse-Timestamp": timestamp,
            "Poolhouse-Signature": sign(self._key, timestamp, body),
        }
        if target.by_invoke:
            headers["X-Amz-Invocation-Type"] = "RequestResponse"
        try:
            answer = await self._http.request("POST", target.url, headers=headers, body=body, time_limit=_PATIENCE)
        except HttpNotSent as error:
            raise NotReached(trigger, "not reached", detail=str(error)) from error
        except HttpFailed as error:
            raise InvocationFailed(trigger, "no answer", detail=str(error)) from error
        if (raised := _raised(answer)) is not None:
            self._logger.warning("%s: function %s raised an error", trigger, function_name(arn))
            raise Refused(_message(raised))
        if answer.status in _BUSY:
            raise NotReached(trigger, f"status {answer.status}", detail=f"status {answer.status}")
        if not 200 <= answer.status < 300:
            raise InvocationFailed(trigger, f"status {answer.status}", detail=f"status {answer.status}")
        return answer.body


def _raised(answer: HttpAnswer) -> str | None:
    """What the function raised, told in the way of Lambda: a header, or a body with ``errorMessage`` and without a
    ``response``. None where it raised nothing."""
    try:
        said = msgspec.json.decode(answer.body)
    except (ValueError, RecursionError):
        said = None
    message = said.get("errorMessage") if isinstance(said, dict) and "response" not in said else None
    if isinstance(message, str):
        return message or "Error"
    return "Error" if "x-amz-function-error" in answer.headers else None


def _message(raised: str) -> str:
    return raised[:_LONGEST_MESSAGE].encode("utf-8", "replace").decode()


def _decoded(trigger: str, body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise OutputUnusable(trigger, detail="the answer is not JSON") from error


def _response(trigger: str, event: Mapping[str, Any], answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise OutputUnusable(trigger, detail="the answer is not the event with a response")
    for name in _ECHOED:
        if answer.get(name, event[name]) != event[name]:
            raise OutputUnusable(trigger, detail=f"the answer has another {name}")
    response: Mapping[str, Any] = answer["response"]
    return response
