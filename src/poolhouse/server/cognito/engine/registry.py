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
    from poolhouse.server.cognito.engine.model import ServiceModel

Result: TypeAlias = Mapping[str, Any] | None
"""The output members, None or ``{}`` where there are none. Times are epoch seconds, blobs bytes; None is left out."""

_MARK: Final = "poolhouse_operation"
Handler: TypeAlias = Callable[[Any], Awaitable[Result]]
"""Gets the call of its service."""
H = TypeVar("H", bound=Handler)


def operation(name: str) -> Callable[[H], H]:
    """Marks a handler as the one that answers an operation of the model."""

    def mark(handler: H) -> H:
        setattr(handler, _MARK, name)
        return handler

    return mark


def load_operations(package: str) -> dict[str, Handler]:
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
