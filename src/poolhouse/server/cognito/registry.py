"""Operations and the handlers that answer them.

A handler is a coroutine function marked with ``@operation("SignUp")`` in a module of ``operations``. Nothing is kept
when a module is imported: ``load_operations`` looks the marks up, and whoever builds the server gets a dictionary.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from poolhouse.flows.services.user_pools import Services
    from poolhouse.records.clients import Client
    from poolhouse.records.pools import Pool
    from poolhouse.server.cognito.callers import Caller
    from poolhouse.server.cognito.model import ServiceModel

Result: TypeAlias = Mapping[str, Any] | None
"""The output members, None or ``{}`` where there are none. Times are epoch seconds, blobs bytes; None is left out."""

_MARK: Final = "poolhouse_operation"
_OPERATIONS: Final = "poolhouse.server.cognito.operations"


class Call:
    """One call of an operation: its checked input, and what a handler may reach.

    ``caller`` is None for operations that need no signature. ``region`` is that of the signature, or else the server's.
    """

    __slots__ = ("account", "caller", "input", "region", "request_id", "services", "source_ip")

    def __init__(
        self,
        *,
        input: dict[str, Any],  # noqa: A002 - the word of the model
        services: Services,
        region: str,
        account: str,
        request_id: str,
        caller: Caller | None,
        source_ip: str,
    ) -> None:
        self.input = input
        self.services = services
        self.region = region
        self.account = account
        self.request_id = request_id
        self.caller = caller
        self.source_ip = source_ip

    async def client(self) -> Client:
        """The app client that the input names. Raises ``ClientNotFound``."""
        client: Client = await self.services.clients.get(self.input["ClientId"])
        return client

    async def pool(self) -> Pool:
        """The pool that the input names. Raises ``PoolNotFound``."""
        pool: Pool = await self.services.pools.get(self.input["UserPoolId"])
        return pool


Handler: TypeAlias = Callable[[Call], Awaitable[Result]]
H = TypeVar("H", bound=Handler)


def operation(name: str) -> Callable[[H], H]:
    """Marks a handler as the one that answers an operation of the model."""

    def mark(handler: H) -> H:
        setattr(handler, _MARK, name)
        return handler

    return mark


def load_operations(package: str = _OPERATIONS) -> dict[str, Handler]:
    """The handlers of all modules of a package, by operation. Raises ``ValueError`` when two answer the same one."""
    handlers: dict[str, Handler] = {}
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            name = getattr(value, _MARK, None)
            if isinstance(name, str) and getattr(value, "__module__", None) == module.__name__:
                if name in handlers:
                    raise ValueError(f"two handlers answer {name}")
                handlers[name] = value
    return handlers


def check_known(model: ServiceModel, handlers: Mapping[str, Handler]) -> None:
    """Raises ``ValueError`` when a handler answers an operation that the model does not have."""
    unknown = handlers.keys() - model.operations.keys()
    if unknown:
        raise ValueError(f"the model has no operation {', '.join(sorted(unknown))}")
