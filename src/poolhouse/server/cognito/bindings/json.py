"""The JSON API over HTTP: one POST, one operation.

In order: the target header finds the operation; content type and size are looked at; signed operations have their
signature verified over the raw body; the body is decoded, then checked against the model; the caller's policy is asked;
the handler runs; its result is written. The first step that fails decides the answer.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from aiohttp import web

from poolhouse.errors import Failed, PoolhouseError
from poolhouse.flows.access.policies import Context
from poolhouse.flows.access.policy_keys import of_request
from poolhouse.flows.access.signatures import Signatures
from poolhouse.ports.origin import Origin, begin
from poolhouse.server.answers import Answer, Head
from poolhouse.server.cognito.dispatch import Dispatch, Incoming, Route
from poolhouse.server.cognito.engine import codec
from poolhouse.server.cognito.engine.failures import Failure, ProtocolError
from poolhouse.server.cognito.engine.model import Operation
from poolhouse.server.cors import ANSWER_HEADERS, preflight

if TYPE_CHECKING:
    from poolhouse.flows.access.callers import Callers

_TARGET: Final = "X-Amz-Target"
_HEADER_LIMIT: Final = 512


class JsonApi:
    """Answers every request to the services that ``dispatch`` knows.

    ``region`` is that of calls that nobody signed. ``request_id`` names a request, in the answer and in the log. With
    ``strict`` the log gets the text of unexpected exceptions: for tests and development. A body that has not come after
    ``body_seconds`` is not waited for any longer. ``body_limit`` is in bytes, ``open_body_limit`` for unsigned calls.
    ``secure`` is whether clients come by TLS, as policies may ask.
    ``hosts`` are those that a trusted proxy says the client called, and signed.
    """

    def __init__(
        self,
        *,
        dispatch: Dispatch,
        callers: Callers,
        region: str,
        now: Callable[[], float],
        request_id: Callable[[web.Request], str],
        logger: logging.Logger,
        source: Callable[[web.Request], str],
        body_limit: int,
        open_body_limit: int,
        strict: bool = False,
        body_seconds: float = 10.0,
        secure: bool = False,
        hosts: Callable[[web.Request], Sequence[str]] = lambda _: (),
    ) -> None:
        self._dispatch = dispatch
        self._callers = callers
        self._now = now
        self._region = region
        self._request_id = request_id
        self._logger = logger
        self._strict = strict
        self._source = source
        self._body_limit = body_limit
        self._open_body_limit = open_body_limit
        self._body_seconds = body_seconds
        self._secure = secure
        self._hosts = hosts
        self._signatures: dict[str, Signatures] = {}

    async def handle(self, request: web.Request) -> Answer:
        """The answer. Nothing but cancellation is raised."""
        if request.method == "OPTIONS":
            return preflight()
        request_id = self._request_id(request)
        route: Route | None = None
        try:
            route = self._route(request)
            output = await self._run(route, request, request_id)
        except (PoolhouseError, ProtocolError) as error:
            self._note(error, route.operation if route else None, request_id)
            return _refused(self._dispatch.failure(error, route), route, request_id)
        except Exception as error:  # noqa: BLE001 - the boundary: logged once, told as nothing but "internal error"
            self._note_defect(error, route.operation if route else None, request_id)
            return _refused(self._dispatch.failure(error, route), route, request_id)
        answer = Answer(_head(200), output, {"x-amzn-RequestId": request_id})
        answer.operation, answer.outcome = route.operation.name, "ok"
        return answer

    def _route(self, request: web.Request) -> Route:
        headers = request.headers
        if request.method != "POST":
            raise ProtocolError("UnknownOperationException", "Operations are called by POST.", status=405)
        targets = headers.getall(_TARGET, ())
        route = self._dispatch.route(targets[0]) if len(targets) == 1 else None
        if route is None:
            raise ProtocolError("UnknownOperationException", "The header X-Amz-Target names no operation.")
        content_type = headers.get("Content-Type", "")
        if not codec.is_accepted(content_type):
            # As the vendor's router does: what is not JSON reaches no operation.
            raise ProtocolError("UnknownOperationException", f"The content type must be {codec.CONTENT_TYPE}.")
        if "Content-Encoding" in headers:
            raise ProtocolError("SerializationException", "Compressed bodies are not read.", status=415)
        return route

    async def _run(self, route: Route, request: web.Request, request_id: str) -> bytes:
        # What nobody signed has no key that could be withdrawn.
        is_open = not route.signed or "Authorization" not in request.headers
        limit = self._open_body_limit if is_open else self._body_limit
        body = await _body(request, limit, self._body_seconds)
        caller, region = None, self._region
        known: Context = {}
        source, user_agent = self._source(request), _shown(request.headers.get("User-Agent", ""))
        if route.signed:
            # A wrong signature leaves something too: from where it came.
            begin(Origin(source, request_id, None, user_agent))
            signed = await self._verifier(route.service).verify(
                "POST", request.raw_path, request.headers, body, hosts=self._hosts(request)
            )
            caller, region = signed.caller, signed.region
            known = of_request(self._now(), source_ip=source, region=region, user_agent=user_agent, secure=self._secure)
        route.require_offered()
        actor = f"key:{caller.key_id}" if caller else None
        begin(Origin(source, request_id, actor, user_agent))
        incoming = Incoming(caller=caller, region=region, request_id=request_id, source_ip=source, known=known)
        output = await self._dispatch.run(route, codec.decode(body), incoming)
        return b"" if output is None else codec.encode(output)

    def _verifier(self, service: str) -> Signatures:
        known = self._signatures.get(service)
        if known is None:
            known = self._signatures[service] = Signatures(self._callers, service=service, now=self._now)
        return known

    def _note(self, error: Exception, operation: Operation | None, request_id: str) -> None:
        detail = getattr(error, "detail", None)
        if isinstance(error, Failed):
            self._logger.error(
                "%s failed: %s (%s)",
                operation.name if operation else "-",
                error,
                detail or "no detail",
                exc_info=error if self._strict else None,
                extra={"request_id": request_id},
            )
        elif detail:
            self._logger.info(
                "%s refused: %s", operation.name if operation else "-", detail, extra={"request_id": request_id}
            )

    def _note_defect(self, error: Exception, operation: Operation | None, request_id: str) -> None:
        """Kind and place of an unexpected exception are logged; its text may quote an input, so ``strict`` only."""
        place = "" if self._strict else "".join(traceback.format_tb(error.__traceback__))
        self._logger.error(
            "%s raised %s\n%s",
            operation.name if operation else "-",
            type(error).__name__,
            place,
            exc_info=error if self._strict else None,
            extra={"request_id": request_id},
        )


async def _body(request: web.Request, limit: int, seconds: float) -> bytes:
    """The whole body. Raises ``ProtocolError`` when it is too large, before reading more of it, or too slow."""
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    content = request.content
    if content.is_eof():  # as nearly always: it came with the headers
        body = content.read_nowait()
        if len(body) > limit:
            raise _too_large(limit)
        return body
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while not content.at_eof():
                parts.append(await content.readany())
                size += len(parts[-1])
                if size > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise ProtocolError("RequestTimeoutException", "The request body did not come.", status=408) from None
    except (web.RequestPayloadError, ConnectionError):
        # Broken, or the client went away in the middle of it: neither is a defect of ours.
        raise ProtocolError("SerializationException", "The request body could not be read.") from None
    return b"".join(parts)


def _too_large(limit: int) -> ProtocolError:
    return ProtocolError(
        "RequestEntityTooLargeException", f"The request body is larger than {limit} bytes.", status=413
    )


def _shown(user_agent: str) -> str:
    """As text that a log and an encoding can bear; a client may send any bytes."""
    if not user_agent.isprintable():
        user_agent = "".join(character if character.isprintable() else "?" for character in user_agent)
    return user_agent[:_HEADER_LIMIT]


def _refused(error: Failure, route: Route | None, request_id: str) -> Answer:
    text = error.sentence[:_HEADER_LIMIT].encode("ascii", "replace").decode()
    more = {
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": f"{error.name}:",
        "x-amzn-ErrorMessage": "".join(character if character.isprintable() else " " for character in text),
        **error.headers,
    }
    answer = Answer(_head(error.status), error.body(), more)
    if route is not None:
        answer.operation, answer.outcome = route.operation.name, error.name
    return answer


@lru_cache(maxsize=32)
def _head(status: int) -> Head:
    return Head(status, {"Content-Type": codec.CONTENT_TYPE, **ANSWER_HEADERS})
