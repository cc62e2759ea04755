"""The JSON API over HTTP: one POST, one operation.

In order: the target header finds the operation; content type and size are looked at; signed operations have their
signature verified over the raw body; the body is decoded, then checked against the model; the caller's policy is asked;
the handler runs; its result is written. The first step that fails decides the answer.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from poolhouse.errors import Failed, PoolhouseError
from poolhouse.server.cognito import codec
from poolhouse.server.cognito.errors import UNSUPPORTED, Failure, ProtocolError, failure
from poolhouse.server.cognito.model import Operation, ServiceModel
from poolhouse.server.cognito.not_offered import reasons, sentence
from poolhouse.server.cognito.output import compile_output
from poolhouse.server.cognito.registry import Call, Handler, check_known
from poolhouse.server.cognito.resources import resource_of
from poolhouse.server.cognito.signature import Signatures
from poolhouse.server.cognito.validation import compile_input
from poolhouse.server.cors import ANSWER_HEADERS, preflight

if TYPE_CHECKING:
    from poolhouse.flows.services.user_pools import Services
    from poolhouse.server.cognito.callers import Caller, Callers

_TARGET: Final = "X-Amz-Target"
_HEADER_LIMIT: Final = 512


@dataclass(frozen=True, slots=True)
class Api:
    """A service to be answered: its model, and the handlers of those operations that are offered."""

    model: ServiceModel
    handlers: Mapping[str, Handler]
    reasons: Mapping[str, str] = field(default_factory=reasons)


class JsonApi:
    """Answers every request to the services it was built with. Raises ``ValueError`` at once for unknown operations.

    ``request_id`` names a request, in the answer and in the log. With ``strict`` results are checked against the model,
    and the log gets the text of unexpected exceptions: for tests and development. A body that has not come after
    ``body_seconds`` is not waited for any longer.
    """

    def __init__(
        self,
        *,
        apis: tuple[Api, ...],
        services: Services,
        callers: Callers,
        region: str,
        account: str,
        now: Callable[[], float],
        request_id: Callable[[web.Request], str],
        logger: logging.Logger,
        source: Callable[[web.Request], str],
        body_limit: int,
        strict: bool = False,
        body_seconds: float = 10.0,
    ) -> None:
        self._services = services
        self._region = region
        self._account = account
        self._request_id = request_id
        self._logger = logger
        self._strict = strict
        self._source = source
        self._body_limit = body_limit
        self._body_seconds = body_seconds
        self._routes: dict[str, _Route] = {}
        for api in apis:
            check_known(api.model, api.handlers)
            signatures = Signatures(callers, service=api.model.service, now=now)
            for name, operation in api.model.operations.items():
                self._routes[operation.target] = _Route(
                    api.model, operation, api.handlers.get(name), api.reasons.get(name), signatures, strict=strict
                )

    async def handle(self, request: web.Request) -> web.Response:
        """The answer. Nothing but cancellation is raised."""
        if request.method == "OPTIONS":
            return preflight()
        request_id = self._request_id(request)
        route: _Route | None = None
        try:
            route = self._route(request)
            output = await self._run(route, request, request_id)
        except (PoolhouseError, ProtocolError) as error:
            operation = route.operation if route else None
            self._note(error, operation, request_id)
            return _refused(failure(error, operation), request_id)
        except Exception as error:  # noqa: BLE001 - the boundary: logged once, told as nothing but "internal error"
            operation = route.operation if route else None
            self._note_defect(error, operation, request_id)
            return _refused(failure(error, operation), request_id)
        headers = {"Content-Type": codec.CONTENT_TYPE, "x-amzn-RequestId": request_id, **ANSWER_HEADERS}
        return web.Response(body=output, headers=headers)

    def _route(self, request: web.Request) -> _Route:
        headers = request.headers
        if request.method != "POST":
            raise ProtocolError("UnknownOperationException", "Operations are called by POST.", status=405)
        targets = headers.getall(_TARGET, ())
        route = self._routes.get(targets[0]) if len(targets) == 1 else None
        if route is None:
            raise ProtocolError("UnknownOperationException", "The header X-Amz-Target names no operation.")
        content_type = headers.get("Content-Type", "")
        if not codec.is_accepted(content_type):
            # As the vendor's router does: what is not JSON reaches no operation.
            raise ProtocolError("UnknownOperationException", f"The content type must be {codec.CONTENT_TYPE}.")
        if "Content-Encoding" in headers:
            raise ProtocolError("SerializationException", "Compressed bodies are not read.", status=415)
        return route

    async def _run(self, route: _Route, request: web.Request, request_id: str) -> bytes:
        body = await _body(request, self._body_limit, self._body_seconds)
        caller: Caller | None = None
        region = self._region
        if route.signed:
            signed = await route.signatures.verify("POST", request.raw_path, request.headers, body)
            caller, region = signed.caller, signed.region
        if route.handler is None:
            raise ProtocolError(UNSUPPORTED, sentence(route.operation.name, route.reason))
        given = route.read(codec.decode(body))
        if caller is not None:
            self._authorise(caller, route, given)
        call = Call(
            input=given,
            services=self._services,
            region=region,
            account=self._account,
            request_id=request_id,
            caller=caller,
            source_ip=self._source(request),
        )
        result = await route.handler(call)
        return b"" if route.write is None else codec.encode(route.write(result or {}))

    def _authorise(self, caller: Caller, route: _Route, given: dict[str, Any]) -> None:
        resource = resource_of(given, service=route.service, account=self._account)
        if not caller.policy.allows(route.action, resource):
            raise ProtocolError(
                "AccessDeniedException",
                f"User: {caller.arn} is not authorized to perform: {route.action} on resource: {resource}",
            )

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


class _Route:
    """All that is known of an operation before a request comes. Its closures are compiled by the first that does."""

    def __init__(
        self,
        model: ServiceModel,
        operation: Operation,
        handler: Handler | None,
        reason: str | None,
        signatures: Signatures,
        *,
        strict: bool,
    ) -> None:
        self.operation = operation
        self.handler = handler
        self.reason = reason
        self.signatures = signatures
        self.service = model.service
        self.action = f"{model.service}:{operation.name}"
        # Anything that is not plainly open needs a signature.
        self.signed = operation.caller not in {"public", "token"}
        self._model = model
        self._strict = strict
        self.read: Callable[[Any], dict[str, Any]] = self._first_read
        self.write: Callable[[Any], Any] | None = None if operation.output is None else self._first_write

    def _first_read(self, value: Any) -> dict[str, Any]:
        self.read = compile_input(self._model, self.operation.input)
        return self.read(value)

    def _first_write(self, value: Any) -> Any:
        assert self.operation.output is not None  # noqa: S101 - looked at in the constructor
        self.write = compile_output(self._model, self.operation.output, strict=self._strict)
        return self.write(value)


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


def _refused(error: Failure, request_id: str) -> web.Response:
    text = error.sentence[:_HEADER_LIMIT].encode("ascii", "replace").decode()
    headers = {
        "Content-Type": codec.CONTENT_TYPE,
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": f"{error.name}:",
        "x-amzn-ErrorMessage": "".join(character if character.isprintable() else " " for character in text),
        **ANSWER_HEADERS,
        **error.headers,
    }
    return web.Response(status=error.status, body=error.body(), headers=headers)
