"""From an operation's name to its answer, whichever way the call came: the caller is authorised, the input is read, the
handler runs, its result is written. It knows no HTTP and no service; a binding brings both together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from msgspec import Struct

from poolhouse.errors import AccessDenied, SignatureMissing
from poolhouse.server.cognito.engine import failures
from poolhouse.server.cognito.engine.failures import Failure, not_offered
from poolhouse.server.cognito.engine.model import Operation, ServiceModel
from poolhouse.server.cognito.engine.output import compile_output
from poolhouse.server.cognito.engine.registry import Handler, check_known
from poolhouse.server.cognito.engine.validation import compile_input

if TYPE_CHECKING:
    from poolhouse.flows.access.callers import Caller


Admit: TypeAlias = Callable[[str | None, str], None]
"""Counts a request of a class in a region. Raises ``TooManyRequests``."""


class MakesCall(Protocol):
    """What a handler of the service gets. ``caller`` is None for operations that need no signature; ``known`` is what
    policies may ask of the request."""

    def __call__(
        self,
        *,
        input: dict[str, Any],  # noqa: A002 - the word of the model
        region: str,
        request_id: str,
        caller: Caller | None,
        source_ip: str,
        known: Mapping[str, str | tuple[str, ...]],
    ) -> Any: ...


class Api(Struct, frozen=True):
    """A service to be answered: its model, the handlers of those operations that are offered, why the others are not,
    what a handler is called with, what an input is about (as policies name it), and what is told of an error."""

    model: ServiceModel
    handlers: Mapping[str, Handler]
    reasons: Mapping[str, str]
    call: MakesCall
    resource: Callable[[Mapping[str, Any]], str]
    failure: Callable[[BaseException, Operation | None], Failure]
    classes: Mapping[str, str] = {}
    """The request class of each operation."""


class Incoming(Struct, frozen=True, kw_only=True):
    """Who calls, and from where. ``caller`` is None for one that nobody signed; ``known`` is what policies may ask of
    the request."""

    caller: Caller | None
    region: str
    request_id: str
    source_ip: str
    known: Mapping[str, str | tuple[str, ...]] = {}


class Route:
    """All that is known of an operation before a request comes. Its closures are compiled by the first that does."""

    def __init__(self, api: Api, operation: Operation, *, strict: bool) -> None:
        self.operation = operation
        self.failure = api.failure
        self.resource = api.resource
        self.service: Final = api.model.service
        self.action: Final = f"{api.model.service}:{operation.name}"
        # Anything that is not plainly open needs a signature.
        self.signed: Final = operation.caller not in {"public", "token"}
        self.handler = api.handlers.get(operation.name)
        self.call = api.call
        self.request_class = api.classes.get(operation.name)
        self.read: Callable[[Any], dict[str, Any]] = self._first_read
        self.write: Callable[[Any], Any] | None = None if operation.output is None else self._first_write
        self._reason = api.reasons.get(operation.name)
        self._model = api.model
        self._strict = strict

    def require_offered(self) -> Handler:
        """Raises ``ProtocolError`` with the reason why it is not."""
        if self.handler is None:
            raise not_offered(self.operation.name, self._reason)
        return self.handler

    def _first_read(self, value: Any) -> dict[str, Any]:
        self.read = compile_input(self._model, self.operation.input)
        return self.read(value)

    def _first_write(self, value: Any) -> Any:
        assert self.operation.output is not None  # noqa: S101 - looked at in the constructor
        self.write = compile_output(self._model, self.operation.output, strict=self._strict)
        return self.write(value)


class Dispatch:
    """Knows every operation of the services that it was built with. Raises ``ValueError`` at once for handlers of
    unknown ones. With ``strict`` results are checked against the model: for tests and development."""

    def __init__(self, apis: tuple[Api, ...], *, admit: Admit | None = None, strict: bool = False) -> None:
        self._admit = admit
        self._routes: dict[str, Route] = {}
        for api in apis:
            check_known(api.model, api.handlers)
            for operation in api.model.operations.values():
                self._routes[operation.target] = Route(api, operation, strict=strict)

    def route(self, target: str) -> Route | None:
        """The operation of this target; None where no service has it."""
        return self._routes.get(target)

    async def run(self, route: Route, value: Any, incoming: Incoming) -> Any:
        """The answer to a call with this input, in the words of the model; None where the operation answers nothing.

        Raises ``ProtocolError`` for an operation that is not offered, ``CallerRefused`` for a caller who may not, what
        reading the input raises, and what the handler raises.
        """
        handler = route.require_offered()
        given = route.read(value)
        if route.signed:
            self._authorise(incoming, route, given)
        if self._admit is not None:
            self._admit(route.request_class, incoming.region)
        result = await handler(
            route.call(
                input=given,
                region=incoming.region,
                request_id=incoming.request_id,
                caller=incoming.caller,
                source_ip=incoming.source_ip,
                known=incoming.known,
            )
        )
        return None if route.write is None else route.write(result or {})

    def failure(self, error: BaseException, route: Route | None) -> Failure:
        """What the caller is told about an error: by the service that was called, or by none where none was."""
        if route is None:
            return failures.failure(error)
        return route.failure(error, route.operation)

    def _authorise(self, incoming: Incoming, route: Route, given: dict[str, Any]) -> None:
        caller = incoming.caller
        if caller is None:
            raise SignatureMissing
        resource = route.resource(given)
        if not caller.policy.allows(route.action, resource, incoming.known):
            raise AccessDenied(caller=caller.arn, action=route.action, resource=resource)
